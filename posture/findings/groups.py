"""Findings folded by check, host, image or severity: "X of Y assets" instead of X rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import Coalesce

from posture.compliance import tallies
from posture.compliance.choices import NUMBER
from posture.compliance.models import Check
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from scanners.records import Outcome, Severity

MAX_GROUPS = 200
Group = dict[str, Any]


def by_check(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    # A check finds at most one problem on an asset, so its findings are as many as its assets: no DISTINCT to sort.
    # What tools report without a check of ours is folded by none: its vulnerabilities are a list of their own.
    rows = _grouped(findings.filter(check_definition__isnull=False), F("check_definition"), assets=Count("*"))
    checks = Check.objects.in_bulk([row["group"] for row in rows])
    totals = tallies.counts(environment_ids)
    not_applicable = NUMBER[Outcome.NOT_APPLICABLE]
    groups = []
    for row in rows:
        check = checks[row["group"]]
        numbers = totals.get(row["group"])
        groups.append(
            _group(
                row,
                key=check.slug,
                title=check.title,
                total=sum(numbers) - numbers[not_applicable] if numbers else None,
            )
        )
    return groups


def by_host(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    """By the host that an asset is or is placed on. Images lie on many and are left out."""
    placed = findings.filter(asset__kind__in=(AssetKind.HOST, AssetKind.CONTAINER))
    rows = _grouped(placed, Coalesce("asset__host", "asset"))
    names = dict(Asset.objects.filter(pk__in=[row["group"] for row in rows]).values_list("pk", "name"))
    on_host = dict(
        Asset.objects.present()
        .filter(host__in=list(names), kind=AssetKind.CONTAINER)
        .values_list("host")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return [
        _group(row, key=str(row["group"]), title=names[row["group"]], total=on_host.get(row["group"], 0) + 1)
        for row in rows
    ]


def by_image(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    rows = _grouped(findings.filter(asset__kind=AssetKind.IMAGE), F("asset"))
    names = dict(Asset.objects.filter(pk__in=[row["group"] for row in rows]).values_list("pk", "name"))
    return [_group(row, key=str(row["group"]), title=names[row["group"]], total=1) for row in rows]


def by_severity(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    rows = _grouped(findings, F("severity"))
    return [
        _group(
            row, key=Severity(row["group"]).label, title=Severity(row["group"]).label.capitalize(), total=None
        )
        for row in sorted(rows, key=lambda row: -row["group"])
    ]


BY: dict[str, Callable[[QuerySet, list[int] | None], list[Group]]] = {
    "check": by_check,
    "host": by_host,
    "image": by_image,
    "severity": by_severity,
}


def _grouped(findings: QuerySet, key: Any, assets: Count | None = None) -> list[dict[str, Any]]:
    """At most `MAX_GROUPS` groups, the worst first, then the most frequent."""
    return list(
        findings.order_by()
        .annotate(group=key)
        .values("group")
        .annotate(
            findings_total=Count("*"),
            assets_with=assets or Count("asset", distinct=True),
            worst=Max("severity"),
            points_max=Max("points"),
        )
        .order_by("-points_max", "-findings_total", "group")[:MAX_GROUPS]
    )


def _group(row: dict[str, Any], *, key: str, title: str, total: int | None) -> Group:
    return {
        "key": key,
        "title": title,
        "severity": Severity(row["worst"]).label,
        "findings": row["findings_total"],
        "assets": row["assets_with"],
        "assets_total": total,
        "points_max": row["points_max"],
    }
