"""Becomes another program, after giving up what it does not need. Run as a script: FILE_BYTES CPU_SECONDS PROGRAM ARGUMENT…

It stands between the two because code between fork and exec may deadlock in a process that has threads.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NICENESS = 10


def main(arguments: list[str]) -> None:
    parent, file_bytes, cpu_seconds = int(arguments[0]), int(arguments[1]), int(arguments[2])
    if sys.platform == "linux":
        # Nobody would read the report of a worker that was killed.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        # When memory runs out, the scanner goes first, not the database.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
    os.nice(_NICENESS)
    for what, limit in (
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        most = resource.getrlimit(what)[1]
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(what, (limit, limit))
    # Python ignores these, and ignored signals stay ignored in the next program.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execv(arguments[3], arguments[3:])


if __name__ == "__main__":
    main(sys.argv[1:])
