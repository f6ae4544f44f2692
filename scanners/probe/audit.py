"""The kernel's audit: whether auditd runs, which rules are loaded, which stand in files, and who may read the log."""

import os
import re
from typing import Any, Dict, List, Optional

from scanners.probe import commands, programs
from scanners.probe.evidence import Evidence
from scanners.probe.reading import printable, whole

MAX_RULES = 5000
MAX_FILES = 500
_RULES, _COMPILED, _SETTINGS = "/etc/audit/rules.d", "/etc/audit/audit.rules", "/etc/audit/auditd.conf"
_SETTING = re.compile(r"^\s*([a-z_]+)\s*=\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)


def collect(evidence: Evidence) -> Dict[str, Any]:
    reader = evidence.reader
    visible = programs.are_visible(evidence, "is_running")
    status = commands.ask(evidence, "enabled", ("auditctl", "-s"), 65536)
    rules = commands.ask(evidence, "rules", ("auditctl", "-l"))
    settings = evidence.read("settings", _SETTINGS, settings_of)
    return {
        "is_running": bool(programs.roots(reader, "auditd")) if visible else None,
        "enabled": state(evidence, status, "enabled"),
        "lost": state(evidence, status, "lost"),
        "rules": None if rules is None else lines(rules),
        "file_rules": file_rules(evidence),
        "settings": settings,
        "log_files": log_files(evidence, (settings or {}).get("log_file") or "/var/log/audit/audit.log"),
    }


def state(evidence: Evidence, status: Optional[str], name: str) -> Optional[int]:
    """A number of `auditctl -s`, which older versions print in one line: `AUDIT_STATUS: enabled=1 flag=1 …`."""
    match = re.search(rf"\b{name}[ =](\d+)", status or "")
    if match:
        return whole(match.group(1)) if len(match.group(1)) <= 18 else None
    reason = "auditctl does not say" if status is not None else evidence.why("enabled")
    evidence.not_measured(name, reason)
    return None


def lines(text: str) -> List[str]:
    """Rules in auditctl's words; without comments, and without its words for there being none."""
    said = [line.strip() for line in text.splitlines()]
    return [printable(line) for line in said if line and not line.startswith("#") and line != "No rules"][
        :MAX_RULES
    ]


def file_rules(evidence: Evidence) -> Optional[List[str]]:
    """Of rules.d, from which augenrules(8) makes audit.rules, and of that file; None on a host without both."""
    reader = evidence.reader
    names = reader.names(_RULES)
    evidence.because("file_rules", _RULES)
    paths = [f"{_RULES}/{name}" for name in names or () if name.endswith(".rules")] + [_COMPILED]
    found: Dict[str, None] = {}
    is_there = names is not None
    for path in paths[:MAX_FILES]:
        text = reader.text(path)
        if text is not None:
            is_there = True
            found.update(dict.fromkeys(lines(text)))
        elif reader.reason(path):
            evidence.because("file_rules", path)
            return None
    return list(found)[:MAX_RULES] if is_there and not reader.reason(_RULES) else None


def settings_of(text: str) -> Dict[str, str]:
    return {name.lower(): printable(value, 300) for name, value in _SETTING.findall(text)[:200]}


def log_files(evidence: Evidence, log: str) -> Optional[List[Dict[str, Any]]]:
    """The folder of the log and the files in it; None on a host that keeps no log there."""
    reader = evidence.reader
    folder = os.path.dirname(log)
    if not folder.startswith("/"):
        return None
    names = reader.names(folder)
    if names is None:
        evidence.because("log_files", folder)
        return None
    paths = [folder] + [f"{folder}/{name}" for name in names[:MAX_FILES]]
    return [status for status in map(reader.status, paths) if status is not None]
