from scanners.checks.check import Example, Verdict, check, failed, not_applicable, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="kernel.secure-boot",
    title="Secure Boot is on",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Secure Boot starts only signed boot loaders and kernels, so that nothing hides below the system.",
    remediation="Switch Secure Boot on in the firmware.",
    good=[probed(), Example(probed(kernel__secure_boot="no EFI"), expected=Outcome.NOT_APPLICABLE)],
    bad=[probed(kernel__secure_boot="disabled")],
    evidence_source="Host probe",
)
def secure_boot(facts: HostFacts) -> Verdict:
    if (verdict := unread(facts, "/kernel/secure_boot")) is not None:
        return verdict
    state = facts.kernel.secure_boot if facts.kernel else None
    if state == "no EFI":
        return not_applicable("the host has no EFI firmware")
    return passed("Secure Boot is enabled") if state == "enabled" else failed(f"Secure Boot is {state}")
