"""The few programs of the host that the probe runs, and nothing else: fixed names, found in the system's own folders.

Never anything that a container brought, never below another root. Each is ended, with all that it started, after a
few seconds or a megabyte.
"""

import os
import signal
import subprocess
import threading
from typing import Optional, Sequence

from scanners.probe.reading import Reader

FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
SECONDS = 5.0
BYTES = 1 << 20
_ENVIRONMENT = {"PATH": ":".join(FOLDERS[:4]), "LC_ALL": "C", "LANG": "C"}


def find(name: str) -> str:
    """Where the host has the program; "" when it has not."""
    for folder in FOLDERS:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return ""


def run(
    reader: Reader, arguments: Sequence[str], limit: int = BYTES, seconds: float = SECONDS
) -> Optional[str]:
    """What a program says, None when the host has not got it, or it failed, which `reader.skipped` tells."""
    reader.check_time()
    path = find(arguments[0]) if reader.is_live else ""
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
        process.wait()
    finally:
        clock.cancel()
        kill(process)
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


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End the program and what it started; its group outlives it only when it left children behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
