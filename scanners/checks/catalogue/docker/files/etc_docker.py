from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.files.etc-docker",
    title="The directory /etc/docker: owner root:root, mode 755 or stricter",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Whoever can change or use the directory /etc/docker can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 755 <path>.",
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
    decided_per_requirement="cis-docker-1.8",
)
def etc_docker(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: owner and mode of files")
