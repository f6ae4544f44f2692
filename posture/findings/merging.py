"""Findings of vulnerabilities that turned out to be one: each becomes a finding of the group, and two of the same package in
the same image become one, with the words of both."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction

from posture.base import upsert
from posture.findings import agreement, tallies, weights
from posture.findings.models import Attribution, Finding, OpenInterval
from posture.findings.settle import end_intervals
from posture.fleet import ingest as fleet
from posture.vulnerabilities.models import Vulnerability
from scanners.records import Severity

AT_ONCE = 200  # images a call


def follow(at: datetime) -> list[int]:
    """Move findings of merged vulnerabilities; returns the assets whose findings changed, whose loads are to be computed
    anew. What is left waits for the next call."""
    merged = Vulnerability.objects.filter(merged_into__isnull=False)
    waiting = (
        Finding.objects.open()
        .filter(vulnerability__in=merged)
        .order_by("asset")
        .values_list("asset", flat=True)
        .distinct()[:AT_ONCE]
    )
    assets = list(waiting)
    for asset_id in assets:
        with transaction.atomic():
            fleet.lock(asset_id)
            _follow(asset_id, at)
    return assets


def _follow(asset_id: int, at: datetime) -> None:
    found = Finding.objects.open().filter(asset=asset_id, vulnerability__merged_into__isnull=False)
    for old in found.select_related("vulnerability__merged_into", "package").order_by("pk"):
        assert old.vulnerability is not None and old.vulnerability.merged_into is not None
        into = old.vulnerability.merged_into
        key = f"{into.key} {old.package_id}"
        twin = Finding.objects.filter(asset=asset_id, kind=old.kind, key=key).first()
        before = [fact for one in (old, twin) if one is not None and (fact := _fact(one)) is not None]
        if twin is None:
            Finding.objects.filter(pk=old.pk).update(vulnerability=into, key=key)
            twin = Finding.objects.get(pk=old.pk)
        else:
            _join(old, twin, at)
            twin.refresh_from_db()
        after = [fact for one in (twin,) if (fact := _fact(one)) is not None]
        ecosystem = old.package.ecosystem if old.package is not None else ""
        tallies.note(asset_id, before, after, {into.pk: [ecosystem]} if ecosystem else {})


def _join(old: Finding, twin: Finding, at: datetime) -> None:
    """The words on `old` are words on `twin`, but for tools that speak of that already; `old` is resolved."""
    speaking = set(Attribution.objects.current().filter(finding=twin).values_list("tool", flat=True))
    words = Attribution.objects.current().filter(finding=old)
    words.filter(tool__in=speaking).update(closed_at=at)
    words.update(finding=twin)
    end_intervals([old.pk], at)
    Finding.objects.filter(pk=old.pk).update(closed_at=at)
    said = [word.word for word in Attribution.objects.current().filter(finding=twin)]
    severity = agreement.severity(said)
    values = {
        "agreement": agreement.agreement(said),
        "fix": agreement.fix(said),
        "first_opened_at": min(old.first_opened_at, twin.first_opened_at),
    }
    if twin.closed_at is not None:
        values |= {"closed_at": None, "opened_at": at, "times_opened": twin.times_opened + 1}
        upsert.copy(
            OpenInterval,
            ("finding_id", "severity", "evidence", "opened_at"),
            [(twin.pk, twin.severity, tuple(twin.evidence), at)],
        )
    if severity > Severity(twin.severity):
        # The worse of the two weighs; its points come with it, by the same formula of the same use and threat.
        values |= {"severity": int(severity), "points": old.points, "factors": old.factors}
        weights.remember([(twin.pk, old.points, msgspec.json.encode(old.factors).decode())], at)
        OpenInterval.objects.current().filter(finding=twin).update(severity=int(severity))
    Finding.objects.filter(pk=twin.pk).update(**values)


def _fact(row: Finding) -> tallies.Fact | None:
    if row.closed_at is not None or row.decided is not None or row.vulnerability_id is None:
        return None
    return row.vulnerability_id, row.severity, row.agreement, row.fix
