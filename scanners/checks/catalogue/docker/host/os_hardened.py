from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import EngineFacts, Severity

MISSING = "needs a benchmark result of the operating system, or an attestation"


def of_engine(facts: EngineFacts) -> Verdict:
    return not_measured(MISSING)


@check(
    id="docker.host.os-hardened",
    title="Host operating system hardened by a benchmark",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="The kernel is shared by all containers, so weak host settings undo container isolation.",
    remediation="Run the benchmark of your distribution on every container host and import the report.",
    good=[
        probed(),
        engine(),
    ],
    bad=[],
    evidence_source="Benchmark result or attestation",
    from_engine=of_engine,
    waits_for="a benchmark result or an attestation",
)
def os_hardened(facts: HostFacts) -> Verdict:
    return not_measured(MISSING)
