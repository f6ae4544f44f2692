from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.readonly-rootfs",
    title="Root file system read-only",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="An attacker cannot drop tools or change the application, and changes stay visible.",
    remediation="Start with --read-only and give tmpfs or volumes for paths that must be written.",
    good=[container(readonly_rootfs=True)],
    bad=[container(readonly_rootfs=False)],
)
def readonly_rootfs(facts: ContainerFacts) -> Verdict:
    return passed() if facts.readonly_rootfs else failed("HostConfig.ReadonlyRootfs is false")
