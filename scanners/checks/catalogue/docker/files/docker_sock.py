from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.files.docker-sock",
    title="The Docker socket: owner root:docker, mode 660 or stricter",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale="Whoever can change or use the Docker socket can influence or impersonate the engine.",
    remediation="chown root:docker <path> && chmod 660 <path>.",
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
    decided_per_requirement="cis-docker-1.8",
)
def docker_sock(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: owner and mode of files")
