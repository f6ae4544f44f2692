from scanners.checks.check import Verdict, check
from scanners.checks.host_evidence import sysctls
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

WANTED = {"kernel.yama.ptrace_scope": ("1", "2", "3")}


@check(
    id="kernel.yama-ptrace",
    title="One process may not trace another at will",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="With ptrace, one compromised process takes the secrets of every other of the same account.",
    remediation="Set kernel.yama.ptrace_scope to 1 or higher.",
    good=[probed()],
    bad=[
        probed(**{"sysctls__kernel.yama.ptrace_scope": "0"}),
    ],
    evidence_source="Host probe",
)
def yama_ptrace(facts: HostFacts) -> Verdict:
    return sysctls(facts, WANTED)
