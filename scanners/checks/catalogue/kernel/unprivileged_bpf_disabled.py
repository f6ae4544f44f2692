from scanners.checks.check import Verdict, check, passed
from scanners.checks.host_evidence import sysctls
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

WANTED = {"kernel.unprivileged_bpf_disabled": ("1", "2")}


@check(
    id="kernel.unprivileged-bpf-disabled",
    title="Unprivileged BPF is switched off",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="Bugs of the BPF verifier give an ordinary account the kernel's memory.",
    remediation="Set kernel.unprivileged_bpf_disabled to 1 or 2.",
    good=[probed()],
    bad=[
        probed(**{"sysctls__kernel.unprivileged_bpf_disabled": "0"}),
    ],
    evidence_source="Host probe",
)
def unprivileged_bpf_disabled(facts: HostFacts) -> Verdict:
    options = (facts.kernel.options if facts.kernel else None) or {}
    if options.get("BPF_SYSCALL") == "n":
        return passed("the kernel has no BPF system call")
    return sysctls(facts, WANTED)
