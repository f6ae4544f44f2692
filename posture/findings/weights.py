"""What findings weighed before: kept whenever points change, so that a past load opens into the very lines whose sum it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from posture.findings.models import PastWeight

_REMEMBER = """
INSERT INTO findings_pastweight (finding_id, until, points, factors)
SELECT f.id, %s, f.points, f.factors
FROM findings_finding f JOIN unnest(%s::bigint[], %s::float8[], %s::jsonb[]) AS n(id, points, factors) ON n.id = f.id
WHERE f.points <> n.points OR f.factors <> n.factors ORDER BY f.id
ON CONFLICT (finding_id, until) DO NOTHING
"""


def remember(rows: Iterable[tuple[int, float, str]], at: datetime) -> None:
    """Findings (id, points, factors as JSON) are about to weigh that: keep what those that differ weighed until `at`.

    Of several changes at one moment the first is kept: what was between them held for no time.
    """
    given = list(rows)
    if not given:
        return
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [at, *(list(column) for column in zip(*given, strict=True))])


def then(finding_ids: Collection[int], moment: datetime) -> dict[int, tuple[float, list[Any]]]:
    """(points, factors) at the moment, of those findings that have changed since."""
    later = PastWeight.objects.filter(finding__in=finding_ids, until__gt=moment)
    first = later.order_by("finding", "until").distinct("finding")
    rows = first.values_list("finding", "points", "factors")
    return {pk: (points, factors) for pk, points, factors in rows}
