"""The processes that the supervisor keeps alive, and how their output reaches the terminal."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from posture.platform.processes import dies_with_parent, end, write_private

_BACKOFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
# A child that lived this long was well: its next crash is a first one.
_WELL_AFTER_SECONDS = 60.0
_LONGEST_LINE = 16 * 1024
_COLOURS = {"plimsoll": "1;36", "setup": "35", "web": "32", "worker": "34", "beat": "33"}


@dataclass(frozen=True)
class Recipe:
    """How one child is started; `graceful` and `brisk` are the signals that end it kindly and at once."""

    name: str
    arguments: tuple[str, ...]
    graceful: int = signal.SIGTERM
    brisk: int = signal.SIGQUIT


class Terminal:
    """Writes whole lines with the name of the part in front; colour only where a person looks."""

    def __init__(self, stream: IO[str] = sys.stdout) -> None:
        self._stream = stream
        self._colour = stream.isatty() and "NO_COLOR" not in os.environ

    def line(self, part: str, text: str) -> None:
        label = f"{part:<8} | "
        if self._colour:
            label = f"\x1b[{_COLOURS.get(part, '0')}m{label}\x1b[0m"
        # The reader may have gone (`make run | head`); the work goes on, its logs have no one to read them.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._stream.write(f"{label}{text}\n")
            self._stream.flush()


class Child:
    """One supervised process in a session of its own, so that Ctrl-C reaches the supervisor alone."""

    def __init__(
        self, recipe: Recipe, environment: dict[str, str], directory: Path, terminal: Terminal
    ) -> None:
        self.recipe = recipe
        self._environment, self._directory, self._terminal = environment, directory, terminal
        self._process: subprocess.Popen[bytes] | None = None
        self._pending = b""
        self._started_at = 0.0
        self._crashes = 0
        self.restart_at = 0.0

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def output(self) -> int | None:
        """File descriptor of its output while there is one to read."""
        stream = self._process.stdout if self._process is not None else None
        return stream.fileno() if stream is not None and not stream.closed else None

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._pending = b""
        self._process = subprocess.Popen(
            self.recipe.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            cwd=self._directory,
            start_new_session=True,
            # A politer signal could leave a worker that waits for a broker which died with its supervisor too.
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)

    def read(self) -> bool:
        """Pass on what it wrote; False when its output has ended."""
        if (descriptor := self.output) is None:
            return False
        try:
            chunk = os.read(descriptor, 65536)
        except BlockingIOError:
            return True
        if not chunk:
            if self._pending:
                self._say(self._pending)
            self._pending = b""
            return False
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        for line in lines:
            self._say(line)
        if len(self._pending) > _LONGEST_LINE:
            self._say(self._pending)
            self._pending = b""
        return True

    def _say(self, line: bytes) -> None:
        self._terminal.line(self.name, line.decode(errors="replace").rstrip("\r"))

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def poll_status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def crashed(self) -> float:
        """Clear up after an unexpected end; returns the seconds until the next start."""
        assert self._process is not None
        self.close()
        well = time.monotonic() - self._started_at >= _WELL_AFTER_SECONDS
        self._crashes = 1 if well else self._crashes + 1
        wait = _BACKOFF_SECONDS[min(self._crashes, len(_BACKOFF_SECONDS)) - 1]
        self.restart_at = time.monotonic() + wait
        code = self._process.returncode
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        self._terminal.line("plimsoll", f"{self.name} ended ({how}); it starts again in {wait:.0f} s.")
        self._process = None
        return wait

    def signal(self, number: int) -> None:
        """Send a signal to the process itself: gunicorn and celery pass it on to their own."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def close(self) -> None:
        """End whatever is left of its process group, and its pipe."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        while self.read():
            if self._nothing_more():
                break
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _nothing_more(self) -> bool:
        descriptor = self.output
        return descriptor is None or not select.select([descriptor], [], [], 0)[0]


class Register:
    """Remembers the children on disk, so that the next start can end what a killed one left behind."""

    def __init__(self, var: Path) -> None:
        self._file = var / "children.json"

    def write(self, pids: list[int]) -> None:
        """A process id alone may be reused: the time of its creation makes it certain."""
        known = []
        for pid in pids:
            with contextlib.suppress(psutil.Error):
                known.append([pid, psutil.Process(pid).create_time()])
        write_private(self._file, json.dumps(known) + "\n")

    def end_leftovers(self) -> list[int]:
        """End the children of a run that was killed; returns their process ids."""
        try:
            known = [(int(pid), float(created)) for pid, created in json.loads(self._file.read_text())]
        except (OSError, ValueError, TypeError):
            return []
        ended = []
        for pid, created in known:
            try:
                process = psutil.Process(pid)
                if abs(process.create_time() - created) > 0.01 or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                family = [process, *process.children(recursive=True)]
            except psutil.Error:
                continue
            end(pid, steps=((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)))
            for member in family[1:]:
                with contextlib.suppress(psutil.Error):
                    member.kill()
            ended.append(pid)
        return ended

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)
