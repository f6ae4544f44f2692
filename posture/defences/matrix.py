"""What the matrix shows beside a row's own columns, and how a group of assets stands as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from posture.defences.choices import DefenceState
from posture.defences.filtersets import MatrixFilterSet
from posture.defences.models import Defence
from scanners.defences.mechanisms import BY_ID
from scanners.defences.mitigation import RULES
from scanners.defences.records import Mechanism

GROUPS_SHOWN = 50


def cells(asset_ids: Iterable[int], moment: datetime | None) -> dict[int, dict[str, dict[str, Any]]]:
    """The cells of each asset's row, by mechanism. One query for a page."""
    found: dict[int, dict[str, dict[str, Any]]] = {}
    rows = Defence.objects.as_of(moment).filter(asset__in=list(asset_ids))
    for pk, asset_id, mechanism, state, since in rows.values_list(
        "pk", "asset_id", "mechanism", "state", "state_since"
    ):
        found.setdefault(asset_id, {})[mechanism] = {"id": pk, "state": state, "since": since}
    return found


def groups(filters: MatrixFilterSet, by: str) -> list[dict[str, Any]]:
    """How many assets of each group are in which state, mechanism by mechanism; the largest `GROUPS_SHOWN` first.

    `filters` say which rows of the matrix match; `by` is the column of theirs that makes a group, "" for one group.
    Two queries.
    """
    probes = filters.apply()
    sizes = _sizes(probes, by)
    counts: dict[Any, dict[str, dict[str, int]]] = {group: {} for group in sizes}
    group_of = [by] if by else []
    cells = filters.cells()
    if by and not by.startswith("asset__"):
        relation = probes.model._meta.get_field("asset").remote_field.related_name
        group_of = [f"asset__{relation}__{by}"]
        cells = Defence.objects.as_of(filters.moment).of_rows(probes)
    rows = cells.values_list(*group_of, "mechanism", "state").annotate(number=Count("*")).order_by()
    for *group, mechanism, state, number in rows:
        if (of_group := counts.get(group[0] if group else None)) is not None:
            of_group.setdefault(mechanism, {})[state] = number
    return [
        {
            "group": "" if group is None else str(group),
            "label": "",
            "assets": size,
            "mechanisms": [
                {
                    "mechanism": mechanism.id,
                    "states": {
                        state.value: counts[group].get(mechanism.id, {}).get(state.value, 0)
                        for state in DefenceState
                    },
                }
                for mechanism in filters.mechanisms
            ],
        }
        for group, size in sizes.items()
    ]


def _sizes(probes: QuerySet, by: str) -> dict[Any, int]:
    if not by:
        return {None: probes.order_by().count()}
    rows = probes.order_by().values_list(by).annotate(number=Count("pk")).order_by("-number", by)
    return dict(rows[:GROUPS_SHOWN])


def described(mechanism: Mechanism) -> dict[str, Any]:
    """A mechanism for people: what it blunts, and by how much it lightens which findings."""
    return {
        "id": mechanism.id,
        "title": mechanism.title,
        "kind": mechanism.subject.value,
        "blunts": [{"id": weakness.value, "meaning": weakness.meaning} for weakness in mechanism.blunts],
        "why": mechanism.why,
        "remediation": mechanism.remediation,
        "check": mechanism.check,
        "in_container": mechanism.in_container,
        "rules": [
            {"weakness": rule.weakness.value, "factor": rule.factor, "reason": rule.reason}
            for rule in RULES
            if rule.mechanism == mechanism.id
        ],
    }


def every_mechanism() -> list[dict[str, Any]]:
    return [described(mechanism) for mechanism in BY_ID.values()]
