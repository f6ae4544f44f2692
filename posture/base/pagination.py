"""Keyset pages: the cursor holds where the last page ended, so page 1,000 costs what page 1 does.

Counting is bounded: above `COUNT_BOUND` rows the answer is "at least that many".
"""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection
from django.db.models import Field, Q, QuerySet
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from posture.base.ordering import Key, Ordering

COUNT_BOUND = 10_000
DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class Count(msgspec.Struct, frozen=True):
    """How many rows there are; when not exact, at least `value`."""

    value: int
    exact: bool

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "exact": self.exact}


def bounded(number: int) -> Count:
    return Count(min(number, COUNT_BOUND), number <= COUNT_BOUND)


def count_each(groups: Sequence[Sequence[QuerySet]]) -> list[Count]:
    """The bounded size of each group of disjoint querysets, in one statement; a group is read no further than its bound."""
    selects: list[str] = []
    params: list[Any] = []
    places: list[int] = []
    for place, querysets in enumerate(groups):
        parts: list[str] = []
        for queryset in querysets:
            limited = queryset.order_by().values("pk")[: COUNT_BOUND + 1]
            try:
                sql, given = limited.query.sql_with_params()
            except EmptyResultSet:
                continue
            parts.append(f"SELECT FROM ({sql}) AS p")
            params.extend(given)
        if parts:
            selects.append(f"SELECT count(*) FROM ({' UNION ALL '.join(parts)} LIMIT {COUNT_BOUND + 1}) AS t")
            places.append(place)
    numbers = [0] * len(groups)
    if selects:
        with connection.cursor() as cursor:
            # Values in one row keep their order, which UNION ALL does not promise.
            cursor.execute("SELECT " + ", ".join(f"({select})" for select in selects), params)
            for place, number in zip(places, cursor.fetchone(), strict=True):
                numbers[place] = number
    return [bounded(number) for number in numbers]


def encode_cursor(ordering_name: str, values: Sequence[Any]) -> str:
    body = msgspec.json.encode([ordering_name, *values])
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def decode_cursor(text: str, ordering_name: str, fields: Sequence[Field]) -> tuple[Any, ...]:
    """The values that a page ended with. Raises Invalid for a cursor that this list and ordering did not make."""
    try:
        body = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        name, *values = msgspec.json.decode(body)
        if name != ordering_name or len(values) != len(fields):
            raise ValueError
        return tuple(
            _restore(field, value, first=i == 0)
            for i, (field, value) in enumerate(zip(fields, values, strict=True))
        )
    except (
        ValueError,
        TypeError,
        UnicodeEncodeError,
        binascii.Error,
        ValidationError,
        OverflowError,
    ) as error:
        raise Invalid(
            {"cursor": ["Not a cursor of this list in this ordering. Start again without it."]}
        ) from error


def _restore(field: Field, value: Any, *, first: bool) -> Any:
    if value is None:
        if not first:
            raise ValueError
        return None
    if isinstance(value, bool | list | dict) or (isinstance(value, str) and "\x00" in value):
        raise ValueError
    restored = field.to_python(value)
    if isinstance(restored, datetime) and restored.tzinfo is None:
        raise ValueError
    if isinstance(restored, int) and not -(2**63) <= restored < 2**63:
        raise ValueError
    return restored


def field_of(queryset: Any, path: str) -> Field:
    """The model field, or the annotation's output field, at the end of a path."""
    if path in queryset.query.annotations:
        return queryset.query.annotations[path].output_field
    head, _, rest = path.partition("__")
    if (relation := queryset.query._filtered_relations.get(head)) is not None:
        path = f"{relation.relation_name}__{rest}"
    model: Any = queryset.model
    field: Any = model._meta.pk
    for part in path.split("__"):
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        model = field.related_model if field.is_relation else model
    return field.target_field if field.is_relation else field


def _after(keys: Ordering, values: Sequence[Any]) -> Q:
    """Condition: the row comes after `values`. The first column's plain bound is what the index can use."""
    condition = Q()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        operator = "lt" if key.descending else "gt"
        beyond = Q(**{f"{key.path}__{operator}": value})
        condition = beyond | (Q(**{key.path: value}) & condition) if condition else beyond
    first = keys[0]
    bound = Q(**{f"{first.path}__{'lte' if first.descending else 'gte'}": values[0]})
    return bound & condition if len(keys) > 1 else condition


def segments(queryset: QuerySet, keys: Ordering, values: Sequence[Any] | None) -> Iterator[QuerySet]:
    """What is left after `values`, in order, as ranges that an index serves: nulls are a range of their own."""
    first = keys[0]
    ordered = queryset.order_by(*(key.expression() for key in keys))
    if values is None:
        yield ordered
        return
    if not first.nullable:
        yield ordered.filter(_after(keys, values))
        return
    null = {f"{first.path}__isnull": True}
    filled = {f"{first.path}__isnull": False}
    if values[0] is None:
        yield ordered.filter(_after(keys[1:], values[1:]), **null)
        if first.nulls_first:
            yield ordered.filter(**filled)
        return
    yield ordered.filter(_after(keys, values), **filled)
    if not first.nulls_first:
        yield ordered.filter(**null)


def walk_merged(
    branches: Sequence[QuerySet], keys: Ordering, values: Sequence[Any] | None, limit: int
) -> list[tuple[Any, ...]]:
    """`walk` over disjoint querysets as if they were one; ordered by numbers and times, which sort alike everywhere."""
    found = [walk(branch, keys, values, limit) for branch in branches]
    return (
        found[0] if len(found) == 1 else list(heapq.merge(*found, key=lambda row: _place(keys, row)))[:limit]
    )


class _Descending:
    """Turns the order of a value round, whatever its type."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


def _place(keys: Ordering, row: Sequence[Any]) -> tuple[Any, ...]:
    """Sorts a row as the database does; nulls by the rank before them."""
    place: list[Any] = []
    for key, value in zip(keys, row, strict=False):
        place.append((value is None) != key.nulls_first)
        place.append(0 if value is None else _Descending(value) if key.descending else value)
    return tuple(place)


def walk(
    queryset: QuerySet, keys: Ordering, values: Sequence[Any] | None, limit: int
) -> list[tuple[Any, ...]]:
    """Up to `limit` rows after `values`: each the ordering's values and then the primary key."""
    rows: list[tuple[Any, ...]] = []
    for segment in segments(queryset, keys, values):
        rows.extend(segment.values_list(*(key.path for key in keys), "pk")[: limit - len(rows)])
        if len(rows) >= limit:
            break
    return rows


def whole_number(text: str, name: str, low: int, high: int) -> int:
    try:
        number = int(text) if text.isascii() and len(text) < 20 else low - 1
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise Invalid({name: [f"Give a whole number from {low} to {high}."]})
    return number


class KeysetPagination(BasePagination):
    """Pages of a view that names its ordering (`ordering_name()`, `keys()`) and turns ids into rows (`hydrate(ids)`)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        name = view.ordering_name()
        keys: Sequence[Key] = view.keys(name)
        branches = view.filterset.branches(tuple(keys))
        limit = whole_number(request.query_params.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)
        text = request.query_params.get("cursor")
        after = decode_cursor(text, name, [field_of(queryset, key.path) for key in keys]) if text else None
        rows = walk_merged(branches, tuple(keys), after, limit + 1)
        self.cursor = encode_cursor(name, rows[limit - 1][:-1]) if len(rows) > limit else None
        self.count = count_each([branches])[0] if after or len(rows) > limit else bounded(len(rows))
        return view.hydrate([row[-1] for row in rows[:limit]])

    def get_paginated_response(self, data: Any) -> Response:
        here = self.request.build_absolute_uri()
        following = replace_query_param(here, "cursor", self.cursor) if self.cursor else None
        return Response({"results": data, "next": following, "count": self.count.as_dict()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next", "count"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "The next page; null on the last one.",
                },
                "count": COUNT_SCHEMA,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "schema": {"type": "string"},
                "description": "Where the page before ended; taken from `next`.",
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                "description": "Rows a page.",
            },
        ]


COUNT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["value", "exact"],
    "properties": {"value": {"type": "integer"}, "exact": {"type": "boolean"}},
    "description": "How many rows match; when not exact, at least `value`.",
}
