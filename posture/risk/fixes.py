"""Next best actions: open findings folded by the fix that removes them, with the fall in load that follows.

The fall is the published formula with these lines removed, and so what a fix of exactly them does: energies add up, and a
group's load is the power mean of its hosts' (`formula`). A finding of an image weighs on each host that runs it, as in
every load. Fixes are of two sorts, each one unit of work:
- upgrade: a package of one image repository to a version that tools name, one rebuild;
- setting: what a check asks of one container project, image repository or host, one change.

At a past moment they are those that were best then; whether a version mends is what tools say now, as with findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from posture.findings.agreement import FIXED
from posture.findings.models import Attribution
from posture.findings.standing import WAS_UNDECIDED, is_true, on_the_worklist, was_true
from posture.fleet.choices import ALIVE
from posture.risk import formula
from posture.risk.formula import EXPONENT
from posture.risk.scope import Scope

WORST = 20_000  # findings from which candidates are taken, those with the most points first
CANDIDATES = 60  # fixes of which all findings are then counted
IDS_SHOWN = 500

# How often each finding weighs in the loads of the scope's hosts: of a host or container once, of an image on each host
# that runs it. `place` is where it would be mended. Now, or at a past moment; hosts count where they are now.
_HOSTS = """
WITH hosts AS NOT MATERIALIZED (
    SELECT a.id, a.name FROM {measured} {within}
), live AS NOT MATERIALIZED (
    SELECT c.asset_id, c.host_id, c.image_id, c.status, c.project, c.name
    FROM fleet_containerstate c JOIN hosts h ON h.id = c.host_id WHERE {lives}
)
"""
_RUNNING = """
SELECT r.image_id, r.hosts, regexp_replace(regexp_replace(a.name, '@.*$', ''), ':[^:/]*$', '')
FROM (
    SELECT image_id, count(DISTINCT host_id) AS hosts
    FROM live WHERE status = ANY(%(alive)s) AND image_id IS NOT NULL GROUP BY 1
) r JOIN LATERAL (SELECT a.name FROM fleet_asset a WHERE a.id = r.image_id OFFSET 0) a ON true  -- one by one, as below
"""
_STANDING = """
, running AS (
    SELECT * FROM unnest(%(running)s::bigint[], %(times)s::bigint[], %(repositories)s::text[]) AS r(id, hosts, place)
), standing AS NOT MATERIALIZED (
    SELECT f.id, f.asset_id, f.environment_id, {points} AS points, {severity} AS severity, f.package_id, f.check_id, f.fix
    FROM {findings}
)
"""
_NOW = {
    "measured": "fleet_asset a WHERE a.kind = 'host' AND a.gone_at IS NULL AND a.load IS NOT NULL",
    "lives": is_true("c", None),
    "points": "f.points",
    "severity": "f.severity",
    "findings": f"findings_finding f WHERE {on_the_worklist(None)}",
}
_THEN = {
    "measured": "fleet_asset a JOIN risk_load l ON l.asset_id = a.id"
    f" WHERE a.kind = 'host' AND l.load IS NOT NULL AND {was_true('l')}",
    "lives": was_true("c"),
    # What a finding weighed then is kept only if that has changed since (`findings.weights`).
    "points": "coalesce((SELECT p.points FROM findings_pastweight p"
    " WHERE p.finding_id = f.id AND p.until > %(at)s ORDER BY p.until LIMIT 1), f.points)",
    "severity": "i.severity",
    "findings": "findings_openinterval i JOIN findings_finding f ON f.id = i.finding_id"
    f" WHERE {was_true('i')} AND {WAS_UNDECIDED}",
}
_WITHIN = "AND a.environment_id = ANY(%(environments)s)"

_PACKAGE = "coalesce(nullif(p.source_name, ''), p.name)"
# Of the worst 20,000 those of hosts and containers are few or many: each is looked up, the planner would read them all.
_CANDIDATES = f"""
, worst AS MATERIALIZED (
    SELECT * FROM standing WHERE fix = %(fixed)s OR check_id IS NOT NULL
    ORDER BY severity DESC, points DESC, id DESC LIMIT %(worst)s
), placed AS (
    SELECT w.*, 'image' AS kind, r.place, r.hosts AS times FROM worst w JOIN running r ON r.id = w.asset_id
    UNION ALL
    SELECT w.*, 'container', l.place, 1 FROM worst w JOIN LATERAL (
        SELECT coalesce(nullif(l.project, ''), l.name) AS place FROM live l WHERE l.asset_id = w.asset_id OFFSET 0
    ) l ON true WHERE w.environment_id IS NOT NULL
    UNION ALL
    SELECT w.*, 'host', h.name, 1 FROM worst w JOIN LATERAL (
        SELECT h.name FROM hosts h WHERE h.id = w.asset_id OFFSET 0
    ) h ON true WHERE w.environment_id IS NOT NULL
)
SELECT CASE WHEN w.check_id IS NULL THEN 'upgrade' ELSE 'setting' END AS sort, w.kind, w.place,
    p.ecosystem, {_PACKAGE} AS package, w.check_id
FROM placed w LEFT JOIN vulnerabilities_package p ON p.id = w.package_id
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY sum(power(w.points, %(exponent)s) * w.times) DESC, 1, 2, 3, 4, 5, 6
LIMIT %(candidates)s
"""
_FINDINGS = f"""
, wanted AS MATERIALIZED (
    SELECT * FROM unnest(%(numbers)s::int[], %(sorts)s::text[], %(kinds)s::text[], %(places)s::text[],
        %(ecosystems)s::text[], %(packages)s::text[], %(checks)s::int[])
        AS w(number, sort, kind, place, ecosystem, package, check_id)
), there AS MATERIALIZED (
    SELECT r.id, 'image' AS kind, r.place, r.hosts AS times FROM running r WHERE r.place = ANY(%(images)s)
    UNION ALL
    SELECT l.asset_id, 'container', l.project, 1 FROM live l WHERE l.project = ANY(%(containers)s)
    UNION ALL
    SELECT l.asset_id, 'container', l.name, 1 FROM live l WHERE l.project = '' AND l.name = ANY(%(containers)s)
    UNION ALL
    SELECT h.id, 'host', h.name, 1 FROM hosts h WHERE h.name = ANY(%(hosts)s)
), stood AS MATERIALIZED (
    SELECT t.id AS asset_id, t.kind, t.place, t.times, f.id, f.points, f.severity, f.fix, f.check_id, f.package_id,
        p.ecosystem, {_PACKAGE} AS package
    FROM there t JOIN standing f ON f.asset_id = t.id LEFT JOIN vulnerabilities_package p ON p.id = f.package_id
    WHERE f.fix = %(fixed)s OR f.check_id = ANY(%(checks)s)
), removed AS (
    SELECT w.number, s.* FROM wanted w JOIN stood s USING (kind, place, check_id) WHERE w.sort = 'setting'
    UNION ALL
    SELECT w.number, s.* FROM wanted w JOIN stood s USING (kind, place, ecosystem, package)
    WHERE w.sort = 'upgrade' AND s.fix = %(fixed)s
)
SELECT number, count(*), count(DISTINCT asset_id), sum(power(points, %(exponent)s) * times), max(points), max(severity),
    (array_agg(id ORDER BY points DESC, id))[1:{IDS_SHOWN}],
    (array_agg(DISTINCT asset_id))[1:{IDS_SHOWN}], (array_agg(DISTINCT package_id))[1:100]
FROM removed GROUP BY 1
"""


def best(scope: Scope, *, limit: int = 20, at: datetime | None = None) -> dict[str, Any]:
    """The fixes that lower the scope's load most, each with the load that would be left, now or `at` a moment.
    `looked_at` says of how many findings the candidates were taken."""
    hosts = scope.energies(at)
    total, number = sum(hosts), len(hosts)
    before = formula.group_load(hosts)
    actions = []
    for sort, kind, place, ecosystem, package, check_id, counted in _fixes(scope, at) if hosts else ():
        findings, assets, energy, points, severity, ids, asset_ids, packages = counted
        after = formula.load(max(total - float(energy), 0.0) / number)
        actions.append(
            {
                "sort": sort,
                "kind": kind,
                "place": place,
                "ecosystem": ecosystem,
                "package": package,
                "check_id": check_id,
                "findings": findings,
                "assets": assets,
                "points": points,
                "severity": severity,
                "finding_ids": ids,
                "asset_ids": asset_ids,
                "package_ids": [pk for pk in packages if pk is not None],
                "from": before,
                "to": after,
                "fall": (before or 0.0) - after,
            }
        )
    actions.sort(
        key=lambda action: (
            -action["fall"],
            action["place"],
            action["sort"],
            action["package"] or "",
            action["check_id"] or 0,
        )
    )
    chosen = actions[:limit]
    versions = _versions([pk for action in chosen for pk in action["finding_ids"][:40]], at)
    for action in chosen:
        action["versions"] = sorted({v for pk in action["finding_ids"] for v in versions.get(pk, ())})[:6]
    return {"load": before, "hosts": number, "actions": chosen, "looked_at": WORST}


def _fixes(scope: Scope, at: datetime | None) -> list[tuple[Any, ...]]:
    """The most promising fixes, each with all findings that it removes, also those beyond the worst."""
    moment = _NOW if at is None else _THEN
    hosts = _HOSTS.format(within="" if scope.environment_ids is None else _WITHIN, **moment)
    standing = hosts + _STANDING.format(**moment)
    parameters: dict[str, Any] = {
        "environments": list(scope.environment_ids or ()),
        "alive": [state.value for state in ALIVE],
        "exponent": EXPONENT,
        "fixed": FIXED,
        "at": at,
        "worst": WORST,
        "candidates": CANDIDATES,
    }
    with connection.cursor() as cursor:
        cursor.execute(hosts + _RUNNING, parameters)
        parameters |= _columns(("running", "times", "repositories"), cursor.fetchall())
        cursor.execute(standing + _CANDIDATES, parameters)
        fixes = cursor.fetchall()
        names = ("sorts", "kinds", "places", "ecosystems", "packages", "checks")
        parameters |= _columns(names, fixes) | {"numbers": list(range(len(fixes)))}
        for kind in ("image", "container", "host"):
            parameters[f"{kind}s"] = sorted({place for _, of, place, *_ in fixes if of == kind})
        cursor.execute(standing + _FINDINGS, parameters)
        return [(*fixes[number], counted) for number, *counted in cursor.fetchall()]


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """The rows turned by their side, under these names."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _versions(finding_ids: Sequence[int], at: datetime | None) -> dict[int, list[str]]:
    """The versions that mend each, as the words on it name them, or named them."""
    found: dict[int, list[str]] = {}
    words = Attribution.objects.as_of(at).filter(finding__in=list(finding_ids)).exclude(fixed_versions=[])
    for pk, versions in words.values_list("finding", "fixed_versions"):
        found.setdefault(pk, []).extend(versions)
    return found
