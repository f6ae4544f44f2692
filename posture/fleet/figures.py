"""What rows of assets show beside their own columns: load, open findings by severity, when last seen.

Each function is one grouped query for a page of assets. The present is a read model on `Asset`; the past is read
from the intervals that higher apps keep about an asset, through the relations they declare on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from posture.fleet.choices import ContainerStatus
from posture.fleet.models import Asset, ContainerState, Node
from scanners.records import Severity

DEFAULT_LINE = 100.0  # of an asset that no environment claims


def during(prefix: str, moment: datetime | None) -> Q:
    """Condition: the interval at `prefix` was true at `moment` (None: is true now)."""
    if moment is None:
        return Q(**{f"{prefix}__opened_at__isnull": False, f"{prefix}__closed_at__isnull": True})
    still = Q(**{f"{prefix}__closed_at__isnull": True}) | Q(**{f"{prefix}__closed_at__gt": moment})
    return still & Q(**{f"{prefix}__opened_at__lte": moment})


def load_figures(load: float | None, line: float, coverage: float, band: float | None) -> dict[str, Any]:
    return {"load": load, "line": line, "coverage": coverage, "band": band, "measured": load is not None}


def loads(assets: Iterable[Asset], lines: Mapping[int, float], moment: datetime | None) -> dict[int, dict[str, Any]]:
    """The load of each asset, by its id. `lines` gives each one's line."""
    if moment is None:
        return {
            a.pk: load_figures(a.load, lines.get(a.pk, DEFAULT_LINE), a.coverage, a.band) for a in assets
        }
    ids = [asset.pk for asset in assets]
    then = {
        pk: rest
        for pk, *rest in Asset.objects.filter(pk__in=ids)
        .filter(during("loads", moment))
        .values_list("pk", "loads__load", "loads__coverage", "loads__band")
    }
    figures = {}
    for pk in ids:
        load, coverage, band = then.get(pk, (None, 0.0, None))
        figures[pk] = load_figures(load, lines.get(pk, DEFAULT_LINE), coverage, band)
    return figures


def severity_counts(numbers: Mapping[int, int]) -> dict[str, int]:
    """Counts by severity's name, worst first, from counts by its number."""
    return {severity.label: numbers.get(severity.value, 0) for severity in reversed(Severity)}


def open_findings(assets: Iterable[Asset], moment: datetime | None) -> dict[int, dict[str, int]]:
    """Each asset's own open findings by severity, by its id."""
    if moment is None:
        return {
            a.pk: {
                "critical": a.open_critical,
                "high": a.open_high,
                "medium": a.open_medium,
                "low": a.open_low,
                "info": a.open_info,
            }
            for a in assets
        }
    ids = [asset.pk for asset in assets]
    numbers: dict[int, dict[int, int]] = defaultdict(dict)
    rows = (
        Asset.objects.filter(pk__in=ids)
        .filter(during("findings__intervals", moment))
        .values_list("pk", "findings__intervals__severity")
        .annotate(number=Count("findings__intervals"))
        .order_by()
    )
    for pk, severity, number in rows:
        numbers[pk][severity] = number
    return {pk: severity_counts(numbers[pk]) for pk in ids}


def last_successes(host_ids: Iterable[int]) -> dict[int, datetime]:
    """When a pull last saw each host."""
    rows = (
        Node.objects.filter(host__in=set(host_ids), last_success_at__isnull=False)
        .values_list("host")
        .annotate(at=Max("last_success_at"))
        .order_by()
    )
    return dict(rows)


def containers_of(host_ids: Sequence[int], moment: datetime | None) -> dict[int, tuple[int, int]]:
    """(running, all) containers of each host."""
    rows = (
        ContainerState.objects.as_of(moment)
        .filter(host__in=host_ids)
        .values_list("host")
        .annotate(running=Count("pk", filter=Q(status=ContainerStatus.RUNNING)), total=Count("pk"))
        .order_by()
    )
    return {host: (running, total) for host, running, total in rows}


def images_of(host_ids: Sequence[int], moment: datetime | None) -> dict[int, int]:
    """How many images each host holds."""
    return dict(
        Asset.objects.filter(pk__in=host_ids)
        .filter(during("held_images", moment))
        .values_list("pk")
        .annotate(number=Count("held_images"))
        .order_by()
    )
