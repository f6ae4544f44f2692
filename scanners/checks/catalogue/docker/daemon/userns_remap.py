from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.userns-remap",
    title="User namespaces map container root to an ordinary user",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale="With remapping, root inside a container has no rights on the host, which blunts many escapes.",
    remediation=(
        'Set "userns-remap": "default" (images must be pulled again) or run rootless; per-container '
        "exceptions use --userns=host."
    ),
    good=[engine(security_options=("name=userns",)), engine(security_options=("name=rootless",))],
    bad=[engine(security_options=("name=cgroupns",))],
)
def userns_remap(facts: EngineFacts) -> Verdict:
    if facts.remaps_users or facts.is_rootless:
        return passed()
    return failed("SecurityOptions has neither name=userns nor name=rootless")
