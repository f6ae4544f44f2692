"""systemd's units as their files define them (systemd.unit(5)): the first of a name wins, drop-ins are added to it."""

import re
import shlex
from typing import Dict, List

from scanners.probe.reading import Reader

# In systemd's order. The last is another name of the one before it on most hosts.
FOLDERS = (
    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system",
)  # fmt: skip
MAX_UNITS = 2000
UNIT_BYTES = 65536
_SETTING = re.compile(r"([A-Za-z]+)\s*=\s*(.*)$")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def find(reader: Reader, unit: str) -> str:
    """Where the unit's file is; "" when there is none, or it is masked."""
    for folder in FOLDERS:
        path = folder + "/" + unit
        if reader.link(path) == "/dev/null":
            return ""
        if reader.exists(path):
            return path
    return ""


def settings(reader: Reader, unit: str) -> Dict[str, List[str]]:
    """Setting -> its values in the unit and its drop-ins; an empty value drops those before it."""
    path = find(reader, unit)
    found: Dict[str, List[str]] = {}
    if not path:
        return found
    drop_ins = {}
    for folder in reversed(FOLDERS):
        for name in reader.names(f"{folder}/{unit}.d") or ():
            if name.endswith(".conf"):
                drop_ins[name] = f"{folder}/{unit}.d/{name}"
    for part in [path] + [drop_ins[name] for name in sorted(drop_ins)]:
        text = (reader.text(part, UNIT_BYTES) or "").replace("\\\n", " ")
        for line in text.splitlines():
            match = _SETTING.match(line.strip())
            if match and match.group(2):
                found.setdefault(match.group(1), []).append(match.group(2))
            elif match:
                found[match.group(1)] = []
    return found


def command(reader: Reader, unit: str) -> List[str]:
    """The words that the unit starts, variables of its environment files put in; none when they cannot be told."""
    said = settings(reader, unit)
    lines = said.get("ExecStart") or [""]
    environment: Dict[str, str] = {}
    for path in said.get("EnvironmentFile", ()):
        environment.update(variables(reader.text(path.lstrip("-"), UNIT_BYTES) or ""))
    for line in said.get("Environment", ()):
        environment.update(variables(line))
    text = _VARIABLE.sub(
        lambda match: environment.get(match.group(1) or match.group(2), ""), lines[-1].lstrip("-@:+!")
    )
    try:
        return shlex.split(text)
    except ValueError:
        return []


def variables(text: str) -> Dict[str, str]:
    """NAME=value, quoted as in a shell, as environment files and Environment= have them."""
    found = {}
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        for word in words:
            name, equals, value = word.partition("=")
            if equals and name.isidentifier():
                found[name] = value
    return found


def is_enabled(reader: Reader, unit: str) -> bool:
    """Whether systemd starts the unit by itself: some target or unit in /etc wants it."""
    for folder in (FOLDERS[0], "/usr/lib/systemd/system"):
        for name in reader.names(folder) or ():
            if name.endswith((".wants", ".requires")) and unit in (reader.names(f"{folder}/{name}") or ()):
                return True
    return False


def names(reader: Reader, kind: str) -> List[str]:
    """The names of all units of one kind, such as ".timer"."""
    found = {name for folder in FOLDERS for name in reader.names(folder) or () if name.endswith(kind)}
    return sorted(found)[:MAX_UNITS]
