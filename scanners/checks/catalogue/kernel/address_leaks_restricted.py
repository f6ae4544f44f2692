from scanners.checks.check import Verdict, check
from scanners.checks.host_evidence import sysctls
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

WANTED = {
    "kernel.kptr_restrict": ("1", "2"),
    "kernel.dmesg_restrict": ("1",),
    "kernel.perf_event_paranoid": ("2", "3", "4"),
}


@check(
    id="kernel.address-leaks-restricted",
    title="Kernel addresses and messages are kept from ordinary accounts",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Most exploits of the kernel begin with an address that it gave away.",
    remediation="Set kernel.kptr_restrict=1, kernel.dmesg_restrict=1 and kernel.perf_event_paranoid=2 or higher.",
    good=[probed()],
    bad=[
        probed(**{"sysctls__kernel.kptr_restrict": "0"}),
    ],
    evidence_source="Host probe",
)
def address_leaks_restricted(facts: HostFacts) -> Verdict:
    return sysctls(facts, WANTED)
