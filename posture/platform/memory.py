"""How much memory this process may use: the machine's, or less where a control group says so."""

from __future__ import annotations

from pathlib import Path

import psutil

MEBIBYTE = 1024 * 1024
# The limit of control groups version 2, then of version 1, as a container sees its own.
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def available_bytes(limits: tuple[Path, ...] = _LIMITS) -> int:
    """Bytes of memory; a limit that cannot be read, or that is not a number ("max"), is none."""
    found = [psutil.virtual_memory().total]
    for path in limits:
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):
            continue
    return min(found)
