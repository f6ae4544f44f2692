from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import overlay, swarm, swarm_manager
from scanners.records import Outcome, Severity, SwarmFacts


@check(
    id="docker.swarm.overlay-encrypted",
    title="Overlay networks encrypted",
    severity=Severity.MEDIUM,
    subject=SwarmFacts,
    rationale="Overlay traffic between nodes is otherwise plain VXLAN.",
    remediation="Create networks with --opt encrypted; recreate the ingress network if needed.",
    good=[swarm(), Example(swarm(nodes=(swarm_manager("1"),)), expected=Outcome.NOT_APPLICABLE)],
    bad=[swarm(overlay_networks=(overlay("app", encrypted=False),))],
)
def overlay_encrypted(facts: SwarmFacts) -> Verdict:
    if facts.nodes is not None and len(facts.nodes) == 1:
        return not_applicable("the Swarm has a single node")
    if facts.overlay_networks is None:
        return not_measured("the list of networks could not be read")
    # The ingress network carries application data as soon as there is a service.
    networks = [network for network in facts.overlay_networks if network.scope == "swarm"]
    if facts.services == ():
        networks = [network for network in networks if not network.ingress]
    plain = sorted(network.name for network in networks if "encrypted" not in network.options)
    return failed(*(f"network {name}: Options has no encrypted" for name in plain)) if plain else passed()
