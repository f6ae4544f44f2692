from scanners.checks.capabilities import DEFAULT
from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.checks.policy import Policy
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.capabilities-restricted",
    title="No capabilities beyond the default set",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="Added capabilities are small pieces of root and several of them lead straight to the host.",
    remediation="Use --cap-drop ALL and add back only what the program needs.",
    good=[container(), container(capabilities_added=("CHOWN",))],
    bad=[
        container(capabilities_added=("SYS_TIME",)),
        container(capabilities_added=("ALL",)),
        container(privileged=True),
    ],
)
def capabilities_restricted(facts: ContainerFacts, policy: Policy) -> Verdict:
    if facts.privileged:
        return failed("HostConfig.Privileged is true, which adds every capability")
    beyond = [
        name
        for name in facts.capabilities_added
        if name not in DEFAULT and name not in policy.approved_capabilities
    ]
    if beyond:
        return failed(f"HostConfig.CapAdd has {', '.join(sorted(beyond))}")
    keeps_net_raw = (
        not {"NET_RAW", "ALL"} & set(facts.capabilities_dropped) or "NET_RAW" in facts.capabilities_added
    )
    if not keeps_net_raw or "NET_RAW" in policy.approved_capabilities:
        return passed()
    if policy.require_net_raw_drop:
        return failed(
            "NET_RAW is kept: HostConfig.CapDrop has neither NET_RAW nor ALL", severity=Severity.LOW
        )
    return passed("NET_RAW is kept")
