"""Starting and ending operating-system processes so that none is left behind."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(signal_number: int) -> Callable[[], None] | None:
    """A `preexec_fn` that has the kernel send `signal_number` to the new process when its parent dies.

    Only Linux offers this; elsewhere the answer is None and the next start clears up instead. The parent is
    the thread that starts the process, so call it from a thread that lives as long as the program.
    """
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        # The parent may have died between fork and prctl: nobody would tell us then.
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


def follow_parent(signal_number: int) -> None:
    """Have the kernel send us `signal_number` when the process that started us dies; nothing happens off
    Linux.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def is_alive(pid: int) -> bool:
    """True while `pid` runs; a zombie of our own is reaped here and counts as ended."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_line(pid: int) -> list[str]:
    """The arguments of a running process; empty when it has ended or may not be read."""
    try:
        return psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return []


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.02) -> bool:
    """Poll `condition` until it holds; False when it still does not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
    return True


def end(pid: int, *, steps: tuple[tuple[int, float], ...]) -> bool:
    """Send each signal of `steps` in turn, waiting its seconds for the process to end. True when it ended."""
    for signal_number, seconds in steps:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return True
        if wait_until(lambda: not is_alive(pid), seconds):
            return True
    return not is_alive(pid)


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file in one step: a reader sees the old text or the whole new one, even after a power cut."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
