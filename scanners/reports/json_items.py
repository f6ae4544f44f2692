"""JSON reports item by item: one that does not fit is skipped, and a report that breaks off is read up to there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from scanners import typed
from scanners.records import Skipped
from scanners.reports.source import ReportError, Source

Item = TypeVar("Item")
Items = list[msgspec.Raw] | None  # how a reader declares a list whose items are decoded one by one
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
_LONGEST_REASON = 300


class Layout(msgspec.Struct, gc=False):
    """Base of what a reader declares of a format: fields that it does not name are passed over, null is the default."""


def whole(source: Source, layout: type[Item], depth: int, members: int = 0) -> tuple[Item, Skipped | None]:
    """The document in the layout of a reader, and what was lost at its end when it breaks off. Raises ReportError.

    `depth` says how deep the reader's lists of items lie in each other: 1 for one list, 2 for lists of items that hold
    lists of items. `members` says at which level of nesting objects have items for members, by their id: 2 for maps in the
    document itself. A document that breaks off is cut between two items of these, never within one.
    """
    try:
        return typed.decode(source.content, layout), None
    except msgspec.ValidationError as error:
        raise ReportError(f"The report has another layout than expected: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error)
    mended, kept = mend(source.content, depth, members)
    if mended is None:
        raise ReportError(f"This is not JSON: {reason}.")
    try:
        found = typed.decode(mended, layout)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ReportError(f"This is not JSON: {reason}.") from None
    lost = len(source.content) - kept
    return found, Skipped(
        kind="malformed",
        where=f"the end of the report, from byte {kept}",
        reason=f"the report breaks off: {lost} bytes after the last whole item cannot be read",
    )


def mend(content: memoryview, depth: int, members: int = 0) -> tuple[bytes | None, int]:
    """A document that breaks off, cut after the last whole item of its lists and maps, and closed; and how many bytes were kept.

    None when there is no whole item.
    """
    open_: list[bytes] = []
    lists, cut, closing = 0, 0, b""
    for token in _TOKEN.finditer(content):
        mark = token.group()
        if mark == b"{":
            open_.append(b"}")
        elif mark == b"[":
            open_.append(b"]")
            lists += 1
        elif mark in (b"}", b"]"):
            if not open_ or open_.pop() != mark:
                break
            lists -= mark == b"]"
        elif mark == b"," and (
            (lists <= depth and open_[-1:] == [b"]"]) or (len(open_) == members and open_[-1:] == [b"}"])
        ):
            cut, closing = token.start(), b"".join(reversed(open_))
    return (bytes(content[:cut]) + closing, cut) if cut else (None, 0)


def each(items: Items, layout: type[Item], where: str) -> Iterator[tuple[int, Item | Skipped]]:
    """(position, item) of a list; an item that does not fit the layout is a `Skipped` naming it."""
    for position, raw in enumerate(items or ()):
        yield position, one(raw, layout, f"{where}[{position}]")


def one(raw: msgspec.Raw, layout: type[Item], where: str) -> Item | Skipped:
    """An item in the layout of a reader; a `Skipped` naming it when it does not fit."""
    try:
        found: Item = typed.decode(raw, layout)
        return found
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Skipped(kind="malformed", where=where, reason=str(error)[:_LONGEST_REASON])


def moment(told: str | float | None) -> datetime | None:
    """A time as reports write it (RFC 3339, also with nanoseconds; or seconds since 1970); None for none (in Go the year 1),
    and for what has no zone."""
    if not told:
        return None
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo is not None and found.year > 1 else None


def looks_like(source: Source, *marks: bytes) -> bool:
    """Whether the beginning of a JSON report holds all of these."""
    head = source.head.lstrip()
    return head[:1] in (b"{", b"[") and all(mark in head for mark in marks)


def texts(values: Sequence[Any] | None, most: int = 50) -> tuple[str, ...]:
    """The texts of a list, without those that are empty or no text."""
    return tuple(value for value in values or () if isinstance(value, str) and value)[:most]


LONGEST_TEXT = 20_000


def clipped(text: str | None) -> str:
    """A description of a report, which somebody else wrote and may be of any length."""
    return (text or "")[:LONGEST_TEXT]
