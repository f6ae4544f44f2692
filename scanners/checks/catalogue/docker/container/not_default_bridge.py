from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-default-bridge",
    title="Default bridge not used",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale=(
        "The default bridge has no name resolution, no separation per application and is open between "
        "containers unless icc is off."
    ),
    remediation="Create a user-defined network per application.",
    good=[container(networks=("shop_default",))],
    bad=[
        container(network_mode="bridge", networks=("bridge",)),
        container(network_mode="default", networks=()),
    ],
)
def not_default_bridge(facts: ContainerFacts) -> Verdict:
    is_podman = facts.engine is not None and facts.engine.engine == "podman"
    default_name = "podman" if is_podman else "bridge"
    if default_name in facts.networks:
        return failed(f"NetworkSettings.Networks has {default_name}")
    if not facts.networks and facts.network_mode in ("default", "bridge"):
        return failed(f"HostConfig.NetworkMode is {facts.network_mode}")
    return passed()
