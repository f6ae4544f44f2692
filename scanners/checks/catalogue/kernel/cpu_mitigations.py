from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.host_evidence import decided, unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="kernel.cpu-mitigations",
    title="Flaws of the processor are mitigated",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Containers share caches and predictors; unmitigated, one reads what another computes.",
    remediation="Remove mitigations=off from the boot parameters; update kernel and microcode.",
    good=[probed()],
    bad=[
        probed(kernel__cpu_vulnerabilities={"spec_store_bypass": "Vulnerable"}),
        probed(kernel__parameters=["quiet", "mitigations=off"]),
    ],
    evidence_source="Host probe",
)
def cpu_mitigations(facts: HostFacts) -> Verdict:
    kernel = facts.kernel
    if kernel is None or kernel.cpu_vulnerabilities is None:
        return unread(facts, "/kernel/cpu_vulnerabilities") or not_measured("the kernel does not say")
    wrong = [
        f"{name}: {said}"
        for name, said in sorted(kernel.cpu_vulnerabilities.items())
        if said.startswith("Vulnerable")
    ]
    if "mitigations=off" in (kernel.parameters or ()):
        wrong.append("the kernel was started with mitigations=off")
    if not wrong and (verdict := unread(facts, "/kernel/parameters")) is not None:
        return verdict
    return decided(wrong, "the kernel names no open flaw")
