"""Filters of uploads and feeds."""

from __future__ import annotations

from posture.base.filtersets import FilterSet, Flag, Search, Values, from_enum
from posture.collection.choices import UploadSource, UploadState
from posture.vulnerabilities.choices import FeedKind


class UploadFilterSet(FilterSet):
    state = Values("state", label="State", choices=from_enum(UploadState), facet=True)
    source = Values("source", label="Sent by", choices=from_enum(UploadSource), facet=True)
    search = Search("file_name")


class FeedFilterSet(FilterSet):
    kind = Values("kind", label="Kind", choices=from_enum(FeedKind), facet=True)
    enabled = Flag("is_enabled", label="Fetched", facet=True)
    search = Search("name")
