"""What loads would be without some findings, or hosts above another line. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from posture.findings.choices import WEIGHS
from posture.fleet.choices import ALIVE
from posture.fleet.models import Environment
from posture.risk import formula
from posture.risk.formula import EXPONENT
from posture.risk.scope import Scope


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
