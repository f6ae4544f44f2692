"""Filters of the history: by whom, what, on which object, when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from posture.base.filtersets import FilterSet, Values


def moment(text: str) -> datetime:
    """RFC 3339 with its offset. Raises ValueError with a sentence for whoever wrote it."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found):
        raise ValueError("Give date and time with offset as in RFC 3339, for example 2026-01-31T12:00:00Z.")
    return found


class Moment(Values):
    """One end of a span of time; `lookup` compares the column with it."""

    one = True
    parse: Callable[[str], Any] = staticmethod(moment)

    def __init__(self, field_name: str | None = None, *, lookup: str, **kwargs: Any) -> None:
        self.comparison = lookup
        super().__init__(field_name, **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs if value is None else qs.filter(**{f"{self.field_name}__{self.comparison}": value[0]})

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class EntryFilterSet(FilterSet):
    """`since` is included, `until` is not, so that spans can follow each other."""

    actor = Values("actor_name", label="Who", facet=True, help_text="Names as the history shows them.")
    verb = Values("verb", label="What", facet=True)
    object_kind = Values("object_kind", label="Kind of object", facet=True)
    object_id = Values("object_id", label="Object")
    since = Moment("at", label="Since", lookup="gte")
    until = Moment("at", label="Until", lookup="lt")
