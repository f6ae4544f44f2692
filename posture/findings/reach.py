"""What vulnerabilities touch beside findings: hosts, running containers, environments. Read when asked, for
the rows of a page, and bounded: beyond the bound a number means "at least"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from posture.base.pagination import Count
from posture.findings.agreement import FIXED
from posture.findings.standing import is_true, on_the_worklist
from posture.vulnerabilities.choices import Use
from scanners.records import Record

READ = 25  # findings of each row of a page
VERSIONS_SHOWN = 6
# Vulnerabilities of one page lie on much the same images, so where an image lies is looked up once for all of them.
_REACHED = """
WITH {held} found AS MATERIALIZED (
    SELECT DISTINCT v.id, f.asset_id FROM unnest(%(ids)s::bigint[]) AS v(id)
    JOIN LATERAL (
        SELECT f.asset_id FROM findings_finding f
        WHERE f.vulnerability_id = v.id AND {on_the_worklist} {limit_images} LIMIT %(read)s
    ) f ON true
), lying AS MATERIALIZED (
    SELECT r.* FROM (SELECT DISTINCT asset_id FROM found) i
    JOIN LATERAL (
        SELECT p.image_id, p.host_id, c.asset_id AS container_id
        FROM images_presence p {limit_hosts}
        LEFT JOIN fleet_containerstate c
            ON c.image_id = p.image_id AND c.host_id = p.host_id AND {runs} AND c.status = 'running'
        WHERE p.image_id = i.asset_id AND {lies}
        OFFSET 0  -- image by image, by the index: the planner expects far more images than a page has
    ) r ON true
)
SELECT found.id, count(DISTINCT lying.host_id), count(DISTINCT lying.container_id)
FROM found LEFT JOIN lying ON lying.image_id = found.asset_id GROUP BY 1
"""
_HELD = """
held AS MATERIALIZED (
    SELECT DISTINCT q.image_id FROM images_presence q JOIN fleet_asset g ON g.id = q.host_id
    WHERE {held_there} AND g.environment_id = ANY(%(environments)s) AND g.kind = 'host'
),
"""
_IN_ENVIRONMENTS = """
AND EXISTS (
    SELECT FROM images_presence q JOIN fleet_asset g ON g.id = q.host_id
    WHERE q.image_id = f.asset_id AND {held_there} AND g.environment_id = ANY(%(environments)s)
)
"""


class Reached(Record, frozen=True, kw_only=True):
    """Where the images with it lie."""

    hosts: Count = Count(0, True)
    containers: Count = Count(0, True)


def reached(
    totals: Mapping[int, int],
    environment_ids: Sequence[int] | None,
    *,
    read: int = READ,
    at: datetime | None = None,
) -> dict[int, Reached]:
    """Of each vulnerability (id -> how many of its findings are open): the hosts that hold an image with it, and the
    containers that run one there, in these environments (None: all), now or `at` a moment. At most `read` findings of each
    are looked at."""
    limits = {"held": "", "limit_images": "", "limit_hosts": ""}
    limits |= {"on_the_worklist": on_the_worklist(at), "runs": is_true("c", at), "lies": is_true("p", at)}
    if environment_ids is not None:
        limits["held"] = _HELD.format(held_there=is_true("q", at))
        limits["limit_hosts"] = (
            "JOIN fleet_asset h ON h.id = p.host_id AND h.environment_id = ANY(%(environments)s)"
        )
        limits["limit_images"] = "AND f.asset_id IN (SELECT image_id FROM held)"
    with connection.cursor() as cursor:
        cursor.execute(
            _REACHED.format(**limits),
            {"ids": list(totals), "read": read, "environments": list(environment_ids or ()), "at": at},
        )
        return {
            pk: Reached(
                hosts=Count(hosts, totals[pk] <= read), containers=Count(containers, totals[pk] <= read)
            )
            for pk, hosts, containers in cursor.fetchall()
        }


_USED = """
SELECT v.id, count(*) FILTER (WHERE u.use = %(seen)s), count(u.use)
FROM unnest(%(ids)s::bigint[]) AS v(id)
LEFT JOIN LATERAL (
    SELECT f.use FROM findings_finding f
    WHERE f.vulnerability_id = v.id AND {on_the_worklist} AND f.use > 0 {limit_images}
    ORDER BY f.use DESC LIMIT %(read)s
) u ON true
GROUP BY v.id
"""


class Used(Record, frozen=True, kw_only=True):
    """Of how many open findings the package was seen in use, and of how many it would have been seen and was not. Of the
    others nothing is measured."""

    seen: Count = Count(0, True)
    not_seen: Count = Count(0, True)


def used(
    vulnerability_ids: Sequence[int],
    environment_ids: Sequence[int] | None,
    *,
    read: int = READ,
    at: datetime | None = None,
) -> dict[int, Used]:
    """Of each vulnerability, in images of these environments (None: all): what is known now of findings that are open now, or
    were `at` a moment. At most `read` findings of each are looked at, those that were seen in use first."""
    limit = "" if environment_ids is None else _IN_ENVIRONMENTS.format(held_there=is_true("q", at))
    with connection.cursor() as cursor:
        cursor.execute(
            _USED.format(limit_images=limit, on_the_worklist=on_the_worklist(at)),
            {
                "at": at,
                "ids": list(vulnerability_ids),
                "seen": Use.SEEN,
                "read": read + 1,
                "environments": list(environment_ids or ()),
            },
        )
        return {
            pk: Used(
                seen=Count(min(seen, read), seen <= read),
                not_seen=Count(min(measured, read) - min(seen, read), measured <= read),
            )
            for pk, seen, measured in cursor.fetchall()
        }


_VERSIONS = """
SELECT v.id, a.fixed_versions, a.outranks
FROM unnest(%(ids)s::bigint[]) AS v(id)
JOIN LATERAL (
    SELECT f.id FROM findings_finding f
    WHERE f.vulnerability_id = v.id AND {on_the_worklist} AND f.fix = %(fixed)s LIMIT 40
) f ON true
JOIN findings_attribution a ON a.finding_id = f.id AND {is_said} AND cardinality(a.fixed_versions) > 0
"""


def fixed_versions(vulnerability_ids: Sequence[int], at: datetime | None = None) -> dict[int, list[str]]:
    """A few of the versions that mend each, as the words on some of its findings name them, or named them `at` a moment; the
    makers' first."""
    found: dict[int, list[tuple[bool, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _VERSIONS.format(on_the_worklist=on_the_worklist(at), is_said=is_true("a", at)),
            {"ids": list(vulnerability_ids), "fixed": FIXED, "at": at},
        )
        for pk, versions, outranks in cursor.fetchall():
            found.setdefault(pk, []).extend((not outranks, version) for version in versions)
    return {
        pk: list(dict.fromkeys(version for _, version in sorted(versions)))[:VERSIONS_SHOWN]
        for pk, versions in found.items()
    }
