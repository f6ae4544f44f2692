"""One round of pulls by a real Celery worker, with what it cost: time, processor time, memory."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 2  # PLIMSOLL_WORKERS of an installation that says nothing else


@dataclass(frozen=True)
class Round:
    """Processor seconds are those between the first pull and the last; `machine_seconds` are those of all programs.
    Memory is the most there was, in bytes."""

    pulls: int
    seconds: float
    worker_seconds: float
    database_seconds: float
    machine_seconds: float
    together: int
    largest: int

    @property
    def per_minute(self) -> float:
        return self.pulls / self.seconds * 60


def _own_share(process: Any) -> int:
    """Bytes of memory of a process; pages that several share (a worker forks) count once in all, where Linux says so."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", 0) or full.rss)


def _family(pid: int) -> list[Any]:
    import psutil

    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def processor_seconds(pid: int) -> float:
    """Of a process and its descendants, also of those that ended."""
    import psutil

    used = 0.0
    for number, process in enumerate(_family(pid)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        used += times.user + times.system + (0.0 if number else times.children_user + times.children_system)
    return used


def _clocks(worker: int, postmaster: int) -> tuple[float, ...]:
    """Seconds: of the clock, and of processors that the worker, PostgreSQL, and everything on this machine has used."""
    import psutil

    total = psutil.cpu_times()
    return (
        time.perf_counter(),
        processor_seconds(worker),
        processor_seconds(postmaster),
        total.user + total.nice + total.system,
    )


def postmaster_pid() -> int:
    """The server's own process, whose children serve the connections."""
    import psutil
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0]).ppid()


class PeakMemory(threading.Thread):
    """The most memory of the worker's processes together, and of one of them, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.together = self.largest = 0
        self._pid = pid
        self._stop_asked = threading.Event()

    def run(self) -> None:
        import psutil

        while not self._stop_asked.wait(0.5):
            try:
                sizes = [_own_share(process) for process in _family(self._pid)]
            except psutil.Error:
                continue
            self.together = max(self.together, sum(sizes))
            self.largest = max(self.largest, *sizes)

    def end(self) -> None:
        self._stop_asked.set()
        self.join()


def pull_all(folder: Path, nodes: int) -> Round:
    """Have one worker pull this many due nodes once. Ends the program when a pull fails."""
    from posture.collection.tasks import tick
    from posture.fleet.models import Pull

    ended = Pull.objects.filter(state__in=("succeeded", "partial"))
    before = ended.count()
    command = [sys.executable, "-m", "celery", "-A", "posture", "worker", "--beat", "-l", "ERROR"]
    worker = subprocess.Popen(
        [*command, "--concurrency", str(PROCESSES), "--schedule", str(folder / "beat")], cwd=ROOT
    )
    memory = PeakMemory(worker.pid)
    memory.start()
    postmaster = postmaster_pid()
    tick.delay()
    started: tuple[float, ...] | None = None
    done, pause = 0, threading.Event()
    while done < nodes:
        pause.wait(0.5 if started else 0.05)
        done = ended.count() - before
        if started is None and Pull.objects.filter(state="running").exists():
            # The worker is up; its own start is not what is measured.
            started = _clocks(worker.pid, postmaster)
        if worker.poll() is not None:
            raise SystemExit("the worker ended")
        failed = Pull.objects.filter(state="failed").first()
        if failed is not None:
            raise SystemExit(f"a pull failed: {failed.error}")
    assert started is not None
    used = _clocks(worker.pid, postmaster)
    memory.end()
    worker.terminate()
    worker.wait()
    seconds = [after - at for after, at in zip(used, started, strict=True)]
    return Round(nodes, *seconds, memory.together, memory.largest)
