from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.userland-proxy-off",
    title="Userland proxy disabled",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale=(
        "Hairpin NAT makes the extra proxy process unnecessary, and one process less is one target less."
    ),
    remediation='Set "userland-proxy": false after testing local and IPv6 access.',
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def userland_proxy_off(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: the daemon's userland-proxy")
