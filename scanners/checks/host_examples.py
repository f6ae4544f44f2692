"""Builders of probed hosts and containers for the examples of checks: well kept unless told otherwise."""

from __future__ import annotations

from typing import Any

import msgspec

from scanners import host

_GOOD: dict[str, Any] = {
    "schema": host.SCHEMA,
    "is_root": True,
    "host": {"id": "example-host", "name": "example"},
    "distribution": {"id": "debian", "version_id": "13", "pretty_name": "Debian GNU/Linux 13 (trixie)"},
    "kernel": {
        "release": "6.12.48-amd64",
        "installed": ["6.12.48-amd64"],
        "parameters": ["quiet"],
        "options": {"SECCOMP_FILTER": "y", "BPF_SYSCALL": "y", "MODULE_SIG_FORCE": "n"},
        "tainted": 0,
        "lockdown": "integrity",
        "modules": {"disabled": 0, "signatures_enforced": True},
        "kexec_load_disabled": 1,
        "secure_boot": "enabled",
        "cpu_vulnerabilities": {"meltdown": "Not affected", "spectre_v2": "Mitigation: Retpolines"},
        "reboot_required": {"marked": False},
    },
    "security_modules": {
        "order": ["lockdown", "capability", "yama", "apparmor"],
        "selinux": {"mode": "disabled"},
        "apparmor": {
            "enabled": True,
            "profiles": {"docker-default": "enforce"},
            "restricts_user_namespaces": 1,
        },
    },
    "confinement": {
        "seccomp": {"actions": ["kill_process", "errno", "allow"]},
        "capabilities": {"last": 40, "bounding": "1ffffffffff"},
        "namespaces": {"limits": {"user": 100000}, "unprivileged_user": 0},
        "cgroups": {"version": "2", "controllers": ["cpu", "io", "memory", "pids"]},
    },
    "integrity": {
        "ima": {
            "present": True,
            "parameters": {"ima_policy": "tcb", "ima_appraise": "enforce"},
            "measurements": 5000,
            "violations": 0,
        },
        "evm": {"state": 1},
    },
    "sysctls": {
        "kernel.unprivileged_bpf_disabled": "2",
        "net.core.bpf_jit_enable": "1",
        "net.core.bpf_jit_harden": "2",
        "kernel.kptr_restrict": "2",
        "kernel.dmesg_restrict": "1",
        "kernel.perf_event_paranoid": "3",
        "kernel.yama.ptrace_scope": "1",
        "kernel.randomize_va_space": "2",
        "fs.protected_symlinks": "1",
        "fs.protected_hardlinks": "1",
        "fs.protected_fifos": "1",
        "fs.protected_regular": "2",
        "fs.suid_dumpable": "0",
        "kernel.sysrq": "0",
        "net.ipv4.conf.all.rp_filter": "1",
        "net.ipv4.conf.all.accept_redirects": "0",
        "net.ipv4.conf.all.accept_source_route": "0",
    },
    "runtimes": {"runc": {"path": "/usr/sbin/runc", "version": "1.4.3"}},
    "containers": [],
    "containers_complete": True,
}

_CONTAINER: dict[str, Any] = {
    "id": "web",
    "manager": "runc",
    "process_count": 1,
    "process": {
        "user_id": 100000,
        "seccomp": "filter",
        "no_new_privileges": True,
        "capabilities": {"effective": "0000000000000400", "bounding": "0000000000000400", "ambient": "0" * 16},
        "label": "docker-default (enforce)",
        "user_map": [[0, 100000, 65536]],
        "shared_namespaces": [],
        "limits": {"memory_bytes": 536870912, "pids": 100, "cpus": 1.0},
        "mounts": [],
    },
    "bundle": {
        "path": "/srv/web",
        "user_id": 1000,
        "no_new_privileges": True,
        "capabilities": {"bounding": ["CAP_NET_BIND_SERVICE"], "effective": ["CAP_NET_BIND_SERVICE"]},
        "apparmor_profile": "docker-default",
        "root_read_only": True,
        "namespaces": [
            {"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount", "user", "cgroup")
        ],
        "user_map": [[0, 100000, 65536]],
        "seccomp_default_action": "SCMP_ACT_ERRNO",
        "seccomp_syscalls": 300,
        "masked_paths": [
            "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
        ],
        "read_only_paths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        "device_rules": [{"allow": False, "access": "rwm"}],
        "memory_bytes": 536870912,
        "pids": 100,
        "cpus": 1.0,
        "rootfs_propagation": "rprivate",
    },
}  # fmt: skip


def probed(**changes: Any) -> host.HostFacts:
    """A host that keeps every rule. `kernel__lockdown="none"` changes the fact /kernel/lockdown."""
    return msgspec.convert(_changed(_GOOD, changes), host.HostFacts)


def unread_part(name: str, reason: str = "needs root") -> host.HostFacts:
    """The same host, of which one subject could not be read."""
    return probed(**{name: None}, not_measured={"/" + name: reason})


def probed_container(**changes: Any) -> host.HostContainerFacts:
    """A container that runC started from a strict bundle. `process__seccomp="disabled"` changes that fact."""
    container = msgspec.convert(_changed(_CONTAINER, changes), host.HostContainer)
    return host.HostContainerFacts(container=container, pointer="/containers/0", host=probed())


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    found = dict(good)
    for path, value in changes.items():
        place = found
        *above, name = path.split("__")
        for step in above:
            place[step] = dict(place[step])
            place = place[step]
        place[name] = value
    return found
