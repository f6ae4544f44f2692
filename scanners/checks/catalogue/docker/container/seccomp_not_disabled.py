from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.checks.security_options import option_values
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.seccomp-not-disabled",
    title="Seccomp filter not disabled",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="Without the filter every system call of the shared kernel is open.",
    remediation="Remove the option; write a profile when the default blocks a needed call.",
    good=[container()],
    bad=[container(security_options=("seccomp=unconfined",)), container(privileged=True)],
)
def seccomp_not_disabled(facts: ContainerFacts) -> Verdict:
    if "unconfined" in option_values(facts, "seccomp"):
        return failed("HostConfig.SecurityOpt has seccomp=unconfined")
    if facts.privileged:
        return failed("HostConfig.Privileged is true, which switches the filter off")
    return passed()
