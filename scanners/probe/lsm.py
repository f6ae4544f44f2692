"""Linux security modules: which are active and in which order, and how SELinux and AppArmor are set."""

import re
from typing import Any, Dict, Optional

from scanners.probe.evidence import Evidence
from scanners.probe.reading import whole

MAX_PROFILES = 2000
BOOLEANS = (
    "container_connect_any", "container_manage_cgroup", "container_use_cephfs", "container_use_devices",
    "container_use_dri_devices", "container_use_ecryptfs", "container_use_xserver_devices", "deny_ptrace",
    "domain_kernel_load_modules", "secure_mode_insmod", "selinuxuser_execheap", "selinuxuser_execmod",
    "selinuxuser_execstack", "virt_sandbox_use_all_caps", "virt_sandbox_use_netlink", "virt_use_nfs",
)  # fmt: skip
_ENABLED = "/sys/module/apparmor/parameters/enabled"
_PROFILES = "/sys/kernel/security/apparmor/profiles"
_SETTING = re.compile(r"^\s*(SELINUX|SELINUXTYPE)\s*=\s*(\S+)", re.MULTILINE)


def collect(evidence: Evidence) -> Dict[str, Any]:
    order = evidence.read(
        "order", "/sys/kernel/security/lsm", lambda text: [name for name in text.split(",") if name]
    )
    evidence.without_securityfs("order")
    return {
        "order": order,
        "selinux": selinux(evidence.below("selinux")),
        "apparmor": apparmor(evidence.below("apparmor")),
    }


def selinux(evidence: Evidence) -> Dict[str, Any]:
    """`mode` is enforcing, permissive or disabled, as the kernel has it now; `configured` is for the next start."""
    reader = evidence.reader
    configured = dict(_SETTING.findall(reader.text("/etc/selinux/config") or ""))
    evidence.because("configured", "/etc/selinux/config")
    mode: Optional[str] = "disabled"
    if reader.exists("/sys/fs/selinux/enforce") is not False:
        mode = evidence.read(
            "mode", "/sys/fs/selinux/enforce", lambda text: ("permissive", "enforcing")[whole(text) != 0]
        )
    elif not reader.is_live and configured:
        mode = None
        evidence.not_measured("mode", "needs the running host")
    booleans = {}
    for name in BOOLEANS:
        said = reader.word("/sys/fs/selinux/booleans/" + name)
        if said:
            booleans[name] = said.split()[0] == "1"
    return {
        "mode": mode,
        "configured": configured.get("SELINUX", "").lower() or None,
        "policy": configured.get("SELINUXTYPE"),
        "policy_version": evidence.number("policy_version", "/sys/fs/selinux/policyvers"),
        "booleans": booleans,
    }


def apparmor(evidence: Evidence) -> Dict[str, Any]:
    """`profiles` are name -> mode (enforce, complain, kill, unconfined …) as loaded now."""
    enabled = evidence.read("enabled", _ENABLED, lambda text: text == "Y")
    profiles = None
    if enabled:
        profiles = evidence.read("profiles", _PROFILES, loaded_profiles)
        if profiles is None and not evidence.reader.reason(_PROFILES):
            evidence.not_measured("profiles", "needs root")
    unknown = enabled is None and evidence.reader.reason(_ENABLED)
    return {
        "enabled": None if unknown else bool(enabled),
        "profiles": profiles,
        "restricts_user_namespaces": evidence.number(
            "restricts_user_namespaces", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
        ),
    }


def loaded_profiles(text: str) -> Dict[str, str]:
    found = {}
    for line in text.splitlines()[:MAX_PROFILES]:
        name, blank, mode = line.rpartition(" (")
        if blank and mode.endswith(")"):
            found[name] = mode[:-1]
    return found
