"""What changed between two moments, told from intervals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from posture.accounts.models import User
from posture.base.ordering import Key, Ordering, by
from posture.base.pagination import count_each
from posture.decisions.models import Verdict
from posture.findings.models import Finding, OpenInterval
from posture.findings.views import title_of
from posture.fleet import membership
from posture.fleet.models import Asset
from scanners.records import Severity

SHOWN = 50  # rows of each kind, the worst or newest first
WHAT = ("opened", "reopened", "resolved", "decided", "new_assets", "gone_assets")
_WORST: Ordering = (Key("severity", True), Key("points", True), Key("pk", True))
ORDER: dict[str, Ordering] = {
    **dict.fromkeys(("opened", "reopened", "resolved", "decided"), _WORST),
    "new_assets": by("first_seen_at", descending=True),
    "gone_assets": by("gone_at", descending=True),
}


def between(user: User, begin: datetime, end: datetime, environment_ids: list[int] | None) -> dict[str, Any]:
    """For each of `WHAT`: how many, and the first of them. Findings count as `counting` says."""
    changed = [of(what, user, begin, end, environment_ids) for what in WHAT]
    told: dict[str, Any] = {}
    for what, rows, total in zip(WHAT, changed, count_each([[rows] for rows in changed]), strict=True):
        first = rows.order_by(*(key.expression() for key in ORDER[what]))[:SHOWN]
        told[what] = {"total": total.as_dict(), "rows": [row_of(row) for row in detailed(first)]}
    return told


def model_of(what: str) -> type[Finding | Asset]:
    return Finding if what in _FINDINGS else Asset


def of(
    what: str, user: User, begin: datetime, end: datetime, environment_ids: list[int] | None
) -> QuerySet[Any]:
    """Findings or assets of which this is true, that the asker may see, and that lie in these environments now."""
    model: Any = model_of(what)
    rows = model.objects.visible_to(user)
    if environment_ids is not None:
        prefix = "asset" if what in _FINDINGS else "pk"
        images = membership.images_in_environments(environment_ids)
        rows = rows.filter(Q(environment__in=environment_ids) | Q(**{f"{prefix}__in": images}))
    if what in _FINDINGS:
        return _FINDINGS[what](rows, begin, end)
    column = ORDER[what][0].path
    return rows.filter(**{f"{column}__gt": begin, f"{column}__lte": end})


def detailed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With what `row_of` reads."""
    if rows.model is Asset:
        return rows
    return rows.select_related("asset", "check_definition", "vulnerability", "package").defer(
        "factors", "vulnerability__description", "vulnerability__references", "vulnerability__scores"
    )


def row_of(row: Finding | Asset) -> dict[str, Any]:
    asset = row if isinstance(row, Asset) else row.asset
    return {
        "id": row.pk,
        "title": row.name if isinstance(row, Asset) else title_of(row),
        "severity": None if isinstance(row, Asset) else Severity(row.severity).label,
        "asset": {"kind": asset.kind, "id": asset.pk, "name": asset.name},
    }


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
