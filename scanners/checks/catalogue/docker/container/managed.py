import fnmatch

from scanners.checks.check import Example, Verdict, check, failed, passed
from scanners.checks.examples import RECENTLY, container
from scanners.checks.policy import Policy
from scanners.records import ContainerFacts, Severity

OWNER_LABELS = (
    "com.docker.compose.project",
    "com.docker.swarm.service.name",
    "com.docker.stack.namespace",
    "io.kubernetes.pod.name",
    "com.amazonaws.ecs.task-arn",
    "io.podman.compose.project",
)


@check(
    id="docker.container.managed",
    title="Container known to the inventory",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="Containers started by hand escape scanning, limits and review.",
    remediation="Deploy through compose, swarm, Kubernetes or ECS and remove strays.",
    good=[
        container(),
        Example(
            container(labels={}, name="night-job"), Policy(now=RECENTLY, approved_containers=("night-*",))
        ),
    ],
    bad=[container(labels={})],
)
def managed(facts: ContainerFacts, policy: Policy) -> Verdict:
    for label in OWNER_LABELS:
        if facts.labels.get(label):
            return passed(f"label {label} is {facts.labels[label]}")
    if any(fnmatch.fnmatchcase(facts.name, pattern) for pattern in policy.approved_containers):
        return passed("the name is on the list of approved containers")
    return failed("no label of a project, service, pod or task, and the name is on no list")
