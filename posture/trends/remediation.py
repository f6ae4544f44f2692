"""How long it took until what was resolved was resolved, and whether that was in time. One row is one spell (`spells`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import connection

from posture.accounts.models import Team
from posture.findings.choices import FindingKind
from posture.fleet.models import Environment
from posture.trends import spells
from scanners.records import Severity

# Between these, in days, times to remediate are counted: a day, a week, and the deadlines that are usual.
EDGES: tuple[int | None, ...] = (0, 1, 7, 15, 30, 90, 180, None)

_BUCKETS = ", ".join(
    f"count(*) FILTER (WHERE days >= {low}" + (")" if high is None else f" AND days < {high})")
    for low, high in pairwise(EDGES)
)
_ENDED = (
    f"SELECT *, extract(epoch FROM closed_at - begun_at)::float8 / 86400 AS days FROM ({spells.ENDED}) ended"
)
_TIMES = f"""
SELECT arm, key, count(*), avg(days), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY days), ARRAY[{_BUCKETS}],
    count(*) FILTER (WHERE closed_at <= due_at), count(*) FILTER (WHERE closed_at > due_at)
FROM told GROUP BY arm, key
"""

# Overdue at the end: open then, due before, and hidden by no decision. What is still open is read through the indexes of
# the worklist and of what is decided; what was resolved or revised since, through the time at which its interval ended.
_OPEN = """
    SELECT f.id, f.asset_id, f.environment_id, f.team_id, f.kind, i.severity
    FROM findings_finding f JOIN findings_openinterval i ON i.finding_id = f.id AND i.closed_at IS NULL
    WHERE f.closed_at IS NULL AND f.decided IS {decided} AND f.due_at < %(end)s AND i.opened_at < %(end)s
"""
_LATE = f"""
SELECT l.*, %(end)s::timestamptz - interval '1 microsecond' AS held_from, %(end)s::timestamptz AS held_until FROM (
    {_OPEN.format(decided="NULL")}
    UNION ALL
    {_OPEN.format(decided="NOT NULL")}
    UNION ALL
    SELECT f.id, f.asset_id, f.environment_id, f.team_id, f.kind, i.severity
    FROM findings_openinterval i JOIN findings_finding f ON f.id = i.finding_id
    WHERE i.closed_at >= %(end)s AND i.opened_at < %(end)s AND i.due_at < %(end)s
) l WHERE NOT EXISTS (
    SELECT FROM decisions_verdict v WHERE v.finding_id = l.id
        AND v.opened_at < %(end)s AND (v.closed_at IS NULL OR v.closed_at >= %(end)s)
)
"""


def of(begin: datetime, end: datetime, environment_ids: Sequence[int] | None, *, by: str) -> dict[str, Any]:
    """What was resolved from `begin` until before `end` in these environments (None: all): in `total`, in `groups` by
    severity, kind, environment or team, and as `days`, those on which anything was.

    A finding counts each time that it was resolved; one of an image in the environments that held the image on that day,
    and in the total once. What was due is as it stood when it was resolved. Four queries at most.
    """
    asked = {"start": begin, "end": end, "only": None if environment_ids is None else list(environment_ids)}
    with connection.cursor() as cursor:
        cursor.execute(spells.told(_ENDED, by) + _TIMES, asked)
        resolved = {(arm, key): _numbers(*values) for arm, key, *values in cursor.fetchall()}
        cursor.execute(
            f"{spells.told(_LATE, by)} SELECT arm, key, count(*) FROM told WHERE arm <> 'day' GROUP BY 1, 2",
            asked,
        )
        overdue = {(arm, key): number for arm, key, number in cursor.fetchall()}
    names = _names(by, {key for arm, key in (*resolved, *overdue) if arm == "group"})
    return {
        "total": _told(("total", ""), resolved, overdue),
        "groups": [
            {"key": shown, "name": name, **_told(("group", key), resolved, overdue)}
            for key, shown, name in names
        ],
        "days": [
            {"day": key, "resolved": one["resolved"], "met": one["met"], "missed": one["missed"]}
            for (arm, key), one in sorted(resolved.items())
            if arm == "day"
        ],
    }


def _numbers(
    resolved: int, mean: float, quantiles: list[float], buckets: list[int], met: int, missed: int
) -> dict[str, Any]:
    return {
        "resolved": resolved,
        "mean_days": mean,
        "median_days": quantiles[0],
        "p90_days": quantiles[1],
        "distribution": [
            {"from_days": low, "to_days": high, "resolved": number}
            for (low, high), number in zip(pairwise(EDGES), buckets, strict=True)
        ],
        "met": met,
        "missed": missed,
    }


_NONE = _numbers(0, 0.0, [0.0, 0.0], [0] * (len(EDGES) - 1), 0, 0) | dict.fromkeys(
    ("mean_days", "median_days", "p90_days")
)


def _told(
    of: tuple[str, str], resolved: dict[tuple[str, str], dict], overdue: dict[tuple[str, str], int]
) -> dict[str, Any]:
    return {**resolved.get(of, _NONE), "overdue": overdue.get(of, 0)}


def _names(by: str, keys: set[str]) -> list[tuple[str, str, str]]:
    """(key of the statement, key as shown and as filters take it, name) of these groups, in the order in which people
    expect them."""
    if by == "severity":
        ordered = [(str(int(one)), one.label, one.label.capitalize()) for one in reversed(Severity)]
    elif by == "kind":
        ordered = [(kind.value, kind.value, str(kind.label)) for kind in FindingKind]
    elif by == "environment":
        places = Environment.objects.filter(pk__in=keys).order_by("name")
        ordered = [(str(place.pk), place.slug, place.name) for place in places]
    else:
        ids = keys - {spells.NOBODY}
        ordered = [(str(team.pk), str(team.pk), team.name) for team in Team.objects.filter(pk__in=ids)]
        ordered.append((spells.NOBODY, spells.NOBODY, "No team"))
    return [one for one in ordered if one[0] in keys]
