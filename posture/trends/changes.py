"""What changed between two moments, told from intervals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from posture.accounts.models import User
from posture.base.pagination import count_each
from posture.decisions.models import Verdict
from posture.findings.models import Finding, OpenInterval
from posture.findings.views import title_of
from posture.fleet import membership
from posture.fleet.models import Asset
from scanners.records import Severity

SHOWN = 50  # rows of each kind, the worst or newest first
WHAT = ("opened", "reopened", "resolved", "decided", "new_assets", "gone_assets")


def between(user: User, begin: datetime, end: datetime, environment_ids: list[int] | None) -> dict[str, Any]:
    """For each of `WHAT`: how many, and the first of them. Findings count as `counting` says."""
    findings = Finding.objects.visible_to(user)
    assets = Asset.objects.visible_to(user)
    if environment_ids is not None:
        there = membership.images_in_environments(environment_ids)
        assets = assets.filter(environment__in=environment_ids) | assets.filter(pk__in=there)
        findings = findings.filter(environment__in=environment_ids) | findings.filter(asset__in=there)
    told: dict[str, Any] = {}
    for what, of in _FINDINGS.items():
        told[what] = _findings(of(findings, begin, end))
    told["new_assets"] = _assets(
        assets.filter(first_seen_at__gt=begin, first_seen_at__lte=end), "-first_seen_at"
    )
    told["gone_assets"] = _assets(assets.filter(gone_at__gt=begin, gone_at__lte=end), "-gone_at")
    return told


def _opened(findings: Any, begin: datetime, end: datetime) -> Any:
    began = OpenInterval.objects.filter(opened_at__gt=begin, opened_at__lte=end)
    return findings.filter(
        pk__in=began.values("finding"), first_opened_at__gt=begin, first_opened_at__lte=end
    )


def _reopened(findings: Any, begin: datetime, end: datetime) -> Any:
    revised = OpenInterval.objects.filter(finding=OuterRef("finding"), closed_at=OuterRef("opened_at"))
    again = OpenInterval.objects.filter(
        opened_at__gt=begin, opened_at__lte=end, finding__first_opened_at__lt=F("opened_at")
    ).exclude(Exists(revised))
    return findings.filter(times_opened__gt=1, pk__in=again.values("finding"))


def _resolved(findings: Any, begin: datetime, end: datetime) -> Any:
    """Open at the beginning, or opened since, and not open at the end."""
    ended = OpenInterval.objects.filter(closed_at__gt=begin, closed_at__lte=end)
    return findings.resolved(end).filter(pk__in=ended.values("finding"))


def _decided(findings: Any, begin: datetime, end: datetime) -> Any:
    hidden = Verdict.objects.filter(opened_at__gt=begin, opened_at__lte=end)
    return findings.filter(pk__in=hidden.values("finding"))


_FINDINGS: dict[str, Callable[[Any, datetime, datetime], Any]] = {
    "opened": _opened,
    "reopened": _reopened,
    "resolved": _resolved,
    "decided": _decided,
}


def _findings(queryset: Any) -> dict[str, Any]:
    rows = list(
        queryset.select_related("asset", "check_definition", "vulnerability", "package")
        .defer("factors", "vulnerability__description", "vulnerability__references", "vulnerability__scores")
        .order_by("-severity", "-points", "-pk")[:SHOWN]
    )
    return {
        "total": count_each([[queryset]])[0].as_dict(),
        "rows": [
            {
                "id": row.pk,
                "title": title_of(row),
                "severity": Severity(row.severity).label,
                "asset": {"kind": row.asset.kind, "id": row.asset.pk, "name": row.asset.name},
            }
            for row in rows
        ],
    }


def _assets(queryset: Any, newest: str) -> dict[str, Any]:
    rows = queryset.order_by(newest, "-pk")[:SHOWN]
    return {
        "total": count_each([[queryset]])[0].as_dict(),
        "rows": [
            {
                "id": row.pk,
                "title": row.name,
                "severity": None,
                "asset": {"kind": row.kind, "id": row.pk, "name": row.name},
            }
            for row in rows
        ],
    }
