from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.files.docker-socket-unit",
    title="The unit docker.socket: owner root:root, mode 644 or stricter",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Whoever can change or use the unit docker.socket can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 644 <path>.",
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
    decided_per_requirement="cis-docker-1.8",
)
def docker_socket_unit(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: owner and mode of files")
