"""Orderings that a list offers: named tuples of columns, each served by an index, the last one unique."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.db.models import F
from django.db.models.expressions import OrderBy


class Key(msgspec.Struct, frozen=True):
    """One column of an ordering. Only the first of an ordering may be nullable; where its nulls go is part of it."""

    path: str
    descending: bool = False
    nullable: bool = False
    nulls_first: bool = False

    def expression(self) -> OrderBy:
        nulls: dict[str, Any] = {}
        if self.nullable:
            nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        column = F(self.path)
        return column.desc(**nulls) if self.descending else column.asc(**nulls)


Ordering = tuple[Key, ...]
Orderings = Mapping[str, Ordering]


def by(
    path: str,
    *,
    then: str = "pk",
    descending: bool = False,
    nullable: bool = False,
    nulls_first: bool = False,
) -> Ordering:
    """An ordering by one column, with `then` (unique, same direction) to tell ties apart."""
    return Key(path, descending, nullable, nulls_first), Key(then, descending)


def only(path: str, *, descending: bool = False) -> Ordering:
    """An ordering by one unique column."""
    return (Key(path, descending),)
