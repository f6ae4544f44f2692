"""How far each vulnerability reached at a past moment: counted from intervals when somebody asks, and kept for the questions
that follow, because a list with its facets and pages asks it many times.

What tools say of fixes, and whether they agree, is what they say now, as with findings at a past moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from posture.findings.choices import DISPUTED, SINGLE_SOURCE
from posture.findings.models import CountedMoment
from posture.findings.standing import was_true
from posture.findings.tallies import FIXED, REACH, SUM_HELD

KEPT = timedelta(days=1)
# What was still being written at the moment can be missing, so a moment that had just passed is soon counted anew.
SETTLES = timedelta(hours=1)
FRESH = timedelta(minutes=1)
_LOCK = 0x706C6D03  # one counts at a time, over all processes

# Every finding that was known then; `severity` is null of what was not on the worklist. Decisions stand above findings, so
# their table is only named.
_COUNT = f"""
WITH lying AS (
    SELECT p.image_id AS asset_id, array_agg(DISTINCT h.environment_id ORDER BY h.environment_id) AS environments
    FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id
    WHERE {was_true("p")} AND h.environment_id IS NOT NULL
    GROUP BY 1
), decided AS (
    SELECT v.finding_id FROM decisions_verdict v WHERE {was_true("v")}
), stood AS (
    SELECT i.finding_id, i.severity FROM findings_openinterval i WHERE {was_true("i")}
), known AS (
    SELECT f.asset_id, f.vulnerability_id, f.package_id, f.fix, f.agreement,
        CASE WHEN d.finding_id IS NULL THEN s.severity END AS severity
    FROM findings_finding f LEFT JOIN stood s ON s.finding_id = f.id LEFT JOIN decided d ON d.finding_id = f.id
    WHERE f.vulnerability_id IS NOT NULL AND f.first_opened_at <= %(at)s
), held AS (
    SELECT f.vulnerability_id, coalesce(l.environments, '{{}}') AS environments, f.asset_id,
        (count(f.severity) > 0)::int AS images,
        count(*) FILTER (WHERE f.severity = 4) AS critical, count(*) FILTER (WHERE f.severity = 3) AS high,
        count(*) FILTER (WHERE f.severity = 2) AS medium, count(*) FILTER (WHERE f.severity = 1) AS low,
        count(*) FILTER (WHERE f.severity = 0) AS info,
        count(f.severity) FILTER (WHERE f.fix = {FIXED}) AS fixable,
        count(f.severity) FILTER (WHERE f.agreement = {DISPUTED}) AS disputed,
        count(f.severity) FILTER (WHERE f.agreement = {SINGLE_SOURCE}) AS single_source,
        array_agg(DISTINCT k.ecosystem) AS ecosystems
    FROM known f LEFT JOIN lying l USING (asset_id) JOIN vulnerabilities_package k ON k.id = f.package_id
    GROUP BY 1, 2, 3
)
INSERT INTO findings_pasttally (moment_id, {REACH}) SELECT %(moment)s, summed.* FROM ({SUM_HELD}) AS summed
"""


def counted(at: datetime) -> CountedMoment:
    """The moment with its tallies: those that are kept, or counted now."""
    known = CountedMoment.objects.filter(at=at).first()
    if known is not None and _holds(known):
        return known
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        known = CountedMoment.objects.filter(at=at).first()
        if known is not None and _holds(known):
            return known  # another request counted it meanwhile
        now = timezone.now()
        CountedMoment.objects.filter(counted_at__lt=now - KEPT).delete()
        if known is not None:
            known.delete()
        made = CountedMoment.objects.create(at=at, counted_at=now)
        cursor.execute(_COUNT, {"at": at, "moment": made.pk})
        return made


def forget() -> None:
    """What was written of the past after it had been counted: every moment is to be counted again."""
    CountedMoment.objects.all().delete()


def _holds(known: CountedMoment) -> bool:
    age = timezone.now() - known.counted_at
    return age < (KEPT if known.counted_at - known.at >= SETTLES else FRESH)
