"""Folders in which scanners work: as many on this machine as may work at once, empty before and after."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def slot(root: Path, number: int, *, name: str = "slot") -> Iterator[Path | None]:
    """An empty folder for one scan, private to this user; None when all `number` are in use.

    The kernel frees a slot when its process ends, in whatever way. What a killed process left in it, the next one removes.
    """
    root.mkdir(parents=True, exist_ok=True)
    for place in range(number):
        lock = os.open(root / f"{name}-{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            folder = root / f"{name}-{place}"
            _clear(folder)
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                _clear(folder)
            return
        finally:
            os.close(lock)
    yield None


def _clear(folder: Path) -> None:
    """Remove a folder with all in it; a scanner may have unpacked folders that not even their owner may enter."""
    shutil.rmtree(folder, onerror=_insist)


def _insist(function: object, name: str, _: object) -> None:
    path = Path(name)
    with contextlib.suppress(OSError):
        path.parent.chmod(0o700)
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
