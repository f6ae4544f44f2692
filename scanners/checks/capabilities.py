"""Linux capabilities by number, in the order of linux/capability.h."""

from __future__ import annotations

from functools import lru_cache

NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip

# The set that the engine gives when nothing is asked for (moby, daemon/pkg/oci/caps/defaults.go).
DEFAULT = frozenset(
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
        "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ]
)  # fmt: skip


def names_of(mask: str) -> frozenset[str]:
    """The capabilities of a hexadecimal mask, without CAP_; a bit that has no name yet is "capability <number>"."""
    value = int(mask or "0", 16)
    return frozenset(
        NAMES[bit] if bit < len(NAMES) else f"capability {bit}"
        for bit in range(value.bit_length())
        if value >> bit & 1
    )


@lru_cache(maxsize=256)
def bare(name: str) -> str:
    return name.upper().removeprefix("CAP_")
