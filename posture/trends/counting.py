"""Counts and loads of each day, told from the intervals: a trend always equals a recount.

Of a day (UTC) is counted, in each environment and in the whole fleet:
- opened: findings whose first interval began on it;
- reopened: those of which a later interval began, unless it follows at the very instant at which another one ended: then
  only severity or evidence changed;
- resolved: those of which an interval ended, unless another one follows at that instant;
- open and decided: those that were open at its end, not hidden and hidden by a decision then;
- load, coverage and band: the means of its hosts' at its end, as everywhere (`formula.group_load`).

A finding of an image belongs to every environment of which a host held the image: at the end of the day where it is open,
at any time of the day where it opened or was resolved, so that an image which is replaced takes its findings with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import Min

from posture.base.moments import start_of
from posture.findings import past_tallies
from posture.findings.models import Finding
from posture.risk.formula import EXPONENT
from posture.trends.models import CountedDay
from posture.trends.spells import BEGUN, ENDED

LOOK_BACK = timedelta(days=400)  # no day before is counted
DAYS_AT_ONCE = 20  # missing days that one call counts
FRESH = timedelta(minutes=2)  # a day that may still change is not counted again before
# A day is counted again until this long after its end: a writer that took its moment before midnight commits after it.
SETTLED = timedelta(hours=1)
_ALONE = f"SELECT pg_advisory_xact_lock({0x706C6D03})"  # one counts at a time, over all processes

# What stood at the end of the day is read whole, and so without a question for each row; what moved is little.
_COUNTS = f"""
WITH held AS MATERIALIZED (
    SELECT p.image_id, h.environment_id, bool_or(p.closed_at IS NULL OR p.closed_at >= %(end)s) AS at_end
    FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id AND h.environment_id IS NOT NULL
    WHERE p.opened_at < %(end)s AND (p.closed_at IS NULL OR p.closed_at > %(start)s)
    GROUP BY 1, 2
), stood AS (
    SELECT f.asset_id, f.environment_id, f.team_id, f.kind, i.severity, count(*) AS number
    FROM findings_openinterval i JOIN findings_finding f ON f.id = i.finding_id
    WHERE i.opened_at < %(end)s AND (i.closed_at IS NULL OR i.closed_at >= %(end)s)
    GROUP BY 1, 2, 3, 4, 5
), hidden AS (
    SELECT f.asset_id, f.environment_id, f.team_id, f.kind, i.severity, count(*) AS number
    FROM decisions_verdict v JOIN findings_finding f ON f.id = v.finding_id
    JOIN findings_openinterval i ON i.finding_id = f.id
        AND i.opened_at < %(end)s AND (i.closed_at IS NULL OR i.closed_at >= %(end)s)
    WHERE v.opened_at < %(end)s AND (v.closed_at IS NULL OR v.closed_at >= %(end)s)
    GROUP BY 1, 2, 3, 4, 5
), begun AS (
{BEGUN}
), ended AS (
{ENDED}
), counted AS (
    SELECT asset_id, environment_id, team_id, kind, severity, 0 AS opened, 0 AS reopened, 0 AS resolved, number AS open,
        0 AS decided, false AS is_move FROM stood
    UNION ALL
    SELECT asset_id, environment_id, team_id, kind, severity, 0, 0, 0, -number, number, false FROM hidden
    UNION ALL
    SELECT asset_id, environment_id, team_id, kind, severity, is_first::int, (NOT is_first)::int, 0, 0, 0, true FROM begun
    UNION ALL
    SELECT asset_id, environment_id, team_id, kind, severity, 0, 0, 1, 0, 0, true FROM ended
), placed AS (
    SELECT NULL::bigint AS environment_id, team_id, kind, severity, opened, reopened, resolved, open, decided FROM counted
    UNION ALL
    SELECT environment_id, team_id, kind, severity, opened, reopened, resolved, open, decided FROM counted
    WHERE environment_id IS NOT NULL
    UNION ALL
    SELECT h.environment_id, team_id, kind, severity, opened, reopened, resolved, open, decided
    FROM counted c JOIN held h ON h.image_id = c.asset_id AND (c.is_move OR h.at_end) WHERE c.environment_id IS NULL
)
INSERT INTO trends_dailycount
    (day_id, environment_id, team_id, kind, severity, opened, reopened, resolved, open, decided)
SELECT %(day)s, environment_id, team_id, kind, severity,
    sum(opened), sum(reopened), sum(resolved), sum(open), sum(decided)
FROM placed GROUP BY 2, 3, 4, 5
HAVING sum(opened) + sum(reopened) + sum(resolved) + sum(open) + sum(decided) > 0
"""

_LOADS = """
WITH stood AS (
    SELECT h.environment_id, e.line, l.load, l.energy, l.coverage, l.band
    FROM risk_load l JOIN fleet_asset h ON h.id = l.asset_id AND h.kind = 'host'
    LEFT JOIN fleet_environment e ON e.id = h.environment_id
    WHERE l.opened_at < %(end)s AND (l.closed_at IS NULL OR l.closed_at >= %(end)s)
)
INSERT INTO trends_dailyload (day_id, environment_id, load, line, coverage, band, hosts, hosts_above)
SELECT %(day)s, environment_id, power(avg(energy) FILTER (WHERE load IS NOT NULL), 1.0 / %(exponent)s),
    CASE WHEN grouping(environment_id) = 0 THEN max(line) END,
    avg(coverage) FILTER (WHERE load IS NOT NULL),
    power(avg(power(band, %(exponent)s)) FILTER (WHERE load IS NOT NULL), 1.0 / %(exponent)s),
    count(*), count(*) FILTER (WHERE load > line)
FROM stood GROUP BY GROUPING SETS ((), (environment_id))
HAVING count(*) > 0 AND (grouping(environment_id) = 1 OR environment_id IS NOT NULL)
"""


def count_day(day: date, now: datetime) -> None:
    """Count one day, in the place of what was counted of it before. Of today: as it stands now."""
    start = start_of(day)
    # What happens at this very moment has happened.
    end = min(_end_of(day), now + timedelta(microseconds=1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALONE)
        CountedDay.objects.filter(day=day).delete()
        CountedDay.objects.create(day=day, counted_at=now)
        cursor.execute(_COUNTS, {"day": day, "start": start, "end": end})
        cursor.execute(_LOADS, {"day": day, "end": end, "exponent": float(EXPONENT)})


def forget(since: date) -> None:
    """What was written of the past after it had been counted: the days from `since` on are to be counted again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALONE)
        CountedDay.objects.filter(day__gte=since).delete()
        past_tallies.forget()


def catch_up(now: datetime, *, most: int = DAYS_AT_ONCE) -> int:
    """Count up to `most` of the days that are to be counted, the newest first; returns how many."""
    days = list(islice(missing(now), most))
    for day in days:
        count_day(day, now)
    return len(days)


def missing(now: datetime) -> Iterable[date]:
    """Days that are to be counted, the newest first: from the first finding on, but those that were counted when they were
    settled, or moments ago."""
    today = now.astimezone(UTC).date()
    first = Finding.objects.aggregate(first=Min("first_opened_at"))["first"]
    if first is None:
        return
    begin = max(first.astimezone(UTC).date(), today - LOOK_BACK)
    done = {
        day
        for day, counted_at in CountedDay.objects.filter(day__gte=begin).values_list("day", "counted_at")
        if counted_at >= _end_of(day) + SETTLED or counted_at >= now - FRESH
    }
    day = today
    while day >= begin:
        if day not in done:
            yield day
        day -= timedelta(days=1)


def _end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1))
