from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-privileged",
    title="Container not privileged",
    severity=Severity.CRITICAL,
    subject=ContainerFacts,
    rationale="Privileged mode gives all devices and capabilities and switches off seccomp and AppArmor.",
    remediation="Drop --privileged, give single devices or capabilities instead.",
    good=[container(privileged=False)],
    bad=[container(privileged=True)],
)
def not_privileged(facts: ContainerFacts) -> Verdict:
    return failed("HostConfig.Privileged is true") if facts.privileged else passed()
