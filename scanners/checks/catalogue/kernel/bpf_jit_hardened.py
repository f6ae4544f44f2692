from scanners.checks.check import Verdict, check, failed, not_applicable, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="kernel.bpf-jit-hardened",
    title="The BPF compiler blinds constants",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Unblinded constants let an attacker place chosen code in the kernel's executable memory.",
    remediation="Set net.core.bpf_jit_harden=2, or 1 where unprivileged BPF is off.",
    good=[
        probed(),
        probed(**{"sysctls__net.core.bpf_jit_enable": "0", "sysctls__net.core.bpf_jit_harden": "0"}),
        probed(**{"sysctls__net.core.bpf_jit_harden": "1"}),
    ],
    bad=[
        probed(**{"sysctls__net.core.bpf_jit_harden": "0"}),
        probed(**{"sysctls__net.core.bpf_jit_enable": "2"}),
        probed(**{"sysctls__net.core.bpf_jit_harden": "1", "sysctls__kernel.unprivileged_bpf_disabled": "0"}),
    ],
    evidence_source="Host probe",
)
def bpf_jit_hardened(facts: HostFacts) -> Verdict:
    verdict = unread(facts, "/sysctls/net.core.bpf_jit_enable", "/sysctls/net.core.bpf_jit_harden")
    if verdict is not None:
        return verdict
    said = facts.sysctls or {}
    enable, harden = said.get("net.core.bpf_jit_enable"), said.get("net.core.bpf_jit_harden")
    if enable is None:
        return not_applicable("the kernel has no BPF compiler")
    shown = f"net.core.bpf_jit_enable is {enable}, net.core.bpf_jit_harden is {harden}"
    if enable == "2":
        return failed(shown, "2 writes the compiled code to the kernel's log")
    unprivileged = said.get("kernel.unprivileged_bpf_disabled")
    if enable == "0" or harden == "2" or (harden == "1" and unprivileged in ("1", "2")):
        return passed(shown)
    return failed(shown)
