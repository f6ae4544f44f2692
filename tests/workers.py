"""A real Celery worker and beat on the test database, and a proxy that can hold an engine's answers back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 40.0


def wait_for(what: str, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """The first true value of `condition`; fails naming what was waited for."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        if value := condition():
            return value
        pause.wait(0.05)
    raise AssertionError(f"waited {seconds:g} s for {what}")


class Worker:
    """`celery worker --beat` as a process group of its own, on the database of the running test."""

    def __init__(self, log: Path, **environment: str) -> None:
        self._log = log.open("wb")
        name = connection.settings_dict["NAME"]
        url = os.environ["DATABASE_URL"]
        database, _, options = url.partition("?")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "posture", "worker", "--beat", "--concurrency", "2"),
                *("--loglevel", "INFO", "--schedule", str(log.with_suffix(".schedule"))),
            ],
            cwd=ROOT,
            env=os.environ
            | {
                "DATABASE_URL": f"{database.rpartition('/')[0]}/{name}" + (f"?{options}" if options else ""),
                "PLIMSOLL_LEASE_SECONDS": "6",
                "PLIMSOLL_TICK_SECONDS": "0.5",
                "PLIMSOLL_SCANS": "0",  # but where scans are tested
            }
            | environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL to the worker and its children, as an out-of-memory killer or a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()


class HoldingProxy:
    """Stands before a real engine's unix socket. While `hold` is set, requests whose path holds `marker` wait."""

    def __init__(self, path: Path, engine: str, marker: bytes = b"/json") -> None:
        self.address = f"unix://{path}"
        self.hold = threading.Event()
        self.held = threading.Event()
        self.connections = 0
        self._engine = engine.removeprefix("unix://")
        self._marker = marker
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(64)
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._engine)
            threading.Thread(target=self._forward, args=(client, engine, True), daemon=True).start()
            threading.Thread(target=self._forward, args=(engine, client, False), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, requests: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if requests and self.hold.is_set() and self._marker in data.partition(b"\r\n")[0]:
                    self.held.set()
                    while self.hold.is_set() and not self._closed.wait(0.05):
                        pass
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed.set()
        self.hold.clear()
        self._server.close()


@contextlib.contextmanager
def a_worker(log: Path, **environment: str) -> Iterator[Worker]:
    worker = Worker(log, **environment)
    try:
        yield worker
    finally:
        worker.stop()
