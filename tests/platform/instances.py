"""A whole Plimsoll as `make run` starts it: a real supervisor with its real children and servers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import psutil

from posture.platform.embedded import Embedded
from posture.platform.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
PASSWORD = "correct-horse-battery-staple"


def free_port() -> int:
    """A port that nobody holds at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """One run over one data folder and port; leaving the block kills whatever is left."""

    def __init__(self, var: Path, port: int | None = None, **more: str) -> None:
        """`more` is added to the environment that it is started with."""
        self.var = var
        self.more = more
        self.port = port or free_port()
        self.log = var.with_name(f"{var.name}.log")
        self._mark = 0
        self._known: set[psutil.Process] = set()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Instance:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.family()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in self.left():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        Embedded(self.var).stop()

    def start(self) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "HOST", "MAKELEVEL"}
            and not name.startswith("PLIMSOLL_")
        }
        environment |= {
            "PLIMSOLL_VAR": str(self.var),
            "PORT": str(self.port),
            "PLIMSOLL_ADMIN_PASSWORD": PASSWORD,
            "PLIMSOLL_REGISTER_HOST": "0",
            "PLIMSOLL_WEB_WORKERS": "1",
            "PLIMSOLL_WORKERS": "1",
            "PLIMSOLL_SCANS": "0",
        } | self.more
        self._mark = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "posture.platform.supervisor"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def output(self) -> str:
        """What this start has written so far."""
        with self.log.open("rb") as log:
            log.seek(self._mark)
            return log.read().decode(errors="replace")

    def wait_ready(self) -> float:
        """Wait for the address on the terminal; returns the seconds that it took."""
        assert self.process is not None
        began = time.monotonic()
        address = "Plimsoll is ready after"
        wait_until(lambda: address in self.output or self.process.poll() is not None, START_SECONDS)
        assert address in self.output, self.output
        assert f"http://127.0.0.1:{self.port} " in self.output
        self.family()
        return time.monotonic() - began

    def family(self) -> set[psutil.Process]:
        """Every process that this instance has been seen to have, the supervisor and the servers among them."""
        assert self.process is not None
        try:
            own = psutil.Process(self.process.pid)
            self._known |= {own, *own.children(recursive=True)}
            for pid in Embedded(self.var).pids().values():
                server = psutil.Process(pid)
                self._known |= {server, *server.children(recursive=True)}
        except psutil.NoSuchProcess:
            pass
        return self._known

    def child(self, words: str) -> psutil.Process:
        """The supervisor's direct child whose command line has `words`."""
        assert self.process is not None
        found = [
            process
            for process in psutil.Process(self.process.pid).children()
            if words in " ".join(process.cmdline())
        ]
        assert len(found) == 1, found
        return found[0]

    def cpu_seconds(self) -> float:
        """Processor time of everything that this start has run, its finished set-up commands included."""
        total = 0.0
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
                if self.process is not None and process.pid == self.process.pid:
                    total += times.children_user + times.children_system
        return total

    def left(self) -> list[psutil.Process]:
        """Those of the family that still run."""
        found = []
        for process in self._known:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def end(self, signal_number: int = signal.SIGINT) -> tuple[int, float]:
        """Send the signal and wait; returns exit status and seconds."""
        assert self.process is not None
        self.family()
        began = time.monotonic()
        self.process.send_signal(signal_number)
        status = self.process.wait(timeout=30)
        return status, time.monotonic() - began

    def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, object]]:
        """Status and JSON body of one request; the body is empty when it is not JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            try:
                return answer.status, json.loads(answer.read())
            except ValueError:
                return answer.status, {}
        finally:
            connection.close()
