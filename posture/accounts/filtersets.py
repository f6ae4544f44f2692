"""Filters of people, tokens and saved views."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from posture.accounts.choices import ListPage, Role, Scope
from posture.base.filtersets import FilterSet, Flag, Ids, Search, Values, from_enum


class UserFilterSet(FilterSet):
    role = Values("role", label="Role", choices=from_enum(Role), facet=True)
    is_active = Flag("is_active", label="Active", facet=True)
    search = Search("username", method="filter_search")

    def filter_search(self, queryset: QuerySet, name: str, value: Sequence[str]) -> QuerySet:
        # People are few: no index is needed.
        return queryset.filter(Q(username__icontains=value[0]) | Q(email__icontains=value[0]))


class TokenFilterSet(FilterSet):
    scope = Values("scope", label="Scope", choices=from_enum(Scope), facet=True)
    user = Ids("user", label="Person")
    live = Flag("revoked_at", label="Usable", facet=True, method="filter_live")
    search = Search("name", method="filter_search")

    def filter_live(self, queryset: QuerySet, name: str, value: Sequence[bool]) -> QuerySet:
        ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
        return queryset.exclude(ended) if value[0] else queryset.filter(ended)

    def filter_search(self, queryset: QuerySet, name: str, value: Sequence[str]) -> QuerySet:
        return queryset.filter(Q(name__icontains=value[0]) | Q(user__username__icontains=value[0]))


class SavedViewFilterSet(FilterSet):
    page = Values("page", label="List", choices=from_enum(ListPage), facet=True)
    is_shared = Flag("is_shared", label="Shared", facet=True)
    owner = Ids("owner", label="Person")
    search = Search("name", method="filter_search")

    def filter_search(self, queryset: QuerySet, name: str, value: Sequence[str]) -> QuerySet:
        return queryset.filter(name__icontains=value[0])
