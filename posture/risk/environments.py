"""What an environment's row shows of its members: a load that is the power mean of its hosts', and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Avg, Count, F, FloatField, Q, Sum
from django.db.models.functions import Cast, Power

from posture.fleet import figures
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset, ContainerState, Environment
from posture.risk import formula
from posture.risk.models import Load
from scanners.records import Severity

# Each image that hosts of an environment hold counts once there. The sums are in the order of `Severity`. Presences are
# of hosts and images only; the kinds are said because they tell the planner how few rows of the assets those are.
_IMAGES_FINDINGS = """
SELECT held.environment_id, sum(i.open_info), sum(i.open_low), sum(i.open_medium), sum(i.open_high), sum(i.open_critical)
FROM (
    SELECT DISTINCT h.environment_id, p.image_id
    FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id AND h.kind = 'host'
    WHERE p.closed_at IS NULL AND h.environment_id = ANY(%s)
) held JOIN fleet_asset i ON i.id = held.image_id AND i.kind = 'image'
GROUP BY held.environment_id
"""


# The same at a past moment, from intervals: what was open then, and hidden by no decision, in the environments in which its
# asset lay. It reads everything that was open, so it takes as long as a day's count.
_FINDINGS_THEN = """
WITH stood AS (
    SELECT f.asset_id, f.environment_id, i.severity, count(*) AS number
    FROM findings_openinterval i JOIN findings_finding f ON f.id = i.finding_id
    WHERE i.opened_at <= %(at)s AND (i.closed_at IS NULL OR i.closed_at > %(at)s) AND NOT EXISTS (
        SELECT FROM decisions_verdict v
        WHERE v.finding_id = f.id AND v.opened_at <= %(at)s AND (v.closed_at IS NULL OR v.closed_at > %(at)s)
    )
    GROUP BY 1, 2, 3
), held AS (
    SELECT DISTINCT h.environment_id, p.image_id
    FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id AND h.kind = 'host'
    WHERE p.opened_at <= %(at)s AND (p.closed_at IS NULL OR p.closed_at > %(at)s)
)
SELECT environment_id, severity, sum(number) FROM stood WHERE environment_id = ANY(%(ids)s) GROUP BY 1, 2
UNION ALL
SELECT held.environment_id, severity, sum(number)
FROM stood JOIN held ON held.image_id = stood.asset_id
WHERE stood.environment_id IS NULL AND held.environment_id = ANY(%(ids)s) GROUP BY 1, 2
"""


def environment_figures(
    environments: Iterable[Environment], moment: datetime | None = None
) -> dict[int, dict[str, Any]]:
    """By environment id: load_figures, hosts_total, hosts_above, containers_total, finding_figures; now (four queries), or
    at `moment`. Hosts count where they are now."""
    by_id = {environment.pk: environment for environment in environments}
    lines = figures.lines(by_id.values(), moment)
    hosts = _hosts(by_id) if moment is None else _hosts_then(lines, moment)
    if moment is None:
        containers, findings = _placed(by_id)
    else:
        containers, findings = _containers_then(by_id, moment), _findings_then(by_id, moment)
    told = {}
    for pk in by_id:
        of_hosts = hosts.get(pk, {})
        energy, band = of_hosts.get("mean_energy"), of_hosts.get("mean_band")
        told[pk] = {
            "load_figures": figures.load_figures(
                None if energy is None else formula.load(energy),
                lines[pk],
                of_hosts.get("mean_coverage") or 0.0,
                None if band is None else formula.load(band),
            ),
            "hosts_total": of_hosts.get("total", 0),
            "hosts_above": of_hosts.get("above", 0),
            "containers_total": containers.get(pk, 0),
            "finding_figures": figures.severity_counts(findings[pk]),
        }
    return told


# What is counted and meant over hosts, or over the loads that stood: both have these columns.
_MEASURED = Q(load__isnull=False)
_OVER_HOSTS: dict[str, Any] = {
    "total": Count("pk"),
    "mean_energy": Avg("energy", filter=_MEASURED),
    "mean_coverage": Avg("coverage", filter=_MEASURED),
    "mean_band": Avg(Power(Cast("band", FloatField()), float(formula.EXPONENT)), filter=_MEASURED),
}


def _hosts_then(lines: Mapping[int, float], moment: datetime) -> dict[int, dict[str, Any]]:
    """As `_hosts`, from the loads that stood at the moment."""
    stood = Load.objects.as_of(moment).filter(asset__kind=AssetKind.HOST, asset__environment__in=list(lines))
    above = Q(pk__in=[])
    for pk, line in lines.items():
        above |= Q(asset__environment=pk, load__gt=line)
    rows = (
        stood.values("asset__environment").annotate(above=Count("pk", filter=above), **_OVER_HOSTS).order_by()
    )
    return {row["asset__environment"]: dict(row) for row in rows}


def _containers_then(environment_ids: Iterable[int], moment: datetime) -> dict[int, int]:
    """How many containers there were in each environment."""
    return dict(
        ContainerState.objects.as_of(moment)
        .filter(asset__environment__in=list(environment_ids))
        .values_list("asset__environment")
        .annotate(total=Count("pk"))
        .order_by()
    )


def _findings_then(environment_ids: Iterable[int], moment: datetime) -> dict[int, dict[int, int]]:
    numbers: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    with connection.cursor() as cursor:
        cursor.execute(_FINDINGS_THEN, {"at": moment, "ids": list(environment_ids)})
        for pk, severity, number in cursor.fetchall():
            numbers[pk][severity] += int(number)
    return numbers


def _hosts(environment_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    rows = (
        Asset.objects.present()
        .filter(kind=AssetKind.HOST, environment__in=environment_ids)
        .values("environment")
        .annotate(above=Count("pk", filter=Q(load__gt=F("environment__line"))), **_OVER_HOSTS)
        .order_by()
    )
    return {row["environment"]: dict(row) for row in rows}


def _placed(environment_ids: Iterable[int]) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
    """How many containers there are in each environment, and how many open findings by severity: of its hosts and
    containers, and of the images that its hosts hold."""
    containers: dict[int, int] = {}
    numbers: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    rows = (
        Asset.objects.present()
        .filter(kind__in=(AssetKind.HOST, AssetKind.CONTAINER), environment__in=environment_ids)
        .values_list("environment", "kind")
        .annotate(Count("pk"), *(Sum(f"own_{severity.label}") for severity in Severity))
        .order_by()
    )
    for pk, kind, total, *of_kind in rows:
        if kind == AssetKind.CONTAINER:
            containers[pk] = total
        _add(numbers[pk], of_kind)
    with connection.cursor() as cursor:
        cursor.execute(_IMAGES_FINDINGS, [list(environment_ids)])
        for pk, *of_images in cursor.fetchall():
            _add(numbers[pk], of_images)
    return containers, numbers


def _add(numbers: dict[int, int], counted: Iterable[int]) -> None:
    """Numbers by severity, from informational to critical."""
    for severity, number in zip(Severity, counted, strict=True):
        numbers[severity.value] += number
