from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="kernel.lockdown",
    title="The kernel is locked down against root",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Lockdown keeps root, also one that escaped from a container, from changing the running kernel.",
    remediation="Start with lockdown=integrity; confidentiality also stops some eBPF sensors.",
    good=[probed(), probed(kernel__lockdown="confidentiality")],
    bad=[probed(kernel__lockdown="none"), probed(kernel__lockdown=None)],
    evidence_source="Host probe",
)
def lockdown(facts: HostFacts) -> Verdict:
    if (verdict := unread(facts, "/kernel/lockdown")) is not None:
        return verdict
    mode = facts.kernel.lockdown if facts.kernel else None
    if mode in ("integrity", "confidentiality"):
        return passed(f"lockdown is {mode}")
    return failed("the kernel has no lockdown" if mode is None else f"lockdown is {mode}")
