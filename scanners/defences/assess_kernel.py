"""The kernel's own defences on one host: what may change it, what may look into it, and what it closes by default."""

from __future__ import annotations

from scanners.defences.evidence import (
    Part,
    Said,
    absent,
    all_of,
    enforcing,
    not_applicable,
    not_measured,
    permissive,
    setting,
    unread,
)
from scanners.host import HostFacts

LOCKED = ("integrity", "confidentiality")
UNSIGNED = 1 << 13  # of the kernel's taint mask: an unsigned module was loaded (admin-guide/tainted-kernels)
MITIGATIONS_OFF = "mitigations=off"
_BPF_SETTING = "kernel.unprivileged_bpf_disabled"
_SIGNING = ("/kernel/options/MODULE_SIG", "/kernel/options/MODULE_SIG_FORCE")


def built_in(facts: HostFacts, option: str) -> bool | None:
    """Whether the kernel was built with an option; None when its options could not be read."""
    options = facts.kernel.options if facts.kernel else None
    if unread(facts, f"/kernel/options/{option}") or options is None or option not in options:
        return None
    return options[option] not in (None, "n")


def switched_off(facts: HostFacts, option: str) -> bool:
    """Whether the kernel's build options say no in so many words; one that they do not name may have another name."""
    options = facts.kernel.options if facts.kernel else None
    return not unread(facts, f"/kernel/options/{option}") and (options or {}).get(option) == "n"


def not_offered(facts: HostFacts, option: str, line: str) -> Said:
    """What securityfs does not show: absent, unless securityfs itself was closed and the build options do not tell."""
    if closed := unread(facts, "/security_modules/order"):
        built = built_in(facts, option)
        if built is not False:
            return not_measured(*closed)
    return absent(line)


def lockdown(facts: HostFacts) -> Said:
    if lines := unread(facts, "/kernel/lockdown"):
        return not_measured(*lines)
    mode = facts.kernel.lockdown if facts.kernel else None
    if mode is None:
        return not_offered(facts, "SECURITY_LOCKDOWN_LSM", "the kernel has no lockdown")
    return enforcing(f"lockdown is {mode}") if mode in LOCKED else absent(f"lockdown is {mode[:80]}")


def _locked(facts: HostFacts) -> bool:
    return (
        facts.kernel is not None and facts.kernel.lockdown in LOCKED and not unread(facts, "/kernel/lockdown")
    )


def module_signing(facts: HostFacts) -> Said:
    """A loaded module that was not signed is in the kernel whatever holds now, so it counts against enforcement."""
    kernel = facts.kernel
    if kernel is None:
        return not_measured(*unread(facts, "/kernel"))
    modules = kernel.modules
    closed = []
    if _locked(facts):
        closed.append(f"lockdown is {kernel.lockdown}")
    if modules.signatures_enforced and not unread(facts, "/kernel/modules/signatures_enforced"):
        closed.append("module.sig_enforce is on")
    if modules.disabled == 1 and not unread(facts, "/kernel/modules/disabled"):
        closed.append("kernel.modules_disabled is 1")
    options = {} if unread(facts, "/kernel/options") else kernel.options or {}
    if options.get("MODULE_SIG_FORCE") == "y":
        closed.append("the kernel was built with MODULE_SIG_FORCE")
    if closed:
        if kernel.tainted is None or unread(facts, "/kernel/tainted"):
            return not_measured(*(unread(facts, "/kernel/tainted") or ("the kernel shows no taint mask",)))
        if kernel.tainted & UNSIGNED:
            return permissive(*closed, "an unsigned module has been loaded since the start")
        return enforcing(*closed)
    return _modules_open(facts, options)


def _modules_open(facts: HostFacts, options: dict[str, str | None]) -> Said:
    pointers = ["/kernel/lockdown", "/kernel/modules/signatures_enforced", "/kernel/modules/disabled"]
    modules = facts.kernel.modules if facts.kernel else None
    shows = modules is not None and modules.signatures_enforced is not None
    # Where the kernel shows module.sig_enforce it is on with MODULE_SIG_FORCE too: the build options add nothing.
    if lines := unread(facts, *pointers, *([] if shows else _SIGNING)):
        return not_measured(*lines)
    if shows:
        return permissive("signatures of modules are checked, but module.sig_enforce is off")
    # A kernel without modules has no setting for them, and its build options do not know MODULE_SIG.
    if modules and modules.disabled is None and options.get("MODULE_SIG", "n") is None:
        return not_applicable("the kernel is built without loadable modules")
    if options.get("MODULE_SIG") == "y":
        return permissive("signatures of modules are checked, but not required")
    return absent("modules need no signature")


def secure_boot(facts: HostFacts) -> Said:
    if lines := unread(facts, "/kernel/secure_boot"):
        return not_measured(*lines)
    state = facts.kernel.secure_boot if facts.kernel else None
    if state is None:
        return not_measured("kernel.secure_boot: the probe does not tell")
    if state == "no EFI":
        return not_applicable("the host has no EFI firmware")
    return (
        enforcing("Secure Boot is enabled") if state == "enabled" else absent(f"Secure Boot is {state[:80]}")
    )


def kexec(facts: HostFacts) -> Said:
    kernel = facts.kernel
    if kernel is None:
        return not_measured(*unread(facts, "/kernel"))
    if _locked(facts):
        return enforcing(f"lockdown is {kernel.lockdown}")
    if lines := unread(facts, "/kernel/kexec_load_disabled"):
        return not_measured(*lines)
    closed = kernel.kexec_load_disabled
    if closed == 1:
        return enforcing("kernel.kexec_load_disabled is 1")
    # A kernel that has the setting has kexec, if not under KEXEC then under KEXEC_FILE.
    if closed is None and switched_off(facts, "KEXEC"):
        return enforcing("the kernel was built without KEXEC")
    if lines := unread(facts, "/kernel/lockdown", *([] if closed is not None else ["/kernel/options/KEXEC"])):
        return not_measured(*lines)
    said = "not offered by this kernel" if closed is None else str(closed)
    return absent(f"kernel.kexec_load_disabled is {said}")


def unprivileged_bpf(facts: HostFacts) -> Said:
    if switched_off(facts, "BPF_SYSCALL"):
        return enforcing("the kernel has no BPF system call")
    part = _bpf_setting(facts)
    # A kernel without the setting is either an old one, or has no BPF at all.
    is_not_offered = part.holds is False and (facts.sysctls or {}).get(_BPF_SETTING) is None
    if is_not_offered and (lines := unread(facts, "/kernel/options/BPF_SYSCALL")):
        return not_measured(*lines)
    return all_of([part])


def _bpf_setting(facts: HostFacts) -> Part:
    return setting(facts, _BPF_SETTING, ("1", "2"))


def bpf_jit(facts: HostFacts) -> Said:
    """Level 1 hardens programs of ordinary accounts alone, which is all where only they could harm (bpf_jit_harden)."""
    names = ("net.core.bpf_jit_enable", "net.core.bpf_jit_harden")
    if lines := unread(facts, *(f"/sysctls/{name}" for name in names)):
        return not_measured(*lines)
    settings = facts.sysctls or {}
    enable, harden = (settings.get(name) for name in names)
    if enable is None:
        return not_applicable("the kernel has no BPF compiler")
    shown = f"net.core.bpf_jit_enable is {enable[:80]}"
    if enable == "0":
        return enforcing(shown)
    lines = (shown, f"net.core.bpf_jit_harden is {(harden or 'not offered')[:80]}")
    if harden not in ("1", "2"):
        return absent(*lines)
    if enable == "2":
        return permissive(*lines, "2 writes the compiled code to the kernel's log")
    if harden == "2":
        return enforcing(*lines)
    unprivileged = _bpf_setting(facts)
    if unprivileged.holds is None:
        return not_measured(*lines, unprivileged.line)
    return enforcing(*lines) if unprivileged.holds else permissive(*lines, unprivileged.line)


def yama(facts: HostFacts) -> Said:
    return all_of([setting(facts, "kernel.yama.ptrace_scope", ("1", "2", "3"))])


def address_leaks(facts: HostFacts) -> Said:
    return all_of(
        [
            setting(facts, "kernel.kptr_restrict", ("1", "2")),
            setting(facts, "kernel.dmesg_restrict", ("1",)),
            setting(facts, "kernel.perf_event_paranoid", ("2", "3", "4")),
        ]
    )


def address_randomisation(facts: HostFacts) -> Said:
    """Of programs and of the kernel itself."""
    return all_of([setting(facts, "kernel.randomize_va_space", ("2",)), _kernel_randomised(facts)])


def _kernel_randomised(facts: HostFacts) -> Part:
    kernel = facts.kernel
    built = built_in(facts, "RANDOMIZE_BASE")
    if built is False:
        return Part(False, "the kernel was built without RANDOMIZE_BASE")
    lines = unread(facts, "/kernel/parameters")
    parameters = (kernel.parameters if kernel else None) or ()
    if not lines and "nokaslr" in parameters:
        return Part(False, "the kernel was started with nokaslr")
    if built is None:
        lines = unread(facts, "/kernel/options/RANDOMIZE_BASE") or (
            "kernel.options: the probe does not tell",
        )
    return Part(None, lines[0]) if lines else Part(True, "the kernel lies at a random address")


def protected_files(facts: HostFacts) -> Said:
    return all_of(
        [
            setting(facts, "fs.protected_symlinks", ("1",)),
            setting(facts, "fs.protected_hardlinks", ("1",)),
            setting(facts, "fs.protected_fifos", ("1", "2")),
            setting(facts, "fs.protected_regular", ("1", "2")),
        ]
    )


def cpu_mitigations(facts: HostFacts) -> Said:
    """Absent when they are switched off, or no known flaw of this processor is mitigated; permissive when some are."""
    kernel = facts.kernel
    lines = unread(facts, "/kernel/parameters")
    if kernel is not None and not lines and MITIGATIONS_OFF in (kernel.parameters or ()):
        return absent(f"the kernel was started with {MITIGATIONS_OFF}")
    lines += unread(facts, "/kernel/cpu_vulnerabilities")
    if kernel is None or lines or kernel.cpu_vulnerabilities is None:
        return not_measured(*sorted(set(lines or ("kernel.cpu_vulnerabilities: the kernel does not say",))))
    said = sorted(kernel.cpu_vulnerabilities.items())
    open_flaws = [f"{name}: {text[:120]}" for name, text in said if text.startswith("Vulnerable")]
    if not open_flaws:
        return enforcing("the kernel names no open flaw of the processor")
    mitigated = any(text.startswith("Mitigation") for _, text in said)
    return permissive(*open_flaws) if mitigated else absent(*open_flaws)
