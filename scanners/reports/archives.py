"""Reports in a compressed file: gzip holds one, zip any number. Each is unpacked into a file of its own, within limits."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from scanners.records import Record, Skipped
from scanners.reports.source import ReportError

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_CHUNK = 1 << 20
_SMALL = 1 << 20  # nobody is hurt by this much, however well it was packed


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class ArchiveLimits(Record, frozen=True, kw_only=True):
    """`bytes` is the most that is unpacked of one file, all its reports together; `ratio` how many bytes one packed byte
    may become; `members` how many reports a zip may hold."""

    bytes: int = 1 << 30
    ratio: int = 300
    members: int = 5000


def is_packed(head: bytes) -> bool:
    return head.startswith((_GZIP, _ZIP, _EMPTY_ZIP))


def reports(
    path: Path, name: str, folder: Path, limits: ArchiveLimits
) -> Iterator[tuple[str, Path] | Skipped]:
    """(name, file) of each report in a packed file; a file is there until the next is asked for. What a zip holds beside
    reports that can be read is skipped. Raises ReportError when nothing can be unpacked."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_GZIP):
        inner = name.removesuffix(".gz")
        into = folder / "report"
        with gzip.open(path) as content:
            _unpack(content, into, inner, most=min(limits.bytes, _allowed(path.stat().st_size, limits)))
        yield inner, into
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ReportError(f"The zip file cannot be opened: {error}.") from None
    with archive:
        yield from _of_zip(archive, folder, limits)


def _of_zip(
    archive: zipfile.ZipFile, folder: Path, limits: ArchiveLimits
) -> Iterator[tuple[str, Path] | Skipped]:
    files = [member for member in archive.infolist() if not member.is_dir()]
    if not files:
        raise ReportError("The zip file is empty.")
    left = limits.bytes
    for member in files[: limits.members]:
        name = member.filename
        if member.flag_bits & 0x1:
            yield Skipped(kind="unreadable", where=name, reason="it is encrypted")
            continue
        into = folder / "report"
        most = min(left, _allowed(member.compress_size, limits))
        try:
            with archive.open(member) as content:
                left -= _unpack(content, into, name, most=most)
        except ReportError as error:
            yield Skipped(kind="too_large", where=name, reason=str(error))
            continue
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            OSError,
            EOFError,
            zlib.error,
            RuntimeError,
        ) as error:
            yield Skipped(kind="unreadable", where=name, reason=f"it cannot be unpacked: {error}")
            continue
        with into.open("rb") as file:
            if is_packed(file.read(4)):
                yield Skipped(kind="unreadable", where=name, reason="archives in archives are not opened")
                continue
        yield name, into
    for member in files[limits.members :]:
        yield Skipped(
            kind="too_many", where=member.filename, reason=f"more than {limits.members} files in one archive"
        )


def _allowed(packed: int, limits: ArchiveLimits) -> int:
    return max(_SMALL, packed * limits.ratio)


def _unpack(content: Readable, into: Path, name: str, *, most: int) -> int:
    written = 0
    try:
        with into.open("wb") as file:
            while chunk := content.read(_CHUNK):
                written += len(chunk)
                if written > most:
                    raise ReportError(f"“{name}” unpacks to more than {most} bytes, which is not allowed.")
                file.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ReportError(f"“{name}” cannot be unpacked: {error}.") from None
    return written
