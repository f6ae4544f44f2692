from scanners.checks.check import Verdict, check
from scanners.checks.examples import container
from scanners.checks.namespaces import judge_mode
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-host-network",
    title="Host network namespace not shared",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale=(
        "On the host network a container sees all interfaces, reaches loopback services and can open any "
        "port."
    ),
    remediation="Use a bridge or macvlan network and publish single ports.",
    good=[container()],
    bad=[
        container(network_mode="host"),
        container(network_mode="container:beef01", joined_modes={"network_mode": "host"}),
    ],
)
def not_host_network(facts: ContainerFacts) -> Verdict:
    return judge_mode(facts, "network_mode")
