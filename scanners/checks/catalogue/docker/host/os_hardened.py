from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.host.os-hardened",
    title="Host operating system hardened by a benchmark",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale="The kernel is shared by all containers, so weak host settings undo container isolation.",
    remediation="Run the benchmark of your distribution on every container host and import the report.",
    good=[engine()],
    bad=[],
    evidence_source="Benchmark result or attestation",
    waits_for="a benchmark result or an attestation",
)
def os_hardened(facts: EngineFacts) -> Verdict:
    return not_measured("needs a benchmark result of the operating system, or an attestation")
