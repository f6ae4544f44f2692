"""Kernel settings that bear on containers, BPF and what one process may learn of another."""

from typing import Dict, Optional

from scanners.probe.evidence import Evidence

NAMES = (
    "kernel.unprivileged_bpf_disabled", "net.core.bpf_jit_enable", "net.core.bpf_jit_harden", "kernel.kptr_restrict",
    "kernel.dmesg_restrict", "kernel.perf_event_paranoid", "kernel.yama.ptrace_scope", "kernel.randomize_va_space",
    "kernel.sysrq", "kernel.core_pattern", "kernel.modules_disabled", "kernel.kexec_load_disabled",
    "kernel.io_uring_disabled", "fs.protected_symlinks", "fs.protected_hardlinks", "fs.protected_fifos",
    "fs.protected_regular", "fs.suid_dumpable", "user.max_user_namespaces", "vm.mmap_min_addr",
    "vm.unprivileged_userfaultfd", "vm.overcommit_memory", "net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.all.accept_source_route", "net.ipv4.conf.all.send_redirects",
    "net.ipv4.tcp_syncookies", "net.ipv6.conf.all.forwarding", "net.bridge.bridge-nf-call-iptables",
    "dev.tty.ldisc_autoload",
)  # fmt: skip


def collect(evidence: Evidence) -> Dict[str, Optional[str]]:
    """Name -> value as text; a setting that this kernel does not have is not in it."""
    found: Dict[str, Optional[str]] = {}
    for name in NAMES:
        path = "/proc/sys/" + name.replace(".", "/")
        value = evidence.read(name, path)
        if value is not None:
            found[name] = value
        elif evidence.reader.reason(path):
            found[name] = None
    return found
