from datetime import date

from scanners.checks.check import EXAMPLE_POLICY, Example, Verdict, check
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed
from scanners.checks.operating_systems import judge_distribution, judge_name
from scanners.checks.policy import ExtendedSupport, Policy
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity

CONTRACTED = Policy(
    now=EXAMPLE_POLICY.now, extended_support=(ExtendedSupport("debian", "12", date(2028, 6, 30)),)
)
BOOKWORM = {"id": "debian", "version_id": "12"}


def of_engine(facts: EngineFacts, policy: Policy) -> Verdict:
    return judge_name(facts.operating_system, policy)


@check(
    id="host.os-supported",
    title="Host operating system in support",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="After end of life nobody fixes host components.",
    remediation="Upgrade or rebuild the host.",
    good=[
        probed(),
        probed(distribution={"id": "alpine", "version_id": "3.22.1"}),
        probed(distribution={"id": "fedora", "version_id": "43", "support_end": "2026-12-02"}),
        Example(probed(distribution=BOOKWORM), CONTRACTED),
        Example(probed(distribution={"id": "void", "version_id": "1"}), expected=Outcome.NOT_MEASURED),
        Example(probed(distribution={"id": "arch"}), expected=Outcome.NOT_MEASURED),
        engine(),
        Example(engine(operating_system="Docker Desktop"), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(distribution=BOOKWORM),
        probed(distribution={"id": "rhel", "version_id": "7.9"}),
        probed(distribution={"id": "fedora", "version_id": "41", "support_end": "2025-12-15"}),
        engine(operating_system="Debian GNU/Linux 11 (bullseye)"),
    ],
    evidence_source="Host probe or Engine API",
    from_engine=of_engine,
)
def os_supported(facts: HostFacts, policy: Policy) -> Verdict:
    return judge_distribution(facts, policy)
