"""Days as series, for charts: what was not counted is a gap, never a zero."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum

from posture.accounts.models import Team
from posture.findings.choices import FindingKind
from posture.fleet.models import Environment
from posture.trends.models import CountedDay, DailyCount, DailyLoad
from scanners.records import Severity

NUMBERS = ("opened", "reopened", "resolved", "open", "decided")
LONGEST = timedelta(days=731)
NO_TEAM, FORMER_TEAMS = "No team", "Former teams"
ALL_SHOWN = ("severity", "kind")  # also those of which there is nothing


def of(environment_id: int | None, begin: date, end: date, *, by: str) -> list[dict[str, Any]]:
    """Every day from `begin` to `end`: numbers and loads, None where nothing was counted; `groups` has the numbers of each
    severity, kind, environment or team. Five queries at most.

    An image may lie in several environments, so these can add up to more than the day has. Teams are those of the time at
    which the day was counted.
    """
    days = CountedDay.objects.filter(day__range=(begin, end))
    counted = set(days.values_list("day", flat=True))
    rows = DailyCount.objects.filter(day__day__range=(begin, end))
    of_place = rows.filter(environment=environment_id)
    totals = {day: dict(zip(NUMBERS, values, strict=True)) for day, *values in _sums(of_place, "day")}
    grouped = (
        rows.filter(environment__isnull=False) if by == "environment" and not environment_id else of_place
    )
    names = _names(by)
    groups: dict[date, dict[str, dict[str, int]]] = defaultdict(dict)
    for day, key, *values in _sums(grouped, "day", by):
        group = groups[day].setdefault(names.get(key, FORMER_TEAMS), dict.fromkeys(NUMBERS, 0))
        for number, value in zip(NUMBERS, values, strict=True):
            group[number] += value
    seen = {name for of_day in groups.values() for name in of_day}
    shown = [name for name in (*names.values(), FORMER_TEAMS) if by in ALL_SHOWN or name in seen]
    loads = {
        row.day_id: row
        for row in DailyLoad.objects.filter(environment=environment_id, day__day__range=(begin, end))
    }
    series = []
    zero = dict.fromkeys(NUMBERS, 0)
    for day in (begin + timedelta(days=place) for place in range((end - begin).days + 1)):
        is_counted = day in counted
        told: dict[str, Any] = {"day": day, "is_counted": is_counted}
        told |= totals.get(day, zero) if is_counted else dict.fromkeys(NUMBERS)
        told["groups"] = {name: groups[day].get(name, zero) for name in shown} if is_counted else None
        for name in ("load", "line", "coverage", "band", "hosts", "hosts_above"):
            told[name] = getattr(loads.get(day), name, None)
        series.append(told)
    return series


def _sums(rows: Any, *keys: str) -> Any:
    sums = {f"sum_{number}": Sum(number) for number in NUMBERS}
    return rows.values(*keys).annotate(**sums).values_list(*keys, *sums)


def _names(by: str) -> dict[Any, str]:
    """What the database has → the group's name, in the order in which charts show them."""
    if by == "severity":
        return {int(severity): severity.label for severity in reversed(Severity)}
    if by == "kind":
        return {kind: kind for kind in FindingKind.values}
    if by == "environment":
        return dict(Environment.objects.order_by("name").values_list("pk", "name"))
    return {**dict(Team.objects.values_list("pk", "name")), None: NO_TEAM}
