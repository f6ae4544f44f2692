"""eBPF programs that the kernel has loaded, asked of the kernel itself (bpf(2)), as bpftool would."""

import errno
import os
from typing import Any, Dict, List, Optional

from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import printable

MAX_PROGRAMS = 5000
PINNED = "/sys/fs/bpf"
# Number of the system call, the kernel's words for its commands, and its types of programs (include/uapi/linux/bpf.h).
_CALLS = {
    "x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "ppc64le": 361, "ppc64": 361, "s390x": 351,
    "armv7l": 386, "armv6l": 386, "i686": 357, "i386": 357,
}  # fmt: skip
_NEXT, _OPEN, _INFO = 11, 13, 15
_KINDS = (
    "unspecified", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp", "perf_event", "cgroup_skb",
    "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops", "sk_skb", "cgroup_device", "sk_msg", "raw_tracepoint",
    "cgroup_sock_addr", "lwt_seg6local", "lirc_mode2", "sk_reuseport", "flow_dissector", "cgroup_sysctl",
    "raw_tracepoint_writable", "cgroup_sockopt", "tracing", "struct_ops", "ext", "lsm", "sk_lookup", "syscall", "netfilter",
)  # fmt: skip


def collect(evidence: Evidence) -> Optional[List[Dict[str, Any]]]:
    reader = evidence.reader
    if reader.is_live:
        try:
            return loaded(evidence)
        except (ImportError, AttributeError):
            reason = "this Python cannot ask the kernel"
        except OSError as error:
            denied = error.errno in (errno.EPERM, errno.EACCES)
            reason = NEEDS_ROOT if denied and os.geteuid() != 0 else f"the kernel refuses: {error.strerror}"
    else:
        reason = NOT_LIVE
    pinned = reader.names(PINNED)
    evidence.whole_not_measured(f"{reason}; {len(pinned)} are pinned below {PINNED}" if pinned else reason)
    return None


def loaded(evidence: Evidence) -> List[Dict[str, Any]]:
    """Every program. Only questions are asked: each program is opened, looked at and closed. Raises OSError."""
    import ctypes

    class Asked(ctypes.Structure):
        """bpf(2)'s argument for going through programs, and for opening one by its number."""

        _fields_ = [("id", ctypes.c_uint), ("next", ctypes.c_uint), ("flags", ctypes.c_uint)]

    class Info(ctypes.Structure):
        """The beginning of struct bpf_prog_info; the addresses stay empty, so that no code is copied out."""

        _fields_ = [
            ("type", ctypes.c_uint),
            ("id", ctypes.c_uint),
            ("tag", ctypes.c_ubyte * 8),
            ("jited_length", ctypes.c_uint),
            ("translated_length", ctypes.c_uint),
            ("jited", ctypes.c_ulonglong),
            ("translated", ctypes.c_ulonglong),
            ("loaded_at", ctypes.c_ulonglong),
            ("user", ctypes.c_uint),
            ("map_count", ctypes.c_uint),
            ("maps", ctypes.c_ulonglong),
            ("name", ctypes.c_char * 16),
        ]

    class Wanted(ctypes.Structure):
        """bpf(2)'s argument for what is known of one."""

        _fields_ = [("handle", ctypes.c_uint), ("length", ctypes.c_uint), ("info", ctypes.c_ulonglong)]

    number = _CALLS.get(os.uname().machine)
    if number is None:
        raise AttributeError("the number of bpf(2) is not known for this machine")
    library = ctypes.CDLL(None, use_errno=True)

    def bpf(command: int, argument: Any) -> int:
        found = library.syscall(
            ctypes.c_long(number),
            ctypes.c_int(command),
            ctypes.byref(argument),
            ctypes.c_uint(ctypes.sizeof(argument)),
        )
        if found < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return int(found)

    found: List[Dict[str, Any]] = []
    asked = Asked()
    while True:
        evidence.reader.check_time()
        asked.next = asked.flags = 0
        try:
            bpf(_NEXT, asked)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return found
            raise
        if len(found) == MAX_PROGRAMS:
            evidence.reader.skip("bpf", "more programs than are kept")
            return found
        asked.id = asked.next
        info = Info()
        try:
            handle = bpf(_OPEN, Asked(id=asked.id))
        except OSError as error:
            if error.errno == errno.ENOENT:
                continue  # unloaded since
            raise
        try:
            bpf(_INFO, Wanted(handle, ctypes.sizeof(info), ctypes.addressof(info)))
        finally:
            os.close(handle)
        found.append(
            {
                "id": int(info.id),
                "kind": _KINDS[info.type] if info.type < len(_KINDS) else f"type {info.type}",
                "name": printable(info.name.decode("utf-8", "replace"), 16),
                "tag": bytes(info.tag).hex(),
            }
        )
