"""What is left, day by day, of the findings that were on the worklist at the beginning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection
from django.db.models import Min

from posture.base.moments import start_of
from posture.trends.models import CountedDay, DailyCount
from posture.trends.spells import NOBODY
from scanners.records import Record

FARTHEST = 3650  # days: what would be done later is not foretold


class Asked(Record, frozen=True, kw_only=True):
    """Which findings; an empty tuple or None narrows nothing."""

    environment_ids: tuple[int, ...] | None = None
    severities: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    team: str = ""  # id, or `spells.NOBODY`


_AT_START = "{0}.opened_at <= %(start)s AND ({0}.closed_at IS NULL OR {0}.closed_at > %(start)s)"
_WANTED = "(%(severities)s::int[] IS NULL OR i.severity = ANY(%(severities)s))"
# Findings of images are told apart by image: how long each was held in the environments decides how long they count.
_FINDINGS = """
    (%(kinds)s::text[] IS NULL OR f.kind = ANY(%(kinds)s))
    AND (%(team)s = '' OR coalesce(f.team_id::text, %(nobody)s) = %(team)s)
    AND (%(only)s::bigint[] IS NULL OR f.environment_id = ANY(%(only)s)
        OR (f.environment_id IS NULL AND f.asset_id = ANY(%(images)s)))
"""
_IMAGE = "CASE WHEN f.environment_id IS NULL AND %(only)s::bigint[] IS NOT NULL THEN f.asset_id END"

_BEGINNING = f"""
SELECT {_IMAGE}, count(*)
FROM findings_openinterval i JOIN findings_finding f ON f.id = i.finding_id
WHERE {_AT_START.format("i")} AND {_WANTED} AND {_FINDINGS} AND NOT EXISTS (
    SELECT FROM decisions_verdict v WHERE v.finding_id = f.id AND {_AT_START.format("v")}
)
GROUP BY 1
"""

# Each that leaves the worklist takes one, each that comes back brings one: by its intervals, and by what hid it meanwhile.
# What moves begins by an end of the interval of the beginning, or by a verdict: so little is read of what came since.
_MOVED = f"""
WITH mover AS (
    SELECT i.finding_id FROM findings_openinterval i
    WHERE i.opened_at <= %(start)s AND i.closed_at > %(start)s AND i.closed_at < %(end)s AND {_WANTED}
    UNION
    SELECT v.finding_id FROM decisions_verdict v
    WHERE v.opened_at > %(start)s AND v.opened_at < %(end)s AND EXISTS (
        SELECT FROM findings_openinterval i
        WHERE i.finding_id = v.finding_id AND {_AT_START.format("i")} AND {_WANTED}
    )
), cohort AS MATERIALIZED (
    SELECT f.id, {_IMAGE} AS image FROM mover m JOIN findings_finding f ON f.id = m.finding_id
    WHERE {_FINDINGS} AND NOT EXISTS (
        SELECT FROM decisions_verdict v WHERE v.finding_id = f.id AND {_AT_START.format("v")}
    )
), moved AS (
    SELECT c.image, turn.at, turn.change
    FROM cohort c JOIN findings_openinterval i ON i.finding_id = c.id AND {_WANTED}
    CROSS JOIN LATERAL (VALUES (i.opened_at, 1), (i.closed_at, -1)) AS turn(at, change)
    UNION ALL
    SELECT h.image, turn.at, turn.change FROM (
        SELECT c.image, greatest(v.opened_at, i.opened_at) AS hidden_at,
            least(coalesce(v.closed_at, 'infinity'), coalesce(i.closed_at, 'infinity')) AS shown_at
        FROM cohort c JOIN decisions_verdict v ON v.finding_id = c.id
        JOIN findings_openinterval i ON i.finding_id = c.id AND {_WANTED}
    ) h CROSS JOIN LATERAL (VALUES (h.hidden_at, -1), (h.shown_at, 1)) AS turn(at, change)
    WHERE h.hidden_at < h.shown_at
)
SELECT image, (at AT TIME ZONE 'UTC')::date, sum(change) FROM moved
WHERE at > %(start)s AND at < %(end)s GROUP BY 1, 2
"""

# Since when, and until when, some host of the environments held an image that one of them held at the beginning.
_HELD = """
SELECT image_id, lower(held), upper(held) FROM (
    SELECT p.image_id, unnest(range_agg(tstzrange(p.opened_at, p.closed_at))) AS held
    FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id AND h.environment_id = ANY(%(only)s)
    WHERE p.opened_at < %(end)s GROUP BY 1
) stretch WHERE upper(held) IS NULL OR upper(held) > %(start)s
"""


def of(begin: date, end: date, now: datetime, asked: Asked) -> dict[str, Any]:
    """From the beginning of `begin`, or of the second day of which anything is known, to the end of `end`, or now.

    `beginning`: how many findings were on the worklist at first. `days`: how many of them still are at the end of each
    (`left`), and how many there are at all (`open`; None where no day was counted, or over several environments). Then at
    this pace how many go a day, and when none is left. A finding that comes back, or whose decision ends, is one of them
    again. One of an image is gone from an environment when no host there holds the image any more.
    """
    first_counted = CountedDay.objects.aggregate(first=Min("day"))["first"]
    if first_counted is not None and begin <= first_counted < end:
        begin = first_counted + timedelta(days=1)  # before there was anything, nothing can be left of it
    start = start_of(begin)
    stop = min(start_of(end + timedelta(days=1)), now + timedelta(microseconds=1))
    days = [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
    held = _held(asked, start, stop)
    parameters = {
        "start": start,
        "end": stop,
        "severities": list(asked.severities) or None,
        "kinds": list(asked.kinds) or None,
        "team": asked.team,
        "nobody": NOBODY,
        "only": None if asked.environment_ids is None else list(asked.environment_ids),
        "images": [image for image, stretches in held.items() if _holds(stretches, start)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEGINNING, parameters)
        first: dict[int | None, int] = dict(cursor.fetchall())
        cursor.execute(_MOVED, parameters)
        moved: dict[int | None, dict[date, int]] = defaultdict(dict)
        for image, day, change in cursor.fetchall():
            moved[image][day] = change
    left = [0] * len(days)
    for image in {*first, *moved}:
        number = first.get(image, 0)
        for place, day in enumerate(days):
            number += moved[image].get(day, 0)
            if image is None or _holds(held[image], _last_moment(day, stop)):
                left[place] += number
    open_ = _open(asked, begin, end)
    beginning = sum(first.values())
    return {
        "begin": begin,
        "beginning": beginning,
        "days": [
            {"day": day, "left": number, "open": open_.get(day)}
            for day, number in zip(days, left, strict=True)
        ],
        **_pace(beginning, left, end),
    }


def _held(asked: Asked, start: datetime, end: datetime) -> dict[int, list[tuple[datetime, datetime | None]]]:
    if asked.environment_ids is None:
        return {}
    held = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"only": list(asked.environment_ids), "start": start, "end": end})
        for image, since, until in cursor.fetchall():
            held[image].append((since, until))
    return held


def _holds(stretches: Iterable[tuple[datetime, datetime | None]], moment: datetime) -> bool:
    return any(since <= moment and (until is None or until > moment) for since, until in stretches)


def _last_moment(day: date, stop: datetime) -> datetime:
    return min(start_of(day + timedelta(days=1)), stop) - timedelta(microseconds=1)


def _open(asked: Asked, begin: date, end: date) -> dict[date, int]:
    """What was open at the end of each day that was counted."""
    ids = asked.environment_ids
    if ids is not None and len(ids) != 1:
        return {}
    rows = DailyCount.objects.filter(environment=ids[0] if ids else None, day__day__range=(begin, end))
    if asked.severities:
        rows = rows.filter(severity__in=asked.severities)
    if asked.kinds:
        rows = rows.filter(kind__in=asked.kinds)
    if asked.team:
        rows = rows.filter(team=None if asked.team == NOBODY else int(asked.team))
    counted = CountedDay.objects.filter(day__range=(begin, end)).values_list("day", flat=True)
    total = dict.fromkeys(counted, 0)
    for day, number in rows.values_list("day", "open"):
        total[day] += number
    return total


def _pace(beginning: int, left: Sequence[int], end: date) -> dict[str, Any]:
    """How many go a day on the average of the span, and on which day none is left if that goes on; None if it never is."""
    per_day = (beginning - left[-1]) / len(left)
    clear = None
    if beginning and left[-1] == 0:
        last = max((place for place, number in enumerate(left) if number), default=-1)
        clear = end - timedelta(days=len(left) - 2 - last)
    elif per_day > 0 and left[-1] / per_day < FARTHEST:
        clear = end + timedelta(days=ceil(left[-1] / per_day))
    return {"per_day": per_day, "clear_on": clear}
