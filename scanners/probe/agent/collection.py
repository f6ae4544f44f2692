"""One collection at a time, in a process of its own: its memory is given back, and a hang ends with it."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from typing import Callable, List

OUTPUT_BYTES = 16 << 20  # of the document, as the probe itself limits it
GRACE_SECONDS = 5.0  # the probe ends its own collection when its time is over; this is for writing it down
END_SECONDS = 2.0


class BusyError(Exception):
    """Another collection runs."""


class GoneError(Exception):
    """Whoever asked is no longer there."""


class FailedError(Exception):
    """There is no document; the message says why."""


class Collector:
    """Runs the probe. `archive` is the file that holds it."""

    def __init__(self, archive: str) -> None:
        self._archive = os.path.abspath(archive)
        self._lock = threading.Lock()

    def document(self, nonce: str, seconds: float, client: int, is_gone: Callable[[], bool]) -> bytes:
        """The document. `client` is the file descriptor of who asks: when it has something to read, `is_gone` is asked.

        Raises `BusyError`, `GoneError`, `FailedError`.
        """
        if not self._lock.acquire(False):
            raise BusyError
        try:
            return self._run(nonce, seconds, client, is_gone)
        finally:
            self._lock.release()

    def _run(self, nonce: str, seconds: float, client: int, is_gone: Callable[[], bool]) -> bytes:
        deadline = time.monotonic() + seconds + GRACE_SECONDS
        # Without the service's environment, and in a session of its own: Ctrl-C is for the agent, which ends it.
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", self._archive, f"--seconds={seconds:.3f}", "--nonce=" + nonce],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
            start_new_session=True,
        )
        stream = process.stdout
        assert stream is not None
        pieces: List[bytes] = []
        size = 0
        try:
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise FailedError("the collection took too long")
                ready = select.select([stream.fileno(), client], [], [], left)[0]
                if client in ready and is_gone():
                    raise GoneError
                if stream.fileno() not in ready:
                    continue
                piece = os.read(stream.fileno(), 65536)
                if not piece:
                    break
                pieces.append(piece)
                size += len(piece)
                if size > OUTPUT_BYTES + 1:
                    raise FailedError("the document is too large")
            try:
                status = process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise FailedError("the collection took too long") from None
        finally:
            end(process)
            stream.close()
        if status != 0:
            raise FailedError(f"the probe ended with status {status}")
        return b"".join(pieces).rstrip(b"\n")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the probe to end, so that it ends what it runs; make it end when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
