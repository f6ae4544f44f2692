"""What an environment's row shows of its members: a load that is the power mean of its hosts', and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Avg, Count, F, FloatField, Q
from django.db.models.functions import Cast, Power

from posture.findings.models import Finding
from posture.fleet.choices import AssetKind
from posture.fleet.figures import load_figures, severity_counts
from posture.fleet.models import Asset, Environment
from posture.images.models import Presence
from posture.risk import formula
from scanners.records import Severity


def environment_figures(environments: Iterable[Environment]) -> dict[int, dict[str, Any]]:
    """By environment id: load_figures, hosts_total, hosts_above, containers_total, finding_figures. Five queries."""
    by_id = {environment.pk: environment for environment in environments}
    hosts = _hosts(by_id)
    containers = dict(
        Asset.objects.present()
        .filter(kind=AssetKind.CONTAINER, environment__in=by_id)
        .values_list("environment")
        .annotate(number=Count("pk"))
        .order_by()
    )
    findings = open_findings(by_id)
    figures = {}
    for pk, environment in by_id.items():
        of_hosts = hosts.get(pk, {})
        energy, band = of_hosts.get("mean_energy"), of_hosts.get("mean_band")
        figures[pk] = {
            "load_figures": load_figures(
                None if energy is None else formula.load(energy),
                environment.line,
                of_hosts.get("mean_coverage") or 0.0,
                None if band is None else formula.load(band),
            ),
            "hosts_total": of_hosts.get("total", 0),
            "hosts_above": of_hosts.get("above", 0),
            "containers_total": containers.get(pk, 0),
            "finding_figures": severity_counts(findings[pk]),
        }
    return figures


def _hosts(environment_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    measured = Q(load__isnull=False)
    rows = (
        Asset.objects.present()
        .filter(kind=AssetKind.HOST, environment__in=environment_ids)
        .values("environment")
        .annotate(
            total=Count("pk"),
            above=Count("pk", filter=Q(load__gt=F("environment__line"))),
            mean_energy=Avg("energy", filter=measured),
            mean_coverage=Avg("coverage", filter=measured),
            mean_band=Avg(Power(Cast("band", FloatField()), float(formula.EXPONENT)), filter=measured),
        )
        .order_by()
    )
    return {row["environment"]: dict(row) for row in rows}


def open_findings(environment_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """Open findings by severity: of hosts and containers in an environment, and of the images that its hosts hold."""
    numbers: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    own = (
        Finding.objects.open()
        .filter(environment__in=environment_ids)
        .values_list("environment", "severity")
        .annotate(number=Count("pk"))
        .order_by()
    )
    for pk, severity, number in own:
        numbers[pk][severity] += number
    held: dict[int, set[int]] = defaultdict(set)
    presences = Presence.objects.current().filter(host__environment__in=environment_ids).order_by()
    for pk, image in presences.values_list("host__environment", "image").distinct():
        held[pk].add(image)
    columns = {severity: f"open_{severity.label}" for severity in Severity}
    images = {
        row[0]: row[1:]
        for row in Asset.objects.filter(pk__in=set().union(*held.values())).values_list(
            "pk", *columns.values()
        )
    }
    for pk, image_ids in held.items():
        for image in image_ids:
            for severity, number in zip(columns, images[image], strict=True):
                numbers[pk][severity.value] += number
    return numbers
