from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.default-ulimit",
    title="Default resource limits per process set",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Defaults for open files and processes stop one container from exhausting kernel tables.",
    remediation=(
        'Add for example "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 65536, "Hard": 65536}} '
        "to daemon.json."
    ),
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def default_ulimit(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: the daemon's default-ulimits")
