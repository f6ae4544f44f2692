"""FIRST's daily EPSS scores (https://www.first.org/epss/data_stats), as CSV, packed by gzip or not.

The first line names model and day behind a "#"; files of before February 2022 have none, the first of them no percentile.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from scanners.advisories.records import Edition, FeedError, Likelihood, Limits
from scanners.records import Skipped
from scanners.reports.json_items import moment
from scanners.reports.source import BYTE_ORDER_MARK

_GZIP_MARK = b"\x1f\x8b"
_LONGEST_LINE = 1_024
# All vulnerabilities there are, at some 40 bytes each, are 14 MB.
_MOST_BYTES = 512 * 2**20
_MOST_SKIPPED = 100
_CVE = re.compile(rb"CVE-\d{4}-\d{4,12}")


def read(path: Path, limits: Limits | None = None) -> Iterator[Edition | Likelihood | Skipped]:
    """The edition, and the score of each vulnerability. Raises FeedError for what is no list of scores, and OSError."""
    most = min((limits or Limits()).total_bytes, _MOST_BYTES)
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP_MARK
        file.seek(0)
        if is_packed:
            with gzip.open(file) as unpacked:
                yield from _read(unpacked, most)
        else:
            yield from _read(file, most)


def _read(file: IO[bytes] | gzip.GzipFile, most: int) -> Iterator[Edition | Likelihood | Skipped]:
    try:
        first = file.readline(_LONGEST_LINE).removeprefix(BYTE_ORDER_MARK)
        about = first if first.startswith(b"#") else b""
        header = file.readline(_LONGEST_LINE) if about else first
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FeedError(f"This cannot be unpacked: {error}.") from None
    columns = [name.strip() for name in header.split(b",")]
    if columns[:2] != [b"cve", b"epss"]:
        raise FeedError("This is no list of EPSS scores: it has no columns cve and epss.")
    yield _edition(about)
    yield from _scores(file, most, 3 if about else 2)


def _edition(about: bytes) -> Edition:
    said = dict(
        part.partition(":")[::2] for part in about.decode(errors="replace").lstrip("#").strip().split(",")
    )
    return Edition(version=said.get("model_version", "")[:50], published_at=moment(said.get("score_date")))


def _scores(file: IO[bytes] | gzip.GzipFile, most: int, number: int) -> Iterator[Likelihood | Skipped]:
    unpacked = skipped = 0
    while True:
        try:
            line = file.readline(_LONGEST_LINE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield Skipped(
                kind="malformed",
                where=f"the end of the list, from line {number}",
                reason=f"the list breaks off: {error}",
            )
            return
        if not line:
            break
        unpacked += len(line)
        if unpacked > most:
            raise FeedError(f"The list has more than {most:,} bytes unpacked.")
        score = _score(line)
        if score is not None:
            yield score
        elif line.strip():
            skipped += 1
            if skipped <= _MOST_SKIPPED:
                said = line[:60].decode(errors="replace").strip()
                yield Skipped(kind="malformed", where=f"line {number}", reason=f"“{said}” is no score")
        number += 1
    if skipped > _MOST_SKIPPED:
        yield Skipped(
            kind="malformed",
            where="the list",
            reason=f"{skipped - _MOST_SKIPPED} further lines are no scores",
        )


def _score(line: bytes) -> Likelihood | None:
    name, _, rest = line.strip().partition(b",")
    probability, _, percentile = rest.partition(b",")
    if not _CVE.fullmatch(name):
        return None
    try:
        chance, rank = float(probability), float(percentile or b"0")
    except ValueError:
        return None
    if not (0 <= chance <= 1 and 0 <= rank <= 1):
        return None
    return Likelihood(vulnerability=name.decode(), probability=chance, percentile=rank)
