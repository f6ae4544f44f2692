"""What the kernel offers for confining processes: seccomp, capabilities, namespaces and cgroups."""

import re
from typing import Any, Dict, List, Optional

from scanners.probe import bundles
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader

DEFAULT_PROFILES = (
    "/etc/containers/seccomp.json",
    "/usr/share/containers/seccomp.json",
    "/etc/crio/seccomp.json",
)
NAMESPACE_LIMITS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
MAX_SUBORDINATES = 1000
_SUBORDINATE = re.compile(r"([^:]+):([0-9]{1,10}):([0-9]{1,10})$")
_CGROUPS = "/sys/fs/cgroup"


def collect(evidence: Evidence) -> Dict[str, Any]:
    return {
        "seccomp": seccomp(evidence.below("seccomp")),
        "capabilities": capabilities(evidence.below("capabilities")),
        "namespaces": namespaces(evidence.below("namespaces")),
        "cgroups": cgroups(evidence.below("cgroups")),
    }


def seccomp(evidence: Evidence) -> Dict[str, Any]:
    """`actions` that a filter may take, as the kernel names them; None on a kernel without filters.

    `default_profiles` are the files of Podman and CRI-O (containers-common, seccomp.json(5)); a profile that another
    of them replaces is told too.
    """
    profiles = {}
    for path in DEFAULT_PROFILES:
        found = profile(evidence.reader, path)
        evidence.below("default_profiles").because(path, path)
        if found is not None or evidence.reader.reason(path):
            profiles[path] = found
    return {
        "actions": evidence.read("actions", "/proc/sys/kernel/seccomp/actions_avail", str.split),
        "default_profiles": profiles,
    }


def profile(reader: Reader, path: str) -> Optional[Dict[str, Any]]:
    """What the filter in a file does to calls that it does not name, and how many it allows; None without the file."""
    document = bundles.parsed(reader, path)
    if document is None:
        return None
    whole = bundles.Fields(reader, path, document)
    allowing = [rule for rule in whole.each("syscalls") if rule.text("action") == "SCMP_ACT_ALLOW"]
    return {
        "default_action": whole.text("defaultAction") or None,
        "allowed": len({name for rule in allowing for name in rule.texts("names")}),
    }


def capabilities(evidence: Evidence) -> Dict[str, Any]:
    status = evidence.reader.text("/proc/1/status") or ""
    evidence.because("bounding", "/proc/1/status")
    bounding = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return {
        "last": evidence.number("last", "/proc/sys/kernel/cap_last_cap"),
        "bounding": bounding.group(1) if bounding else None,  # hexadecimal mask of the first process
    }


def namespaces(evidence: Evidence) -> Dict[str, Any]:
    """`limits` are the most namespaces of each kind that a user may have (user_namespaces(7)); 0 means none."""
    limits = {}
    for kind in NAMESPACE_LIMITS:
        limits[kind] = evidence.below("limits").number(kind, f"/proc/sys/user/max_{kind}_namespaces")
    return {
        "kinds": evidence.reader.names("/proc/self/ns") if evidence.reader.is_live else None,
        "limits": limits,
        "unprivileged_user": evidence.number(
            "unprivileged_user", "/proc/sys/kernel/unprivileged_userns_clone"
        ),
        "subordinate_users": evidence.read("subordinate_users", "/etc/subuid", subordinates),
        "subordinate_groups": evidence.read("subordinate_groups", "/etc/subgid", subordinates),
    }


def subordinates(text: str) -> List[Dict[str, Any]]:
    """Ranges of ids that a user may map into its namespaces (subuid(5))."""
    found = []
    for line in text.splitlines()[:MAX_SUBORDINATES]:
        match = _SUBORDINATE.match(line.strip())
        if match:
            owner, first, count = match.groups()
            found.append({"owner": owner, "first": int(first), "count": int(count)})
    return found


def cgroups(evidence: Evidence) -> Dict[str, Any]:
    """`version` is 2, 1, or "hybrid": version 1 with a version 2 tree beside it for systemd alone."""
    mounts = evidence.reader.text("/proc/mounts") or ""
    evidence.because("version", "/proc/mounts")
    kinds: Dict[str, List[str]] = {}
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) >= 3 and (fields[1] == _CGROUPS or fields[1].startswith(_CGROUPS + "/")):
            kinds.setdefault(fields[2], []).append(fields[1])
    version: Optional[str] = None
    if "cgroup" in kinds:
        version = "hybrid" if "cgroup2" in kinds else "1"
    elif "cgroup2" in kinds:
        version = "2"
    controllers = evidence.read("controllers", _CGROUPS + "/cgroup.controllers", str.split)
    if controllers is None:
        controllers = evidence.read("controllers", "/proc/cgroups", enabled_controllers)
    return {
        "version": version,
        "controllers": controllers,
        "delegated": evidence.read("delegated", _CGROUPS + "/user.slice/cgroup.subtree_control", str.split),
    }


def enabled_controllers(text: str) -> List[str]:
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return sorted(row[0] for row in rows if len(row) >= 4 and row[3] == "1")
