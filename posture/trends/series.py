"""Days as series, for charts: what was not counted is a gap, never a zero."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from posture.findings.choices import FindingKind
from posture.trends.models import CountedDay, DailyCount, DailyLoad
from scanners.records import Severity

NUMBERS = ("opened", "reopened", "resolved", "open", "decided")
LONGEST = timedelta(days=731)
_NAMES = {"severity": [s.label for s in reversed(Severity)], "kind": list(FindingKind.values)}


def of(environment_id: int | None, begin: date, end: date, *, by: str) -> list[dict[str, Any]]:
    """Every day from `begin` to `end`: numbers and loads, None where nothing was counted; `groups` has the numbers of each
    severity, or kind. Three queries."""
    days = CountedDay.objects.filter(day__range=(begin, end))
    counted = set(days.values_list("day", flat=True))
    numbers: dict[date, dict[str, dict[str, int]]] = defaultdict(dict)
    rows = DailyCount.objects.filter(environment=environment_id, day__day__range=(begin, end))
    for day, kind, severity, *values in rows.values_list("day", "kind", "severity", *NUMBERS):
        name = Severity(severity).label if by == "severity" else kind
        group = numbers[day].setdefault(name, dict.fromkeys(NUMBERS, 0))
        for number, value in zip(NUMBERS, values, strict=True):
            group[number] += value
    loads = {
        row.day_id: row
        for row in DailyLoad.objects.filter(environment=environment_id, day__day__range=(begin, end))
    }
    series = []
    day = begin
    while day <= end:
        series.append(_of_day(day, day in counted, numbers.get(day, {}), loads.get(day), by))
        day += timedelta(days=1)
    return series


def _of_day(
    day: date, is_counted: bool, groups: dict[str, dict[str, int]], load: DailyLoad | None, by: str
) -> dict[str, Any]:
    zero = dict.fromkeys(NUMBERS, 0)
    told: dict[str, Any] = {"day": day, "is_counted": is_counted}
    for number in NUMBERS:
        told[number] = sum(group[number] for group in groups.values()) if is_counted else None
    told["groups"] = {name: groups.get(name, zero) for name in _NAMES[by]} if is_counted else None
    for name in ("load", "line", "coverage", "band", "hosts", "hosts_above"):
        told[name] = getattr(load, name) if load is not None else None
    return told
