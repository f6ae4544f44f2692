from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import bind, container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.no-shared-propagation",
    title="Mounts not shared back to the host",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="Shared propagation lets a container place mounts into the host.",
    remediation="Use rprivate (default) or rslave.",
    good=[container(mounts=(bind("/srv/data", propagation="rprivate"),))],
    bad=[
        container(mounts=(bind("/srv/data", propagation="rshared"),)),
        container(mounts=(bind("/srv/data", propagation="shared"),)),
    ],
)
def no_shared_propagation(facts: ContainerFacts) -> Verdict:
    shared = [mount for mount in facts.mounts if mount.propagation in ("shared", "rshared")]
    if not shared:
        return passed()
    return failed(
        *(f"Mounts: {mount.destination} has the propagation {mount.propagation}" for mount in shared)
    )
