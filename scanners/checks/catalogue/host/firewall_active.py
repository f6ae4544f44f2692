from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import Firewall, HostFacts
from scanners.records import Outcome, Severity

# Ports by which engines, clusters and nodes are managed.
PORTS = (2375, 2376, 2377, 2379, 2380, 4789, 6443, 7946, 10250, 10256, 10257, 10259)


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")


@check(
    id="host.firewall-active",
    title="Host firewall limits engine and cluster ports",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Management ports must not be reachable from everywhere.",
    remediation="Set rules; remember that published container ports bypass INPUT, use DOCKER-USER.",
    good=[
        probed(),
        probed(listeners=[{"protocol": "tcp", "address": "127.0.0.1", "port": 2375}]),
        Example(
            probed(listeners=[{"protocol": "tcp", "address": "0.0.0.0", "port": 6443}]),
            expected=Outcome.NOT_MEASURED,
        ),
    ],
    bad=[
        probed(firewall__input_policy="accept"),
        probed(firewall__input_policy=None, firewall__services=[]),
    ],
    evidence_source="Host probe",
)
def firewall_active(facts: HostFacts) -> Verdict:
    if (verdict := unread(facts, "/firewall/input_policy")) is not None:
        return verdict
    firewall = facts.firewall or Firewall()
    exposed = [
        item for item in facts.listeners or () if item.port in PORTS and not _is_loopback(item.address)
    ]
    lines = sorted({f"{item.protocol} {item.address} port {item.port} listens" for item in exposed})
    if firewall.input_policy not in ("drop", "reject"):
        policy = firewall.input_policy
        said = "no packet filter limits what comes in" if policy is None else f"the input policy is {policy}"
        return failed(said, *lines)
    if (verdict := unread(facts, "/listeners")) is not None:
        return verdict
    if lines:
        return not_measured(*lines, "which sources the rules let in is not read")
    return passed(f"the input policy is {firewall.input_policy}, and no management port listens outside")
