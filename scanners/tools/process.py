"""Runs a scanner as a process of its own: without a shell, without our environment, within limits, and never for longer
than it is waited for."""

from __future__ import annotations

import contextlib
import math
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scanners.records import Record
from scanners.redaction import redact_text
from scanners.tools.tool import IsCancelled, ToolError, ToolLimits

_LAUNCH = Path(__file__).with_name("launch.py")
_SLICE_SECONDS = 0.2
_LOOK_SECONDS = 1.0  # how often disk and memory are measured
_PIECE_BYTES = 65536
_STDERR_BYTES = 64 * 1024
_SAID_LENGTH = 1000
_MEBIBYTE = 1024 * 1024
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

BRIEF = ToolLimits(seconds=60, report_bytes=1024 * 1024, disk_bytes=64 * 1024 * 1024)  # to ask for a version


class Ended(Record, frozen=True, kw_only=True):
    """How a run ended: exit status (negative: by this signal) and the end of what it wrote to its standard error."""

    status: int
    said: str


def run(
    command: Sequence[str],
    *,
    folder: Path,
    output: Path,
    limits: ToolLimits,
    environment: Mapping[str, str],
    is_cancelled: IsCancelled = lambda: False,
) -> Ended:
    """Run a program with `folder` as its home and place for temporary files, its standard output going to `output`.

    The program's own group is killed at the end, whatever the end is. Raises ToolError timed_out, too_large or cancelled
    when it was ended by us, missing when it cannot be started.
    """
    scratch = folder / "scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    cpu_seconds = math.ceil(limits.seconds * (os.cpu_count() or 1)) + 1
    launch = [sys.executable, "-I", "-S", str(_LAUNCH)]
    numbers = [str(os.getpid()), str(limits.disk_bytes), str(cpu_seconds)]
    try:
        process = subprocess.Popen(
            [*launch, *numbers, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=scratch,
            env={**_environment(scratch, limits), **environment},
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError("missing", f"The program cannot be started: {error.strerror}.") from None
    watch = _Watch(process, folder, limits, is_cancelled)
    try:
        with output.open("wb") as report:
            said = watch.follow(report.write)
        status = process.wait()
    finally:
        _kill(process)
    ended = Ended(status=status, said=words(said, folder))
    if status == -signal.SIGXCPU:
        raise _too_slow(limits)
    # Most programs ignore the signal and see EFBIG instead, as Go and Python do.
    if status == -signal.SIGXFSZ or (status != 0 and "file too large" in ended.said.lower()):
        raise too_much_disk(limits)
    return ended


def _environment(scratch: Path, limits: ToolLimits) -> dict[str, str]:
    """All that the program gets to know of us: Go's runtime is told to leave half of the processors and to save memory."""
    return {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "XDG_CACHE_HOME": str(scratch),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "GOMAXPROCS": str(max(1, (os.cpu_count() or 1) // 2)),
        "GOMEMLIMIT": str(limits.memory_bytes * 3 // 4),
    }


def way_out() -> dict[str, str]:
    """How this machine reaches the network: for tools that fetch their database or ask a server."""
    names = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: value for name in names if (value := os.environ.get(name) or os.environ.get(name.lower()))}


class _Watch:
    """Reads what the program writes while it looks at the clock, the disk, the memory and the order to stop."""

    def __init__(
        self, process: subprocess.Popen[bytes], folder: Path, limits: ToolLimits, is_cancelled: IsCancelled
    ) -> None:
        self._process = process
        self._folder = folder
        self._limits = limits
        self._is_cancelled = is_cancelled
        self._deadline = time.monotonic() + limits.seconds
        self._next_look = time.monotonic() + _LOOK_SECONDS
        self._before = size(folder)
        self._written = 0

    def follow(self, write: Callable[[bytes], object]) -> bytes:
        """Until both outputs are closed; returns the end of the standard error."""
        errors: deque[bytes] = deque()
        kept = 0
        with selectors.DefaultSelector() as selector:
            for stream in (self._process.stdout, self._process.stderr):
                assert stream is not None
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(_SLICE_SECONDS):
                    piece = os.read(key.fd, _PIECE_BYTES)
                    if not piece:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._process.stdout:
                        self._report(write, piece)
                    else:
                        errors.append(piece)
                        kept += len(piece)
                        while kept - len(errors[0]) > _STDERR_BYTES:
                            kept -= len(errors.popleft())
                self._check()
                # A grandchild may hold the outputs open; the program's own end is what counts.
                if self._process.poll() is not None and not selector.select(0):
                    break
        return b"".join(errors)

    def _report(self, write: Callable[[bytes], object], piece: bytes) -> None:
        self._written += len(piece)
        if self._written > self._limits.report_bytes:
            raise ToolError(
                "too_large",
                f"The report is larger than the limit of {self._limits.report_bytes // _MEBIBYTE} MiB.",
            )
        write(piece)

    def _check(self) -> None:
        now = time.monotonic()
        if self._is_cancelled():
            raise ToolError("cancelled", "The scan was given up.")
        if now > self._deadline:
            raise _too_slow(self._limits)
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        if size(self._folder) - self._before > self._limits.disk_bytes:
            raise too_much_disk(self._limits)
        if memory(self._process.pid) > self._limits.memory_bytes:
            raise ToolError(
                "too_large",
                f"The scanner needed more than {self._limits.memory_bytes // _MEBIBYTE} MiB of memory.",
            )


def _too_slow(limits: ToolLimits) -> ToolError:
    return ToolError("timed_out", f"The scanner did not finish within {limits.seconds:g} s.")


def too_much_disk(limits: ToolLimits) -> ToolError:
    """The image is larger than it may be."""
    return ToolError(
        "too_large", f"The image unpacks to more than the limit of {limits.disk_bytes // _MEBIBYTE} MiB."
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def size(folder: Path) -> int:
    """Bytes that the files below a folder take; files that vanish meanwhile take none."""
    total = 0
    stack = [str(folder)]
    while stack:
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def memory(pid: int) -> int:
    """Bytes of memory of a process's own, without files that it maps; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def words(said: bytes, folder: Path) -> str:
    """The end of what a program wrote to its standard error, for people: bounded, without secrets and our folder."""
    text = _COLOUR.sub("", said.decode("utf-8", "replace")).replace(str(folder), "…")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shown = redact_text("\n".join(lines[-40:]))[0]
    return "".join(sign for sign in shown if sign == "\n" or sign.isprintable())[-_SAID_LENGTH:]


def crashed(title: str, ended: Ended) -> ToolError:
    """A run that failed for no reason that we know."""
    how = f"was ended by signal {-ended.status}" if ended.status < 0 else f"ended with status {ended.status}"
    return ToolError("crashed", f"{title} {how}: {ended.said}" if ended.said else f"{title} {how}, silently.")
