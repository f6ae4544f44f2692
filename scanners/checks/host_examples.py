"""Builders of probed hosts and containers for the examples of checks: well kept unless told otherwise."""

from __future__ import annotations

from typing import Any

from scanners import host, typed

# What section 1 of the CIS Docker Benchmark wants audited, where Debian has it.
_WATCHED = {
    "1.1.3": "/usr/bin/dockerd",
    "1.1.4": "/run/containerd",
    "1.1.5": "/var/lib/docker",
    "1.1.6": "/etc/docker",
    "1.1.7": "/usr/lib/systemd/system/docker.service",
    "1.1.8": "/run/containerd/containerd.sock",
    "1.1.9": "/run/docker.sock",
    "1.1.10": "/etc/default/docker",
    "1.1.11": "/etc/docker/daemon.json",
    "1.1.12": "/etc/containerd/config.toml",
    "1.1.13": "/etc/sysconfig/docker",
    "1.1.14": "/usr/bin/containerd",
    "1.1.15": "/usr/bin/containerd-shim",
    "1.1.16": "/usr/bin/containerd-shim-runc-v1",
    "1.1.17": "/usr/bin/containerd-shim-runc-v2",
    "1.1.18": "/usr/bin/runc",
}
_RULES = [f"-w {path} -p rwxa -k docker" for path in _WATCHED.values()]


def _file(path: str, mode: str = "0644", *, gid: int = 0, kind: str = "file") -> dict[str, Any]:
    return {"path": path, "uid": 0, "gid": gid, "mode": mode, "kind": kind}


_GOOD: dict[str, Any] = {
    "schema": host.SCHEMA,
    "is_root": True,
    "host": {"id": "example-host", "name": "example", "uptime_seconds": 86400},
    "distribution": {"id": "debian", "version_id": "13", "pretty_name": "Debian GNU/Linux 13 (trixie)"},
    "kernel": {
        "release": "6.12.48-quay",
        "version": "#1 SMP PREEMPT_DYNAMIC",
        "installed": ["6.12.48-quay"],
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
    "runtimes": {
        "dockerd": {"path": "/usr/bin/dockerd", "version": "29.7.2"},
        "containerd": {"path": "/usr/bin/containerd", "version": "2.3.4"},
        "runc": {"path": "/usr/bin/runc", "version": "1.4.3"},
    },
    "docker": {
        "is_running": True,
        "engine_id": "example-engine",
        "settings": {
            "log-driver": "json-file",
            "log-opts": {"max-size": "10m", "max-file": "3"},
            "userland-proxy": False,
            "tlsverify": True,
            "tlscacert": "/etc/docker/ca.pem",
            "tlscert": "/etc/docker/cert.pem",
            "tlskey": "/etc/docker/key.pem",
            "no-new-privileges": True,
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 65536, "Hard": 65536}},
        },
        "addresses": ["unix:///run/docker.sock"],
        "root_dir_is_mount_point": True,
        "containerd_root_is_mount_point": True,
        "files": {
            "docker-service": [_file("/usr/lib/systemd/system/docker.service")],
            "docker-socket-unit": [_file("/usr/lib/systemd/system/docker.socket")],
            "etc-docker": [_file("/etc/docker", "0755", kind="directory")],
            "registry-certs": [_file("/etc/docker/certs.d/registry.example/ca.crt", "0444")],
            "tls-ca": [_file("/etc/docker/ca.pem", "0444")],
            "tls-cert": [_file("/etc/docker/cert.pem", "0444")],
            "tls-key": [_file("/etc/docker/key.pem", "0400")],
            "docker-sock": [_file("/run/docker.sock", "0660", gid=998, kind="socket")],
            "daemon-json": [_file("/etc/docker/daemon.json")],
            "etc-default-docker": [_file("/etc/default/docker")],
            "sysconfig-docker": [_file("/etc/sysconfig/docker")],
            "containerd-sock": [_file("/run/containerd/containerd.sock", "0660", kind="socket")],
        },
        "group": {"gid": 998},
        "watched": dict.fromkeys(_WATCHED.values(), True),
        "watched_as": {number: [path] for number, path in _WATCHED.items()},
    },
    "container_data": [
        {"path": "/var/lib/docker", "file_system": "ext4", "is_mount_point": True, "is_encrypted": True},
    ],
    "audit": {
        "is_running": True,
        "enabled": 2,
        "lost": 0,
        "rules": _RULES,
        "file_rules": _RULES,
        "settings": {
            "max_log_file_action": "ROTATE",
            "space_left_action": "SYSLOG",
            "disk_full_action": "SUSPEND",
        },
        "log_files": [
            _file("/var/log/audit", "0750", kind="directory"),
            _file("/var/log/audit/audit.log", "0600"),
        ],
    },
    "listeners": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "program": "sshd"}],
    "time": {
        "is_synchronised": True,
        "services": ["chrony"],
        "servers": ["ntp.example"],
        "estimated_error_seconds": 0.01,
    },
    "sensors": [
        {"name": name, "is_running": True, "path": f"/usr/bin/{name}", "last_sign": "2026-09-29T03:00:00Z"}
        for name in ("falco", "tracee", "tetragon", "aide")
    ],
    "log_collectors": ["fluent-bit"],
    "firewall": {"services": ["nftables"], "input_policy": "drop"},
    "backups": [{"tool": "restic", "evidence": "/var/cache/restic", "last_run": "2026-09-29T03:00:00Z"}],
    "packages": {"manager": "dpkg", "installed": [["docker-ce", "5:29.7.2-1"], ["openssl", "3.5.1-1"]]},
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
    return typed.convert(_changed(_GOOD, changes), host.HostFacts)


def unread_part(name: str, reason: str = "needs root") -> host.HostFacts:
    """The same host, of which one subject could not be read."""
    return probed(**{name: None}, not_measured={"/" + name: reason})


def with_file(subject: str, **changes: Any) -> host.HostFacts:
    """The same host with one of Docker's files changed: `with_file("daemon-json", mode="0666")`."""
    return probed(**{f"docker__files__{subject}": [{**_GOOD["docker"]["files"][subject][0], **changes}]})


def without_file(subject: str) -> host.HostFacts:
    return probed(**{f"docker__files__{subject}": []})


def setting(name: str, value: Any) -> host.HostFacts:
    """The same host with another setting of Docker's daemon; None for one that is not set."""
    settings = {**_GOOD["docker"]["settings"], name: value}
    return probed(docker__settings={key: said for key, said in settings.items() if said is not None})


def probed_container(configured: Any = None, **changes: Any) -> host.HostContainerFacts:
    """A container that runC started from a strict bundle. `process__seccomp="disabled"` changes that fact.

    `configured` is what an engine tells of it, as `scanners.checks.examples.container` builds it.
    """
    container = typed.convert(_changed(_CONTAINER, changes), host.HostContainer)
    return host.HostContainerFacts(
        container=container, pointer="/containers/0", host=probed(), configured=configured
    )


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
