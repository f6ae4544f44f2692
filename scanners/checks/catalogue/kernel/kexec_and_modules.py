from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.host_evidence import decided, unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

UNSIGNED = 1 << 13  # of the kernel's taint mask: an unsigned module was loaded


@check(
    id="kernel.kexec-and-modules",
    title="Neither another kernel nor an unsigned module can be loaded",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Who loads a module or another kernel is above every defence that this page lists.",
    remediation="Set kernel.kexec_load_disabled=1 and module.sig_enforce=1, or lock the kernel down.",
    good=[
        probed(),
        probed(kernel__kexec_load_disabled=0, kernel__modules={"disabled": 0, "signatures_enforced": False}),
    ],
    bad=[
        probed(kernel__lockdown="none", kernel__kexec_load_disabled=0),
        probed(kernel__lockdown="none", kernel__kexec_load_disabled=0, kernel__options={"KEXEC": "n"}),
        probed(kernel__lockdown="none", kernel__modules={"disabled": 0, "signatures_enforced": False}),
        probed(kernel__tainted=UNSIGNED),
    ],
    evidence_source="Host probe",
)
def kexec_and_modules(facts: HostFacts) -> Verdict:
    kernel = facts.kernel
    if kernel is None:
        return unread(facts, "/kernel") or not_measured("the probe does not tell")
    locked = kernel.lockdown in ("integrity", "confidentiality")
    options = kernel.options or {}
    forced = options.get("MODULE_SIG_FORCE") == "y" or kernel.modules.signatures_enforced is True
    wrong, unknown = [], []
    # Two system calls load a kernel, each with its own build option.
    has_kexec = options.get("KEXEC") != "n" or options.get("KEXEC_FILE") != "n"
    if not locked and kernel.kexec_load_disabled != 1 and has_kexec:
        wrong.append("another kernel may be loaded (kexec)")
        unknown += ["/kernel/lockdown", "/kernel/kexec_load_disabled"]
    if not locked and not forced and kernel.modules.disabled != 1:
        wrong.append("unsigned modules may be loaded")
        unknown += ["/kernel/lockdown", "/kernel/modules/signatures_enforced", "/kernel/modules/disabled"]
    if wrong and (verdict := unread(facts, *unknown)) is not None:
        return verdict
    if kernel.tainted is None:
        return failed(*wrong) if wrong else unread(facts, "/kernel/tainted") or not_measured("no taint mask")
    if kernel.tainted & UNSIGNED:
        wrong.append("an unsigned module has been loaded since the start")
    return decided(wrong, "kexec is closed and modules must be signed")
