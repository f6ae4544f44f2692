"""The kernel: which one runs, which are installed, how it was started, and what of it is locked."""

import os
import re
import zlib
from typing import Any, Dict, List, Optional, Set

from scanners.probe.evidence import NOT_LIVE, Evidence
from scanners.probe.secrets import redacted_option

CONFIG_BYTES = 4 << 20
OPTIONS = (
    "BPF_SYSCALL", "BPF_UNPRIV_DEFAULT_OFF", "CGROUP_BPF", "SECCOMP", "SECCOMP_FILTER", "SECURITY_SELINUX",
    "SECURITY_APPARMOR", "SECURITY_YAMA", "SECURITY_LANDLOCK", "SECURITY_LOCKDOWN_LSM", "BPF_LSM", "USER_NS", "IMA",
    "IMA_APPRAISE", "IMA_READ_POLICY", "EVM", "MODULE_SIG", "MODULE_SIG_FORCE", "STRICT_KERNEL_RWX",
    "STACKPROTECTOR_STRONG", "RANDOMIZE_BASE", "KEXEC", "KEXEC_FILE", "LSM",
)  # fmt: skip
_SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities"


def collect(evidence: Evidence) -> Dict[str, Any]:
    reader = evidence.reader
    release = running_release(evidence)
    modules, reboot = evidence.below("modules"), evidence.below("reboot_required")
    marked = reader.exists("/var/run/reboot-required")
    reboot.because("marked", "/var/run/reboot-required")
    evidence.without_securityfs("lockdown")
    return {
        "release": release,
        "version": evidence.read("version", "/proc/sys/kernel/version"),
        "architecture": architecture(evidence),
        "installed": installed(evidence),
        "parameters": evidence.read("parameters", "/proc/cmdline", parameters),
        "options": options(evidence, release),
        "tainted": evidence.number("tainted", "/proc/sys/kernel/tainted"),
        "lockdown": evidence.read("lockdown", "/sys/kernel/security/lockdown", bracketed),
        "modules": {
            "disabled": modules.number("disabled", "/proc/sys/kernel/modules_disabled"),
            "signatures_enforced": modules.read(
                "signatures_enforced", "/sys/module/module/parameters/sig_enforce", yes
            ),
        },
        "kexec_load_disabled": evidence.number("kexec_load_disabled", "/proc/sys/kernel/kexec_load_disabled"),
        "secure_boot": secure_boot(evidence),
        "cpu_vulnerabilities": vulnerabilities(evidence),
        "reboot_required": {
            "marked": marked,
            "packages": (reboot.read("packages", "/var/run/reboot-required.pkgs") or "").split(),
        },
    }


def running_release(evidence: Evidence) -> Optional[str]:
    found: Optional[str] = evidence.read("release", "/proc/sys/kernel/osrelease")
    if found is None and not evidence.reader.is_live:
        evidence.not_measured("release", NOT_LIVE)
    return found


def architecture(evidence: Evidence) -> Optional[str]:
    if evidence.reader.is_live:
        return os.uname().machine
    evidence.not_measured("architecture", NOT_LIVE)
    return None


def installed(evidence: Evidence) -> List[str]:
    """Releases whose image stands in /boot, or whose modules are installed."""
    found: Set[str] = set()
    for directory, pattern in (
        ("/boot", re.compile(r"vmlinu[xz]-(.+)")),
        ("/lib/modules", re.compile(r"(\d.+)")),
    ):
        names = evidence.reader.names(directory)
        if names is None:
            evidence.because("installed", directory)
            continue
        for name in names:
            match = pattern.match(name)
            if match and not name.endswith((".old", ".hmac")) and "rescue" not in name:
                found.add(match.group(1))
    return sorted(found)


def parameters(text: str) -> List[str]:
    return [redacted_option(word) for word in text.split()]


def options(evidence: Evidence, release: Optional[str]) -> Optional[Dict[str, Optional[str]]]:
    """The kernel's build options that bear on containers: y, m, n, or a text; None for an option it does not know."""
    text = None
    if release:
        text = evidence.reader.text("/boot/config-" + release, CONFIG_BYTES)
    if text is None:
        packed = evidence.reader.content("/proc/config.gz", CONFIG_BYTES)
        try:
            text = gunzipped(packed) if packed else None
        except zlib.error:
            evidence.reader.skip("/proc/config.gz", "cannot be understood")
    if text is None:
        evidence.not_measured("options", "neither /boot/config-<release> nor /proc/config.gz can be read")
        return None
    said = {}
    for line in text.splitlines():
        match = re.match(r'CONFIG_(\w+)=(?:"(.*)"|(\w+))$', line) or re.match(
            r"# CONFIG_(\w+) is not set()()$", line
        )
        if match:
            said[match.group(1)] = match.group(2) or match.group(3) or "n"
    return {name: said.get(name) for name in OPTIONS}


def gunzipped(packed: bytes) -> str:
    # Bounded: a small file may unpack to any size.
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(packed, CONFIG_BYTES).decode("utf-8", "replace")


def bracketed(text: str) -> str:
    """The word in brackets, which the kernel puts around what is in force."""
    match = re.search(r"\[([^\]]+)\]", text)
    if not match:
        raise ValueError(text)
    return match.group(1)


def yes(text: str) -> bool:
    if text not in ("Y", "N", "1", "0"):
        raise ValueError(text)
    return text in ("Y", "1")


def secure_boot(evidence: Evidence) -> Optional[str]:
    """enabled, disabled, or no EFI: the fifth byte of the variable, after its attributes."""
    if evidence.reader.exists("/sys/firmware/efi") is False:
        if evidence.reader.is_live:
            return "no EFI"
        evidence.not_measured("secure_boot", NOT_LIVE)
        return None
    content = evidence.reader.content(_SECURE_BOOT, 64)
    if content is None or len(content) < 5:
        evidence.because("secure_boot", _SECURE_BOOT)
        if not evidence.reader.reason(_SECURE_BOOT):
            evidence.not_measured("secure_boot", "the firmware has no variable SecureBoot")
        return None
    return "enabled" if content[4] == 1 else "disabled"


def vulnerabilities(evidence: Evidence) -> Optional[Dict[str, str]]:
    names = evidence.reader.names(_VULNERABILITIES)
    if names is None:
        evidence.not_measured("cpu_vulnerabilities", "the kernel does not say")
        return None
    said = {name: evidence.reader.word(f"{_VULNERABILITIES}/{name}") for name in names}
    return {name: text for name, text in said.items() if text is not None}
