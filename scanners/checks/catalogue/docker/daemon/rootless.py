from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.rootless",
    title="Engine runs without root where possible",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "A rootless engine limits the damage of a flaw in the engine or runtime to an unprivileged account."
    ),
    remediation=(
        "Install with dockerd-rootless-setuptool.sh for the service account, or use userns-remap as the "
        "second-best measure."
    ),
    good=[engine(security_options=("name=rootless",))],
    bad=[engine(security_options=("name=cgroupns",))],
)
def rootless(facts: EngineFacts) -> Verdict:
    return passed() if facts.is_rootless else failed("SecurityOptions has no name=rootless")
