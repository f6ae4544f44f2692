"""Numbers that the environment may set: each with its default and its least value, checked before anything starts."""

from __future__ import annotations

import os

# name -> (default, least); a whole number where the default is one
NUMBERS: dict[str, tuple[float, float]] = {
    "PLIMSOLL_WORKERS": (2, 1),
    "PLIMSOLL_WEB_WORKERS": (2, 1),
    "PLIMSOLL_SESSION_SECONDS": (8 * 3600, 60),
    "PLIMSOLL_TICK_SECONDS": (5.0, 0.1),
    "PLIMSOLL_LEASE_SECONDS": (30.0, 1.0),
    "PLIMSOLL_MAX_QUEUED": (64, 1),
    "PLIMSOLL_KEEP_PULLS_DAYS": (30, 1),
    "PLIMSOLL_UPLOAD_MAX_BYTES": (512 * 1024 * 1024, 1024),
    "PLIMSOLL_SCANS": (1, 0),
    "PLIMSOLL_SCAN_SECONDS": (900.0, 1.0),
    "PLIMSOLL_SCAN_IMAGE_MB": (4096, 1),
    "PLIMSOLL_SCAN_MEMORY_MB": (1024, 64),
    "PLIMSOLL_SCAN_DAYS": (7.0, 1.0),
}
MOST = 1_000_000_000


class NumberError(Exception):
    """A variable of the environment is not the number that it should be; the message is for whoever set it."""


def real(name: str) -> float:
    """The number that `name` is set to, or its default. Raises `NumberError`, which names the variable."""
    default, least = NUMBERS[name]
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    is_whole = isinstance(default, int)
    try:
        value: float = int(text) if is_whole else float(text)
        if not least <= value <= MOST:
            raise ValueError
    except ValueError:
        kind = "a whole number" if is_whole else "a number"
        raise NumberError(f"{name} is {text[:40]!r}: it must be {kind} from {least:g} to {MOST}.") from None
    return value


def whole(name: str) -> int:
    """The same for a variable whose default is a whole number."""
    return int(real(name))


def check() -> None:
    """Raise `NumberError` for the first variable that is not what it should be."""
    for name in NUMBERS:
        real(name)
