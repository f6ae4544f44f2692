"""Filters of uploads."""

from __future__ import annotations

from posture.base.filtersets import FilterSet, Search, Values, from_enum
from posture.collection.choices import UploadSource, UploadState


class UploadFilterSet(FilterSet):
    state = Values("state", label="State", choices=from_enum(UploadState), facet=True)
    source = Values("source", label="Sent by", choices=from_enum(UploadSource), facet=True)
    search = Search("file_name")
