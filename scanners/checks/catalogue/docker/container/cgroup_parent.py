from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.cgroup-parent",
    title="Default cgroup used",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="A different parent may have other limits than intended.",
    remediation="Drop --cgroup-parent.",
    good=[container(cgroup_parent=""), container(cgroup_parent="/kubepods/burstable/pod1")],
    bad=[container(cgroup_parent="/custom")],
)
def cgroup_parent(facts: ContainerFacts) -> Verdict:
    parent = facts.cgroup_parent
    if not parent or parent.lstrip("/").startswith(("kubepods", "ecs/")):
        return passed()
    return failed(f"HostConfig.CgroupParent is {parent}")
