"""What confines one container in fact: its first process as the kernel shows it, and what its bundle adds to that."""

from __future__ import annotations

import re

from scanners.checks.capabilities import DEFAULT, names_of
from scanners.checks.catalogue.docker.container.no_dangerous_capabilities import DANGEROUS
from scanners.checks.catalogue.oci.bundle.kernel_protection import MASKED, READ_ONLY, REFUSING
from scanners.checks.host_paths import is_sensitive, reaches_engine_socket
from scanners.defences.evidence import (
    Part,
    Said,
    absent,
    all_of,
    enforcing,
    not_measured,
    permissive,
    unread,
    unread_of,
)
from scanners.host import CapabilitySets, HostContainerFacts, Process

# Namespaces whose sharing opens the host. The user namespace is a mechanism of its own.
KINDS = ("pid", "net", "ipc", "uts", "mnt", "cgroup")
# With all of these shared the container lives among the processes of the host.
DECISIVE = frozenset({"pid", "net", "ipc"})
# Of the default set, the two behind whose doors flaws were found again and again: packet sockets and device nodes.
RISKY_DEFAULTS = frozenset({"NET_RAW", "MKNOD"})
# SELinux types that the policy of distributions leaves unconfined, or nearly so.
UNCONFINED_TYPES = frozenset(
    {"container_runtime_t", "init_t", "initrc_t", "kernel_t", "spc_t", "unconfined_service_t", "unconfined_t"}
)
_MASK = re.compile(r"[0-9a-fA-F]{0,16}", re.ASCII)
_APPARMOR = re.compile(r"(?P<profile>.+) \((?P<mode>[a-z]+)\)", re.ASCII)
MAX_LINES = 10


def seccomp_filter(facts: HostContainerFacts) -> Said:
    """The kernel shows that a filter is there; what it does with a call that it does not name, the bundle alone."""
    if lines := unread_of(facts, "process/seccomp"):
        return not_measured(*lines)
    mode = facts.container.process.seccomp if facts.container.process else None
    if mode is None:
        return not_measured("process.seccomp: the kernel does not show it")
    line = f"seccomp mode of the first process: {mode}"
    if mode == "disabled":
        return absent(line)
    if mode == "strict":
        return enforcing(line)
    if lines := unread_of(facts, "bundle/seccomp_default_action"):
        return not_measured(line, *lines)
    action = facts.container.bundle.seccomp_default_action if facts.container.bundle else None
    if action is None:
        return permissive(line, "the bundle names no filter: this one was inherited")
    if action in REFUSING:
        return enforcing(line, f"calls that it does not name: {action}")
    return permissive(line, f"calls that it does not name are not refused: {action[:80]}")


def no_new_privileges(facts: HostContainerFacts) -> Said:
    if lines := unread_of(facts, "process/no_new_privileges"):
        return not_measured(*lines)
    flag = facts.container.process.no_new_privileges if facts.container.process else None
    if flag is None:
        return not_measured("process.no_new_privileges: the kernel does not show it")
    return enforcing("the first process may gain no privileges") if flag else absent("NoNewPrivs is 0")


def reduced_capabilities(facts: HostContainerFacts) -> Said:
    """Enforcing below the engine's default set and without its risky members; absent with one that opens the host.

    All sets count: what is only in the bounding set comes back with a set-uid program.
    """
    if lines := unread_of(facts, "process/capabilities"):
        return not_measured(*lines)
    sets = facts.container.process.capabilities if facts.container.process else None
    if sets is None:
        return not_measured("process.capabilities: the kernel does not show them")
    held = _held(sets)
    if held is None:
        return not_measured("process.capabilities: the masks cannot be understood")
    dangerous = sorted(held & DANGEROUS)
    if dangerous:
        return absent(f"{len(held)} capabilities, of them dangerous: {', '.join(dangerous)}")
    more, risky = sorted(held - DEFAULT), sorted(held & RISKY_DEFAULTS)
    if more:
        return permissive(f"{len(held)} capabilities, beyond the default set: {', '.join(more[:MAX_LINES])}")
    if risky:
        whole = "the default set" if held >= DEFAULT else f"with {' and '.join(risky)}"
        return permissive(f"{len(held)} capabilities, {whole}")
    return enforcing(f"{len(held)} capabilities" + (f": {', '.join(sorted(held))}" if held else ""))


def _held(sets: CapabilitySets) -> frozenset[str] | None:
    masks = (sets.effective, sets.permitted, sets.inheritable, sets.bounding, sets.ambient)
    if not (sets.effective and sets.bounding) or not all(_MASK.fullmatch(mask) for mask in masks):
        return None
    return frozenset[str]().union(*(names_of(mask) for mask in masks))


def security_label(facts: HostContainerFacts) -> Said:
    if lines := unread_of(facts, "process/label"):
        return not_measured(*lines)
    label = facts.container.process.label if facts.container.process else None
    if label is None:
        return absent("no security module labels processes on this host")
    line = f"the first process is labelled {label[:200]}"
    if label == "unconfined":
        return absent(line)
    if match := _APPARMOR.fullmatch(label):
        if match["mode"] in ("enforce", "kill"):
            return enforcing(line)
        return absent(line) if match["mode"] == "unconfined" else permissive(line)
    parts = label.split(":")
    if len(parts) < 4:
        return not_measured(line, "neither SELinux nor AppArmor writes such a label")
    if parts[2] in UNCONFINED_TYPES:
        return absent(line, f"the policy leaves {parts[2]} unconfined")
    if lines := unread(facts.host, "/security_modules/selinux/mode"):
        return not_measured(line, *lines)
    mode = facts.host.security_modules.selinux.mode if facts.host.security_modules else None
    if mode == "enforcing":
        return enforcing(line)
    return permissive(line, f"SELinux of the host is {(mode or 'not there')[:80]}")


def user_namespace(facts: HostContainerFacts) -> Said:
    """Permissive when root is the host's root, but the program runs as another user."""
    if lines := unread_of(facts, "process/user_map"):
        return not_measured(*lines)
    process = facts.container.process
    if process is None or not process.user_map:
        return not_measured("process.user_map: no mapping is shown")
    root = [row.outside for row in process.user_map if row.inside == 0 and row.count]
    if not root:
        return enforcing("root of the container is no account at all")
    if root[0] != 0:
        return enforcing(f"root of the container is {root[0]} on the host")
    return _as_host_root(facts, process)


def _as_host_root(facts: HostContainerFacts, process: Process) -> Said:
    line = "root of the container is root of the host"
    if lines := unread_of(facts, "process/user_id"):
        return not_measured(line, *lines)
    if process.user_id is None:
        return not_measured(line, "process.user_id: the kernel does not show it")
    if process.user_id == 0:
        return absent(line)
    return permissive(line, f"the first process runs as {process.user_id}")


def namespaces(facts: HostContainerFacts) -> Said:
    if lines := unread_of(facts, "process/shared_namespaces"):
        return not_measured(*lines)
    process = facts.container.process
    if process is None or process.shared_namespaces is None:
        return not_measured("process.shared_namespaces: the kernel does not show them")
    shared = [kind for kind in KINDS if kind in process.shared_namespaces]
    lines = tuple(f"shares the {kind} namespace with the host" for kind in shared)
    if not shared:
        return enforcing("shares no namespace with the host")
    return absent(*lines) if DECISIVE.issubset(shared) else permissive(*lines)


def resource_limits(facts: HostContainerFacts) -> Said:
    """Memory and processes. Without a limit on processors the kernel still shares them out by weight."""
    if lines := unread_of(facts, "process/limits"):
        return not_measured(*lines)
    limits = facts.container.process.limits if facts.container.process else None
    if limits is None:
        return not_measured("process.limits: the kernel does not show them")
    found = {"memory": ("memory_bytes", limits.memory_bytes), "processes": ("pids", limits.pids)}
    parts = []
    for name, (field, value) in found.items():
        if lines := unread_of(facts, f"process/limits/{field}"):
            parts.append(Part(None, lines[0]))
        else:
            unit = " bytes" if field == "memory_bytes" else ""
            parts.append(
                Part(value is not None, f"{name}: {'no limit' if value is None else f'{value}{unit}'}")
            )
    return all_of(parts)


def masked_paths(facts: HostContainerFacts) -> Said:
    """As the bundle asks the runtime for; that a path is masked in fact, the kernel shows to nobody outside."""
    if lines := unread_of(facts, "bundle/masked_paths", "bundle/read_only_paths"):
        return not_measured(*lines)
    bundle = facts.container.bundle
    if bundle is None:
        return not_measured("bundle: not found on the host")
    missing = [f"{path} is not masked" for path in MASKED if path not in bundle.masked_paths]
    missing += [f"{path} is not read-only" for path in READ_ONLY if path not in bundle.read_only_paths]
    if not missing:
        return enforcing("kernel paths are masked or read-only")
    if len(missing) == len(MASKED) + len(READ_ONLY):
        return absent("no kernel path is masked or read-only")
    return permissive(*missing)


def host_mounts(facts: HostContainerFacts) -> Said:
    """Absent with an engine's socket or a sensitive path to write to; permissive when such paths are read-only.

    A socket takes commands from who may only read the folder, so read-only does not help there.
    """
    if lines := unread_of(facts, "process/mounts"):
        return not_measured(*lines)
    process = facts.container.process
    if process is None or process.mounts is None:
        return not_measured("process.mounts: the kernel does not show them")
    sockets = sorted({mount.source for mount in process.mounts if reaches_engine_socket(mount.source)})
    sensitive = [mount for mount in process.mounts if is_sensitive(mount.source)]
    writable = sorted({mount.source for mount in sensitive if not mount.read_only} - {*sockets})
    if sockets or writable:
        lines = (
            *(f"{path[:200]} leads to an engine's socket" for path in sockets[:MAX_LINES]),
            *(f"{path[:200]} of the host is writable" for path in writable[:MAX_LINES]),
        )
        return absent(*lines)
    if sensitive:
        read_only = sorted({mount.source for mount in sensitive})
        return permissive(*(f"{path[:200]} of the host is readable" for path in read_only[:MAX_LINES]))
    return enforcing("no sensitive path of the host is mounted")


def read_only_root(facts: HostContainerFacts) -> Said:
    if lines := unread_of(facts, "bundle/root_read_only"):
        return not_measured(*lines)
    bundle = facts.container.bundle
    if bundle is None:
        return not_measured("bundle: not found on the host")
    if bundle.root_read_only:
        return enforcing("the root file system is read-only")
    return absent("the root file system is writable")
