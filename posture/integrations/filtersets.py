"""Filters of webhooks, digests and messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from posture.base.filtersets import FilterSet, Search, Values, from_enum
from posture.integrations.choices import Cause, MessageState


class WebhookFilterSet(FilterSet):
    search = Search("name", method="filter_search")

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.filter(name__icontains=value[0])


class DigestFilterSet(FilterSet):
    """A person has few."""


class MessageFilterSet(FilterSet):
    state = Values("state", label="State", choices=from_enum(MessageState), facet=True)
    cause = Values("cause", label="About", choices=from_enum(Cause), facet=True)
    search = Search("subject", method="filter_search")

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.filter(subject__icontains=value[0])
