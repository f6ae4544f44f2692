"""Next best actions: open findings folded by the fix that removes them, with the fall in load that follows.

The fall is the published formula with these lines removed, and so what a fix of exactly them does: energies add up, and a
group's load is the power mean of its hosts' (`formula`). A finding of an image weighs on each host that runs it, as in
every load. Fixes are of two sorts, each one unit of work:
- upgrade: a package of one image repository to a version that tools name, one rebuild;
- setting: what a check asks of one container project, image repository or host, one change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from posture.findings.agreement import FIXED
from posture.findings.choices import WEIGHS
from posture.findings.models import Attribution
from posture.fleet.choices import ALIVE
from posture.fleet.models import Asset, Environment
from posture.risk import formula
from posture.risk.formula import EXPONENT
from scanners.records import AssetKind, Record

WORST = 20_000  # findings from which candidates are taken, those with the most points first
CANDIDATES = 60  # fixes of which all findings are then counted
IDS_SHOWN = 500


class Scope(Record, frozen=True, kw_only=True):
    """Where loads are looked at: one environment, what somebody may see of the fleet, or (None) all of it."""

    environment_ids: tuple[int, ...] | None

    @property
    def hosts(self) -> Any:
        hosts = Asset.objects.present().filter(kind=AssetKind.HOST, load__isnull=False)
        return hosts if self.environment_ids is None else hosts.filter(environment__in=self.environment_ids)


# How often each finding weighs in the loads of the scope's hosts: of a host or container once, of an image on each host
# that runs it. `about` is where it would be mended.
_WEIGHED = """
WITH hosts AS MATERIALIZED (
    SELECT a.id, a.environment_id FROM fleet_asset a
    WHERE a.kind = 'host' AND a.gone_at IS NULL AND a.load IS NOT NULL {limit}
), running AS MATERIALIZED (
    SELECT c.image_id, count(DISTINCT c.host_id) AS hosts
    FROM fleet_containerstate c JOIN hosts h ON h.id = c.host_id
    WHERE c.closed_at IS NULL AND c.status = ANY(%(alive)s) AND c.image_id IS NOT NULL GROUP BY 1
)
"""
_REPOSITORY = "regexp_replace(regexp_replace(a.name, '@.*$', ''), ':[^:/]*$', '')"
_PLACE = f"""
CASE a.kind WHEN 'image' THEN {_REPOSITORY}
    WHEN 'container' THEN coalesce(nullif((
        SELECT s.project FROM fleet_containerstate s WHERE s.asset_id = a.id AND s.closed_at IS NULL
    ), ''), a.name)
    ELSE a.name END
"""
_WEIGHT = "CASE a.kind WHEN 'image' THEN coalesce(r.hosts, 0) ELSE 1 END"
_MINE = """
(a.kind = 'image' AND r.hosts > 0 OR a.kind = 'host' AND a.id IN (SELECT id FROM hosts)
 OR a.kind = 'container' AND a.gone_at IS NULL AND a.host_id IN (SELECT id FROM hosts))
"""
_CANDIDATES = f"""
, worst AS MATERIALIZED (
    SELECT f.id, f.asset_id, f.points, f.package_id, f.check_id, f.fix FROM findings_finding f
    WHERE f.closed_at IS NULL AND f.decided IS NULL AND (f.fix = %(fixed)s OR f.check_id IS NOT NULL)
    ORDER BY f.severity DESC, f.points DESC, f.id DESC LIMIT %(worst)s
)
SELECT CASE WHEN w.check_id IS NULL THEN 'upgrade' ELSE 'setting' END AS sort, a.kind, {_PLACE} AS place,
    p.ecosystem, coalesce(nullif(p.source_name, ''), p.name) AS package, w.check_id,
    sum(power(w.points, %(exponent)s) * {_WEIGHT}) AS energy
FROM worst w JOIN fleet_asset a ON a.id = w.asset_id
LEFT JOIN running r ON r.image_id = a.id LEFT JOIN vulnerabilities_package p ON p.id = w.package_id
WHERE {_MINE}
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7 DESC LIMIT %(candidates)s
"""
_FINDINGS = f"""
, wanted AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(sorts)s::text[], %(kinds)s::text[], %(places)s::text[],
        %(ecosystems)s::text[], %(packages)s::text[], %(checks)s::int[])
        AS w(number, sort, kind, place, ecosystem, package, check_id)
), held AS MATERIALIZED (
    SELECT DISTINCT w.kind, w.place FROM wanted w
), placed AS MATERIALIZED (
    SELECT a.id, a.kind, {_PLACE} AS place, {_WEIGHT} AS weight
    FROM fleet_asset a LEFT JOIN running r ON r.image_id = a.id
    WHERE {_MINE} AND a.kind IN (SELECT kind FROM held)
), there AS MATERIALIZED (
    SELECT p.* FROM placed p JOIN held USING (kind, place)
)
SELECT w.number, count(*), count(DISTINCT t.id), sum(power(f.points, %(exponent)s) * t.weight),
    max(f.points), max(f.severity), (array_agg(f.id ORDER BY f.points DESC, f.id))[1:{IDS_SHOWN}],
    (array_agg(DISTINCT t.id))[1:{IDS_SHOWN}], (array_agg(DISTINCT f.package_id))[1:100]
FROM there t JOIN findings_finding f ON f.asset_id = t.id AND f.closed_at IS NULL AND f.decided IS NULL
LEFT JOIN vulnerabilities_package p ON p.id = f.package_id
JOIN wanted w ON w.kind = t.kind AND w.place = t.place AND (
    w.sort = 'setting' AND f.check_id = w.check_id
    OR w.sort = 'upgrade' AND f.fix = %(fixed)s AND p.ecosystem = w.ecosystem
        AND coalesce(nullif(p.source_name, ''), p.name) = w.package
)
GROUP BY 1
"""


def best(scope: Scope, *, limit: int = 20) -> dict[str, Any]:
    """The fixes that lower the scope's load most, each with the load that would be left. `looked_at` says of how many
    findings the candidates were taken."""
    hosts = list(scope.hosts.values_list("energy", flat=True))
    total, number = sum(hosts), len(hosts)
    before = formula.group_load(hosts)
    found = _candidates(scope) if hosts else []
    actions = []
    for sort, kind, place, ecosystem, package, check_id, counted in _with_findings(scope, found):
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
    actions.sort(key=lambda action: (-action["fall"], action["place"], action["sort"]))
    chosen = actions[:limit]
    versions = _versions([pk for action in chosen for pk in action["finding_ids"][:40]])
    for action in chosen:
        action["versions"] = sorted({v for pk in action["finding_ids"] for v in versions.get(pk, ())})[:6]
    return {
        "load": before,
        "hosts": number,
        "actions": chosen,
        "looked_at": WORST,
    }


def _parameters(scope: Scope) -> tuple[str, dict[str, Any]]:
    limit = "" if scope.environment_ids is None else "AND a.environment_id = ANY(%(environments)s)"
    return _WEIGHED.format(limit=limit), {
        "environments": list(scope.environment_ids or ()),
        "alive": [state.value for state in ALIVE],
        "exponent": EXPONENT,
        "fixed": FIXED,
    }


def _candidates(scope: Scope) -> list[tuple[Any, ...]]:
    weighed, parameters = _parameters(scope)
    with connection.cursor() as cursor:
        cursor.execute(weighed + _CANDIDATES, {**parameters, "worst": WORST, "candidates": CANDIDATES})
        return [tuple(row[:6]) for row in cursor.fetchall()]


def _with_findings(scope: Scope, fixes: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Each fix with all findings that it removes, also those beyond the worst."""
    if not fixes:
        return []
    weighed, parameters = _parameters(scope)
    columns = list(zip(*fixes, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            weighed + _FINDINGS,
            {
                **parameters,
                "numbers": list(range(len(fixes))),
                **{
                    name: list(column)
                    for name, column in zip(
                        ("sorts", "kinds", "places", "ecosystems", "packages", "checks"), columns, strict=True
                    )
                },
            },
        )
        return [(*fixes[number], counted) for number, *counted in cursor.fetchall()]


def _versions(finding_ids: Sequence[int]) -> dict[int, list[str]]:
    """The versions that mend each, as the words on it name them."""
    found: dict[int, list[str]] = {}
    words = Attribution.objects.current().filter(finding__in=list(finding_ids)).exclude(fixed_versions=[])
    for pk, versions in words.values_list("finding", "fixed_versions"):
        found.setdefault(pk, []).extend(versions)
    return found


MOST_REMOVED = 100_000


def what_if(scope: Scope, finding_ids: Sequence[int], lines: dict[int, float]) -> dict[str, Any]:
    """The loads of the scope's environments and of the hosts that would change, were these findings not there, and with
    these lines (environment id → line). Reads only."""
    falls = _falls(scope, finding_ids)
    environments: dict[int, dict[str, Any]] = {}
    changed = []
    rows = scope.hosts.select_related("environment").order_by("pk")
    for host in rows.only("id", "name", "kind", "energy", "load", "environment"):
        if host.environment is None:
            continue
        after = max(host.energy - falls.get(host.pk, 0.0), 0.0)
        of = environments.setdefault(
            host.environment.pk, {"environment": host.environment, "before": [], "after": []}
        )
        of["before"].append(host.energy)
        of["after"].append(after)
        if host.pk in falls:
            changed.append((host, formula.load(after)))
    changed.sort(key=lambda pair: (pair[1] - (pair[0].load or 0.0), pair[0].pk))
    return {
        "environments": [_of_environment(of, lines) for of in environments.values()],
        "hosts_total": len(changed),
        "hosts": [
            {
                "asset": {"kind": host.kind, "id": host.pk, "name": host.name},
                "before": host.load,
                "after": load,
            }
            for host, load in changed[:50]
        ],
    }


def _of_environment(of: dict[str, Any], lines: dict[int, float]) -> dict[str, Any]:
    environment: Environment = of["environment"]
    line = lines.get(environment.pk, environment.line)
    return {
        "environment": {"id": environment.pk, "slug": environment.slug, "name": environment.name},
        "line_before": environment.line,
        "line_after": line,
        "before": formula.group_load(of["before"]),
        "after": formula.group_load(of["after"]),
        "hosts": len(of["before"]),
        "above_before": sum(formula.load(energy) > environment.line for energy in of["before"]),
        "above_after": sum(formula.load(energy) > line for energy in of["after"]),
    }


def _falls(scope: Scope, finding_ids: Sequence[int]) -> dict[int, float]:
    """Host id → the energy that its load would lose."""
    falls: dict[int, float] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(c.host_id, CASE a.kind WHEN 'host' THEN a.id ELSE a.host_id END),
                sum(power(f.points, %s))
            FROM findings_finding f JOIN fleet_asset a ON a.id = f.asset_id
            LEFT JOIN (
                SELECT DISTINCT image_id, host_id FROM fleet_containerstate
                WHERE closed_at IS NULL AND status = ANY(%s)
            ) c ON a.kind = 'image' AND c.image_id = a.id
            WHERE f.id = ANY(%s) AND f.closed_at IS NULL AND (f.decided IS NULL OR f.decided = {WEIGHS})
            GROUP BY 1
            """,
            [EXPONENT, [state.value for state in ALIVE], list(finding_ids)],
        )
        for host_id, energy in cursor.fetchall():
            if host_id is not None:
                falls[host_id] = float(energy)
    return {pk: falls[pk] for pk in scope.hosts.filter(Q(pk__in=list(falls))).values_list("pk", flat=True)}
