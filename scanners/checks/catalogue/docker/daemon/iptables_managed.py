from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.iptables-managed",
    title="Engine may manage packet filter rules",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "Without its own rules the isolation between bridges and the publishing of ports is undefined or "
        "open."
    ),
    remediation=(
        'Remove "iptables": false and "ip6tables": false; put own rules into the DOCKER-USER chain.'
    ),
    good=[engine()],
    bad=[engine(warnings=("WARNING: DOCKER_INSECURE_NO_IPTABLES_RAW is set",))],
    waits_for="the host probe",
)
def iptables_managed(facts: EngineFacts) -> Verdict:
    lines = [f"Warnings: {line}" for line in facts.warnings if "DOCKER_INSECURE_NO_IPTABLES_RAW" in line]
    return (
        failed(*lines) if lines else not_measured("needs the host probe: the daemon's iptables and ip6tables")
    )
