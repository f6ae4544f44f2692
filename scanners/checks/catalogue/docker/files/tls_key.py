from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.files.tls-key",
    title="The TLS key of the engine: owner root:root, mode 400 or stricter",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale="Whoever can change or use the TLS key of the engine can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 400 <path>.",
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
    decided_per_requirement="cis-docker-1.8",
)
def tls_key(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: owner and mode of files")
