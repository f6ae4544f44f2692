"""The few programs of the host that the probe runs, and nothing else: fixed names, found in the system's own folders.

Never anything that a container brought, never below another root, and never a program that somebody other than root
and ourselves could have put there. Each is ended, with all that it started, after a few seconds or a megabyte.
"""

import os
import signal
import subprocess
import threading
from typing import Optional, Sequence

from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import Reader

FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
SECONDS = 5.0
BYTES = 1 << 20
_ENVIRONMENT = {"PATH": ":".join(FOLDERS[:4]), "LC_ALL": "C", "LANG": "C"}


def find(reader: Reader, name: str) -> str:
    """Where the host has the program; "" when it has not, or only one that `is_ours` refuses, which is a skip."""
    for folder in FOLDERS:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            if is_ours(path):
                return path
            reader.skip(path, "not run: others may change it")
    return ""


def is_ours(path: str) -> bool:
    """Whether only root and the user of this process can change the program, or put another one in its place."""
    real = os.path.realpath(path)
    for place in (real, os.path.dirname(real)):
        found = os.stat(place)
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
            return False
    return True


def run(
    reader: Reader, arguments: Sequence[str], limit: int = BYTES, seconds: float = SECONDS
) -> Optional[str]:
    """What a program says, None when the host has not got it, or it failed, which `reader.skipped` tells."""
    reader.check_time()
    path = find(reader, arguments[0]) if reader.is_live else ""
    if not path:
        return None
    where = "command " + " ".join(arguments)
    try:
        process = subprocess.Popen(
            [path] + list(arguments[1:]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        reader.skip(where, "cannot be started")
        return None
    stream = process.stdout
    assert stream is not None
    late = threading.Event()

    def end() -> None:
        late.set()
        kill(process)

    clock = threading.Timer(min(seconds, reader.seconds_left()), end)
    clock.start()
    try:
        output = stream.read(limit + 1)
        if len(output) > limit:
            kill(process)
        # Waited for, but not reaped: until then its number, which names the group, belongs to nobody else.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        clock.cancel()
        clock.join()
        kill(process)
        process.wait()
        stream.close()
    if late.is_set():
        reader.skip(where, "took too long")
    elif len(output) > limit:
        reader.skip(where, "said too much")
    elif process.returncode != 0:
        reader.skip(where, f"failed with status {process.returncode}")
    else:
        return output.decode("utf-8", "replace")
    return None


def ask(
    evidence: Evidence, name: str, arguments: Sequence[str], limit: int = BYTES, seconds: float = SECONDS
) -> Optional[str]:
    """What a program says to root of the running host; None, and the fact `name` not measured, when it does not."""
    reader = evidence.reader
    if not reader.is_live:
        evidence.not_measured(name, NOT_LIVE)
        return None
    if os.geteuid() != 0:
        evidence.not_measured(name, NEEDS_ROOT)
        return None
    said = run(reader, arguments, limit, seconds)
    if said is None:
        reason = reader.reason("command " + " ".join(arguments))
        evidence.not_measured(
            name, f"{arguments[0]} {reason}" if reason else f"the host has no {arguments[0]} that may be run"
        )
    return said


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End the program and everything that it started. It must not have been reaped."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
