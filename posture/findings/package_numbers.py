"""In how many images packages are, by what tools list and by findings, and what is open in them: now, or at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from posture.base.pagination import Count
from posture.findings.standing import was_true
from scanners.records import Record

COUNTED = 1_000  # lists that name a package, and its findings; beyond it a number means "at least"

_OF_IMAGES = "AND (%(images)s::bigint[] IS NULL OR {}.asset_id = ANY(%(images)s))"
_LISTS = f"""
SELECT l.asset_id FROM vulnerabilities_packagelist l
WHERE {{is_listed}} AND l.packages @> ARRAY[v.id::integer] {_OF_IMAGES.format("l")} LIMIT %(most)s
"""
_OPEN = f"""
FROM findings_finding f WHERE f.package_id = v.id AND f.closed_at IS NULL AND f.decided IS NULL {_OF_IMAGES.format("f")}
"""
_NOW = f"""
SELECT v.id,
    (SELECT count(*) FROM (({_LISTS.format(is_listed="l.closed_at IS NULL")})
        UNION (SELECT f.asset_id {_OPEN} LIMIT %(most)s)) AS h),
    greatest(
        (SELECT count(*) FROM ({_LISTS.format(is_listed="l.closed_at IS NULL")}) AS lists),
        (SELECT count(*) FROM (SELECT {_OPEN} LIMIT %(most)s) AS open)
    ),
    (SELECT count(*) FROM (SELECT {_OPEN} LIMIT %(most)s) AS open),
    (SELECT f.severity {_OPEN} ORDER BY f.severity DESC LIMIT 1)
FROM unnest(%(ids)s::bigint[]) AS v(id)
"""

# What was open then is open and undecided still, and found by its package, the worst first; or it has been resolved since, or
# is decided now, which are few and have indexes of their own.
_THEN = f"""
WITH still AS MATERIALIZED (
    SELECT v.id AS package_id, f.id, f.asset_id FROM unnest(%(ids)s::bigint[]) AS v(id)
    JOIN LATERAL (SELECT f.id, f.asset_id {_OPEN} ORDER BY f.severity DESC LIMIT %(most)s) f ON true
), known AS (
    SELECT * FROM still
    UNION ALL SELECT f.package_id, f.id, f.asset_id FROM findings_finding f
        WHERE f.closed_at > %(at)s AND f.package_id = ANY(%(ids)s) {_OF_IMAGES.format("f")}
    UNION ALL SELECT f.package_id, f.id, f.asset_id FROM findings_finding f
        WHERE f.closed_at IS NULL AND f.decided IS NOT NULL AND f.package_id = ANY(%(ids)s) {_OF_IMAGES.format("f")}
), stood AS MATERIALIZED (
    SELECT known.package_id, known.asset_id, i.severity
    FROM known JOIN findings_openinterval i ON i.finding_id = known.id AND {was_true("i")}
    WHERE NOT EXISTS (SELECT FROM decisions_verdict d WHERE d.finding_id = known.id AND {was_true("d")})
)
SELECT v.id,
    (SELECT count(*) FROM (({_LISTS.format(is_listed=was_true("l"))})
        UNION (SELECT s.asset_id FROM stood s WHERE s.package_id = v.id)) AS h),
    greatest(
        (SELECT count(*) FROM ({_LISTS.format(is_listed=was_true("l"))}) AS lists),
        (SELECT count(*) FROM still s WHERE s.package_id = v.id)
    ),
    (SELECT count(*) FROM stood s WHERE s.package_id = v.id),
    (SELECT max(s.severity) FROM stood s WHERE s.package_id = v.id)
FROM unnest(%(ids)s::bigint[]) AS v(id)
"""


class Numbers(Record, frozen=True, kw_only=True):
    """`worst` is the number of a severity; None: nothing is open."""

    images: Count
    findings: Count
    worst: int | None


def numbers(
    package_ids: Sequence[int], images: Sequence[int] | None, at: datetime | None = None
) -> dict[int, Numbers]:
    """Of each package, in these images (None: all). At a moment beyond the bound, the worst is that of the findings looked
    at, the worst of today among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NOW if at is None else _THEN,
            {
                "ids": list(package_ids),
                "images": None if images is None else list(images),
                "most": COUNTED + 1,
                "at": at,
            },
        )
        return {
            pk: Numbers(
                images=Count(held, looked_at <= COUNTED),
                findings=Count(min(found, COUNTED), looked_at <= COUNTED),
                worst=worst,
            )
            for pk, held, looked_at, found, worst in cursor.fetchall()
        }
