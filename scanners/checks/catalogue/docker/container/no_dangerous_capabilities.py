from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity

DANGEROUS = frozenset(
    [
        "ALL",
        "BPF",
        "DAC_READ_SEARCH",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "NET_ADMIN",
        "PERFMON",
        "SYSLOG",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_MODULE",
        "SYS_PTRACE",
        "SYS_RAWIO",
    ]
)


@check(
    id="docker.container.no-dangerous-capabilities",
    title="No capability that allows escape",
    severity=Severity.CRITICAL,
    subject=ContainerFacts,
    rationale=(
        "SYS_ADMIN, SYS_MODULE, SYS_PTRACE with host PID, DAC_READ_SEARCH, SYS_RAWIO, BPF, NET_ADMIN and "
        "ALL can be turned into control of the host or its network."
    ),
    remediation="Remove the capability or move the function to a dedicated, isolated host with an exception.",
    good=[container(), container(capabilities_added=("NET_BIND_SERVICE",))],
    bad=[container(capabilities_added=("SYS_ADMIN",)), container(capabilities_added=("ALL",))],
)
def no_dangerous_capabilities(facts: ContainerFacts) -> Verdict:
    added = sorted(DANGEROUS.intersection(facts.capabilities_added))
    return failed(f"HostConfig.CapAdd has {', '.join(added)}") if added else passed()
