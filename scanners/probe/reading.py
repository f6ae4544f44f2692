"""The only way in which the probe touches the host's files: bounded, never blocking, never leaving its root.

A file may be missing, which is a fact; or unreadable, too large, of another kind or cut off, which is never one: then
it stands in `Reader.skipped` with its reason, and whoever asked is given None.
"""

import errno
import os
import stat
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, TypeVar

FILE_BYTES = 1 << 20
LINE_BYTES = 1 << 20
LIST_NAMES = 20000
NEWEST_NAMES = 500
LINKS = 40
DENIED = "denied"
TOO_LARGE = "too large"
NOT_A_FILE = "not a regular file"
TOO_MANY = "too many entries"
UNREADABLE = "cannot be read"
LATE = "out of time"
OUTSIDE = "its links lead in a circle"
SKIPS_SHOWN = 500

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.ENXIO, errno.ENODEV)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
_YEAR_3000 = 32503680000
Found = TypeVar("Found")


class OutOfTimeError(Exception):
    """The probe has used up its time; what is not collected by now is not measured."""


class _NoContentError(Exception):
    """The file is missing or was skipped."""


class Reader:
    """Files below `root`. `skipped` lists what could not be read: where and why, without the file's content."""

    def __init__(self, root: str = "/", seconds: float = 60.0) -> None:
        self.root = os.path.abspath(root)
        self.is_live = self.root == "/"
        self.skipped: List[Dict[str, str]] = []
        self.skipped_total = 0
        self._deadline = time.monotonic() + seconds
        self._reasons: Dict[str, str] = {}
        self._kept: Dict[Any, Any] = {}

    def once(self, ask: "Callable[[Reader], Found]") -> Found:
        """What `ask` finds on this host: looked for the first time, remembered for every subject that asks again."""
        if ask not in self._kept:
            self._kept[ask] = ask(self)
        found: Found = self._kept[ask]
        return found

    def check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise OutOfTimeError

    def seconds_left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def skip(self, where: str, reason: str) -> None:
        if self._reasons.get(where) == reason:
            return
        self._reasons[where] = reason
        self.skipped_total += 1
        if len(self.skipped) < SKIPS_SHOWN:
            self.skipped.append({"where": printable(where), "reason": reason})

    def reason(self, path: str) -> str:
        """Why `path` was skipped, "" when it was not: a missing file is not skipped."""
        return self._reasons.get(path, "")

    def real(self, path: str) -> str:
        """The path on this machine. Below another root, links are followed as if that root were the whole world."""
        if self.is_live:
            return path
        waiting = [part for part in reversed(path.split("/")) if part]
        found = self.root
        links = 0
        while waiting:
            part = waiting.pop()
            if part == ".":
                continue
            if part == "..":
                if found != self.root:
                    found = os.path.dirname(found)
                continue
            candidate = os.path.join(found, part)
            try:
                target = os.readlink(candidate)
            except OSError:
                found = candidate
                continue
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, OUTSIDE)
            if target.startswith("/"):
                found = self.root
            waiting.extend(part for part in reversed(target.split("/")) if part)
        return found

    def text(self, path: str, limit: int = FILE_BYTES) -> Optional[str]:
        """The file's text, None when it is missing or was skipped. What is not UTF-8 shows as a replacement."""
        content = self.content(path, limit)
        return None if content is None else content.decode("utf-8", "replace")

    def content(self, path: str, limit: int = FILE_BYTES) -> Optional[bytes]:
        """The file's bytes, None when it is missing or was skipped."""
        try:
            return b"".join(self._pieces(path, limit))
        except _NoContentError:
            return None

    def lines(self, path: str, limit: int = FILE_BYTES) -> Iterator[str]:
        """The file's lines, one after the other, so that a long file takes little memory. What is not UTF-8 shows as a
        replacement. It ends early at a skip: `reason` then says why."""
        rest = b""
        try:
            for piece in self._pieces(path, limit):
                whole_lines = (rest + piece).split(b"\n")
                rest = whole_lines.pop()
                if len(rest) > LINE_BYTES:
                    self.skip(path, TOO_LARGE)
                    return
                for line in whole_lines:
                    yield line.decode("utf-8", "replace")
        except _NoContentError:
            return
        if rest:
            yield rest.decode("utf-8", "replace")

    def _pieces(self, path: str, limit: int) -> Iterator[bytes]:
        """The file's bytes piece by piece; _NoContentError when it is missing, or was skipped at the start or later."""
        self.check_time()
        try:
            # Without O_NONBLOCK a FIFO under the name of a file would hold the probe for ever.
            handle = os.open(self.real(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            self._failed(path, error)
            raise _NoContentError from error
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                self.skip(path, NOT_A_FILE)
                raise _NoContentError
            size = 0
            while True:
                piece = os.read(handle, min(65536, limit + 1 - size))
                if not piece:
                    return
                size += len(piece)
                if size > limit:
                    self.skip(path, TOO_LARGE)
                    raise _NoContentError
                yield piece
                self.check_time()
        except OSError as error:
            self._failed(path, error)
            raise _NoContentError from error
        finally:
            os.close(handle)

    def word(self, path: str) -> Optional[str]:
        """The text of a file that holds one line, without white space around it; None as for `text`."""
        text = self.text(path, 65536)
        return None if text is None else text.strip()

    def names(self, path: str) -> Optional[List[str]]:
        """The names in a directory, sorted; None when it is missing or was skipped."""
        self.check_time()
        found: List[str] = []
        try:
            with os.scandir(self.real(path)) as entries:
                for entry in entries:
                    if len(found) >= LIST_NAMES:
                        self.skip(path, TOO_MANY)
                        break
                    found.append(entry.name)
        except (OSError, ValueError) as error:
            self._failed(path, error)
            return None
        return sorted(found)

    def status(self, path: str) -> Optional[Dict[str, Any]]:
        """Owner, group, mode and kind of what the path leads to; None when it is missing or was skipped."""
        try:
            found = os.stat(self.real(path))
        except (OSError, ValueError) as error:
            self._failed(path, error)
            return None
        return {
            "path": printable(path),
            "uid": found.st_uid,
            "gid": found.st_gid,
            "mode": f"{stat.S_IMODE(found.st_mode):04o}",
            "kind": kind_of(found.st_mode),
        }

    def changed_at(self, path: str) -> Optional[float]:
        """When the content of what the path leads to last changed, in seconds since 1970; None as for `status`."""
        try:
            return os.stat(self.real(path)).st_mtime
        except (OSError, ValueError) as error:
            self._failed(path, error)
            return None

    def newest(self, paths: Iterable[str]) -> Optional[str]:
        """When one of these files, or of those in these folders, last changed: UTC, ISO 8601; None without any."""
        times = []
        for path in paths:
            within = (self.names(path) or [])[:NEWEST_NAMES] if self.is_folder(path) else []
            times += [self.changed_at(path)] + [self.changed_at(f"{path}/{name}") for name in within]
        known = [moment for moment in times if moment is not None and 0 < moment < _YEAR_3000]
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(max(known))) if known else None

    def is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.stat(self.real(path)).st_mode)
        except (OSError, ValueError):
            return False

    def resolved(self, path: str) -> str:
        """The host's own name of what the path leads to, every link followed; the path itself when they lead nowhere."""
        try:
            if self.is_live:
                return os.path.realpath(path)
            return self.real(path)[len(self.root) :] or "/"
        except (OSError, ValueError):
            return path

    def exists(self, path: str) -> Optional[bool]:
        """Whether something stands there; None when that may not be known."""
        try:
            os.stat(self.real(path))
        except (OSError, ValueError) as error:
            self._failed(path, error)
            return None if self.reason(path) else False
        return True

    def link(self, path: str) -> Optional[str]:
        """What a symbolic link says, None when it is none, missing or was skipped."""
        try:
            parent, name = os.path.split(path)
            return os.readlink(os.path.join(self.real(parent), name))
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) == errno.EINVAL:
                return None
            self._failed(path, error)
            return None

    def _failed(self, path: str, error: Exception) -> None:
        number = getattr(error, "errno", None)
        if number in _FORBIDDEN:
            self.skip(path, DENIED)
        elif number == errno.ELOOP:
            self.skip(path, OUTSIDE)
        elif number not in _ABSENT:
            self.skip(path, UNREADABLE)


def whole(text: str) -> int:
    """A whole number as the kernel writes it. Raises ValueError for anything else, and for what no counter holds."""
    if len(text) > 20:
        raise ValueError("too long")
    return int(text)


def kind_of(mode: int) -> str:
    for test, kind in (
        (stat.S_ISREG, "file"),
        (stat.S_ISDIR, "directory"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISFIFO, "fifo"),
        (stat.S_ISCHR, "character device"),
        (stat.S_ISBLK, "block device"),
    ):
        if test(mode):
            return kind
    return "other"


def printable(text: str, limit: int = 1000) -> str:
    """Text that any JSON reader takes: undecodable bytes and control characters replaced, cut at `limit`."""
    cleaned = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in cleaned[:limit]
    )
