"""Writing many rows at once: COPY for new ones, one statement per table for the rest.

Rows are given as tuples of Python values. Callers sort them by key, so that workers lock in one order.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection, models

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)


def _array(values: Sequence[Any]) -> str:
    if not values:
        return "{}"
    if type(values[0]) is int:
        return "{" + ",".join(map(str, values)) + "}"
    quoted = ['"' + str(v).replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values]
    return "{" + ",".join(quoted) + "}"


@lru_cache(maxsize=1024)
def _moment(value: datetime) -> str:
    return value.isoformat()  # rows written together share their moments


def _text(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    # Most texts need no escape, and looking is much cheaper than translating.
    return text.translate(_ESCAPES) if "\\" in text or not text.isprintable() else text


def _json(value: Any) -> str:
    return _text(msgspec.json.encode(value).decode().replace("\\u0000", "\N{REPLACEMENT CHARACTER}"))


class _Formats(dict[type, Callable[[Any], str]]):
    """How each type is written in COPY's text format. Tuples become arrays, dicts and lists become JSON; NUL cannot be
    stored. There are very many values, so the type is looked up and not asked for."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        self[kind] = made = _json if issubclass(kind, dict | list) else lambda value: _text(str(value))
        return made


_FORMATS = _Formats(
    {
        type(None): lambda value: "\\N",
        str: _text,
        bool: lambda value: "t" if value else "f",
        int: repr,
        float: repr,
        datetime: _moment,
        tuple: lambda value: _text(_array(value)),
        bytes: lambda value: "\\\\x" + value.hex(),
    }
)


def _row(values: Sequence[Any]) -> str:
    return "\t".join([_FORMATS[type(value)](value) for value in values])


def copy(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
) -> int:
    """COPY rows into the model's table; returns how many. `same` are columns with one value in every row. Constraints hold:
    a duplicate raises IntegrityError."""
    return copy_into(model._meta.db_table, columns, rows, same=same)


def copy_into(
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
) -> int:
    """The same into any table, such as one that lives as long as the transaction."""
    end = f"\t{_row(tuple(same.values()))}\n" if same else "\n"
    lines = [_row(row) + end for row in rows]
    if lines:
        with connection.cursor() as cursor:
            names = ", ".join(f'"{column}"' for column in (*columns, *(same or {})))
            cursor.cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN', io.StringIO("".join(lines)))
    return len(lines)


def copy_missing(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], conflict: Sequence[str]
) -> list[Any]:
    """COPY the rows whose `conflict` key is not there yet; returns the primary keys of those that were written.

    COPY cannot step over what another writer made meanwhile, so the rows pass through a table of our own. They are
    inserted in the order of their keys: two writers of the same ones then wait for each other, and never in a circle.
    """
    table = model._meta.db_table
    names, keys = (", ".join(f'"{name}"' for name in some) for some in (columns, conflict))
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT {names} FROM "{table}" WITH NO DATA'
        )
        copy_into("copied", columns, rows)
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {names} FROM copied ORDER BY {keys}'
            f' ON CONFLICT ({keys}) DO NOTHING RETURNING "{model._meta.pk.column}"'
        )
        written = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE copied")
    return written


def without_waiting_for_the_disk() -> None:
    """Let this transaction's commit return before the write-ahead log is on disk; PostgreSQL follows within a second.

    What is seen stays whole: after a crash of the database the transaction is there entirely or not at all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")


def allocate(model: type[models.Model], count: int) -> list[int]:
    """`count` fresh primary keys, so that rows of two tables can be copied without asking back."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def insert_missing(
    model: type[models.Model],
    columns: Sequence[str],
    types: Sequence[str],
    rows: Sequence[Sequence[Any]],
    conflict: Sequence[str],
) -> int:
    """Insert the rows whose `conflict` key is not there yet; returns how many were. `types` are SQL types."""
    if not rows:
        return 0
    names = ", ".join(f'"{column}"' for column in columns)
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT * FROM unnest({arrays}) '
            f"ON CONFLICT ({', '.join(conflict)}) DO NOTHING",
            [list(column) for column in zip(*rows, strict=True)],
        )
        return cursor.rowcount


def update(
    model: type[models.Model],
    columns: Sequence[str],
    types: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    key: str = "id",
) -> int:
    """Set `columns` of the rows named by `key`, the first element of each row; one statement."""
    if not rows:
        return 0
    names = [key, *columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    assignments = ", ".join(f'"{column}" = v."{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" AS t SET {assignments} '
            f"FROM unnest({arrays}) AS v({', '.join(names)}) WHERE t.{key} = v.{key}",
            [list(column) for column in zip(*rows, strict=True)],
        )
        return cursor.rowcount


def close(model: type[models.Model], ids: Sequence[int], at: datetime) -> int:
    """End the intervals with these ids at `at`."""
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" SET closed_at = %s WHERE id = ANY(%s)', [at, list(ids)]
        )
        return cursor.rowcount
