"""Exports of exactly one view of a list, streamed: memory does not grow with the number of rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rest_framework import serializers

from posture.base.renderers import encode

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
# A spreadsheet runs a cell that begins with one of these as a formula (OWASP, "CSV injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def columns(serializer: serializers.Serializer) -> list[tuple[str, ...]]:
    """The CSV columns of a serializer: a path per column, nested objects spread into dotted columns."""
    paths: list[tuple[str, ...]] = []
    for name, field in serializer.fields.items():
        if isinstance(field, serializers.Serializer):
            paths.extend((name, *path) for path in columns(field))
        else:
            paths.append((name,))
    return paths


def _reach(row: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if not isinstance(row, Mapping):
            return None
        row = row.get(part)
    return row


def cell(value: Any) -> str:
    """A value as a CSV cell; text that a spreadsheet would run is quoted with an apostrophe."""
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        text = "; ".join(value)
    elif isinstance(value, list | tuple | Mapping):
        text = encode(value).decode() if value else ""
    else:
        text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_lines(rows: Iterable[Mapping[str, Any]], serializer: serializers.Serializer) -> Iterator[bytes]:
    paths = columns(serializer)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(".".join(path) for path in paths)
    for row in rows:
        writer.writerow(cell(_reach(row, path)) for path in paths)
        if buffer.tell() > 65_536:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def json_lines(rows: Iterable[Mapping[str, Any]], serializer: serializers.Serializer) -> Iterator[bytes]:
    for row in rows:
        yield encode(row) + b"\n"


WRITERS = {"csv": csv_lines, "jsonl": json_lines}
