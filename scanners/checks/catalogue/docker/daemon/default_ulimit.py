from typing import Any

from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.docker_host import entries, settings_of
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import Severity


def _hard_limit(limits: Any) -> int | None:
    """Of nofile: by name in daemon.json, "nofile=<soft>:<hard>" on the command line; None when there is none."""
    if isinstance(limits, dict):
        entry = limits.get("nofile")
        said = entry.get("Hard") if isinstance(entry, dict) else None
    else:
        words = [item.partition("=")[2] for item in entries(limits) if item.startswith("nofile=")]
        said = words[-1].rpartition(":")[2] if words else None
    word = str(said)
    return int(word) if word.isdecimal() and len(word) < 20 else None


@check(
    id="docker.daemon.default-ulimit",
    title="Default resource limits per process set",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Defaults for open files and processes stop one container from exhausting kernel tables.",
    remediation=(
        'Add for example "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 65536, "Hard": 65536}} '
        "to daemon.json."
    ),
    good=[
        probed(),
        setting("default-ulimits", ["nofile=1024:2048"]),
    ],
    bad=[
        setting("default-ulimits", None),
        setting("default-ulimits", {"nproc": {"Hard": 512}}),
        setting("default-ulimits", {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": -1}}),
    ],
    evidence_source="Host probe",
)
def default_ulimit(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "default-ulimits")
    if isinstance(settings, Verdict):
        return settings
    limit = _hard_limit(settings.get("default-ulimits"))
    if limit is None:
        return failed("default-ulimits has no nofile with a hard limit")
    return passed(f"default-ulimits: nofile is at most {limit}")
