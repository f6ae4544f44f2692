"""Evidence that backups are made: what starts a known tool at fixed times, and when that last happened.

Only that a tool is named is told, never the command, which may hold a password.
"""

import re
from typing import Any, Dict, Iterator, List, Optional, Tuple

from scanners.probe import programs, units
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader, printable

MAX_FOUND = 200
MAX_FILES = 500
TOOLS = (
    "restic", "borgmatic", "borg", "velero", "rsnapshot", "duplicity", "duplicati-cli", "kopia", "bacula-fd", "bareos-fd",
    "urbackupclientbackend", "veeamservice", "rdiff-backup", "tarsnap", "autorestic", "resticprofile", "proxmox-backup-client",
)  # fmt: skip
_CRON = ("/etc/cron.d", "/var/spool/cron/crontabs", "/var/spool/cron")
_PERIODS = ("hourly", "daily", "weekly", "monthly")
_STAMPS = "/var/lib/systemd/timers"
# Daemons that wait for their server's word -> the settings without which they do nothing, and what they write.
_DAEMONS = (
    ("bacula-fd", "/etc/bacula/bacula-fd.conf", "/var/lib/bacula"),
    ("bareos-fd", "/etc/bareos/bareos-fd.d", "/var/lib/bareos"),
    ("urbackupclientbackend", "/etc/default/urbackupclient", "/var/log/urbackupclient.log"),
    ("veeamservice", "/etc/veeam", "/var/log/veeam"),
)
# What a tool writes each time it runs.
_LOGS = {
    "rsnapshot": "/var/log/rsnapshot.log", "borgmatic": "/var/log/borgmatic.log", "restic": "/var/log/restic.log",
    "duplicity": "/var/log/duplicity.log",
}  # fmt: skip
# Folders that hold copies of a cluster's database (k3s, RKE2, kubeadm's usual place).
_ETCD = (
    "/var/lib/rancher/k3s/server/db/snapshots",
    "/var/lib/rancher/rke2/server/db/snapshots",
    "/var/lib/etcd-backup",
)
_NAMED = re.compile(r"(?<![\w.-])(" + "|".join(re.escape(tool) for tool in TOOLS) + r")(?![\w-])")


def collect(evidence: Evidence) -> List[Dict[str, Any]]:
    reader = evidence.reader
    found: Dict[Tuple[str, str], Optional[str]] = {}
    for source in (timers, cron, daemons, snapshots):
        for tool, shown_by, last_run in source(reader):
            found.setdefault((tool, shown_by), last_run)
    return [
        {"tool": tool, "evidence": printable(shown_by), "last_run": found[tool, shown_by]}
        for tool, shown_by in sorted(found)[:MAX_FOUND]
    ]


def timers(reader: Reader) -> Iterator[Tuple[str, str, Optional[str]]]:
    """Timers of systemd that are started with the host, and whose service names a tool."""
    for timer in units.names(reader, ".timer"):
        if not units.is_enabled(reader, timer):
            continue
        named = units.settings(reader, timer).get("Unit", [timer[: -len(".timer")] + ".service"])
        for line in units.settings(reader, named[-1]).get("ExecStart", []):
            match = _NAMED.search(line)
            if match:
                stamp = f"{_STAMPS}/stamp-{timer}"  # only of timers that make up for a run that was missed
                paths = [stamp, _LOGS.get(match.group(1), stamp)]
                yield match.group(1), units.find(reader, timer), reader.newest(paths)


def cron(reader: Reader) -> Iterator[Tuple[str, str, Optional[str]]]:
    """Lines of crontabs, and programs that cron runs every hour, day, week or month."""
    folders: List[str] = list(_CRON) + ["/etc/cron." + period for period in _PERIODS]
    paths = ["/etc/crontab", "/etc/anacrontab"]
    for folder in folders:
        paths += [f"{folder}/{name}" for name in (reader.names(folder) or [])[:MAX_FILES]]
    for path in paths:
        if reader.is_folder(path):
            continue
        for line in (reader.text(path, 256 << 10) or "").splitlines():
            match = None if line.lstrip().startswith("#") else _NAMED.search(line)
            if match:
                log = _LOGS.get(match.group(1))
                yield match.group(1), path, reader.newest([log]) if log else None


def daemons(reader: Reader) -> Iterator[Tuple[str, str, Optional[str]]]:
    for tool, settings, state in _DAEMONS:
        if programs.of_host(reader, tool) and reader.exists(settings):
            yield tool, settings, reader.newest([state])


def snapshots(reader: Reader) -> Iterator[Tuple[str, str, Optional[str]]]:
    for folder in _ETCD:
        names = reader.names(folder)
        if names:
            yield "etcd-snapshot", folder, reader.newest(f"{folder}/{name}" for name in names[-MAX_FILES:])
