from scanners.checks.check import Verdict, check
from scanners.checks.examples import container
from scanners.checks.namespaces import judge_mode
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-host-pid",
    title="Host process namespace not shared",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale=(
        "With the host's process list a container can read environments and signal or trace host processes."
    ),
    remediation="Drop --pid=host.",
    good=[container()],
    bad=[
        container(pid_mode="host"),
        container(pid_mode="container:beef01", joined_modes={"pid_mode": "host"}),
    ],
)
def not_host_pid(facts: ContainerFacts) -> Verdict:
    return judge_mode(facts, "pid_mode")
