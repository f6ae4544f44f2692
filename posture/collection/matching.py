"""The matcher's word: what the advisories say of the packages that an image holds, settled like any tool's report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from posture.base import upsert
from posture.collection.report_writing import reported_vulnerability, roll_up
from posture.findings import merging
from posture.findings import reported as findings
from posture.findings.choices import FindingKind
from posture.findings.reported import Said, Word
from posture.fleet import ingest as fleet
from posture.risk.points import points_of
from posture.vulnerabilities import scans
from posture.vulnerabilities.choices import FIX_NUMBER, FIX_STATUSES
from posture.vulnerabilities.ingest import known_by_id
from posture.vulnerabilities.matching import covered, is_looked_through
from posture.vulnerabilities.models import Feed, Package, PackageList, Rematch
from scanners.records import Severity
from scanners.reported import FixStatus, Origin

TOOL = "plimsoll"
CLAIMED_AT_ONCE = 50
_LOCKS = 0x6D617463  # "matc": the first of the two numbers of an asset's lock

# Advisories of a distribution that name a package's release speak for who made it.
_MATCHED = """
    SELECT m.package_id, v.id, m.fixed_version, a.status, coalesce(a.severity, d.severity), a.distribution <> '',
        a.ecosystem
    FROM vulnerabilities_match m
    JOIN vulnerabilities_affectedpackage a ON a.id = m.affected_id
    JOIN vulnerabilities_advisory d ON d.id = a.advisory_id
    CROSS JOIN LATERAL unnest(d.vulnerability_ids) AS v(id)
    WHERE m.package_id = ANY(%s) AND m.doubt = ''
"""


def settle_wanted(limit: int) -> int:
    """Settle assets whose packages match anew, running images first; returns how many were. Any number of workers may."""
    settled = 0
    while settled < limit:
        claimed = list(
            Rematch.objects.order_by("-is_urgent", "wanted_at").values_list("asset", flat=True)[
                :CLAIMED_AT_ONCE
            ]
        )
        done = sum(_settle_claimed(asset_id) for asset_id in claimed[: limit - settled])
        settled += done
        if not done:
            break
    return settled


def follow_merged() -> int:
    """Findings of vulnerabilities that turned out to be one become one; returns how many assets that touched."""
    at = timezone.now()
    assets = merging.follow(at)
    for asset_id in assets:
        with transaction.atomic():
            fleet.lock(asset_id)
            roll_up(asset_id, at)
    return len(assets)


def _settle_claimed(asset_id: int) -> bool:
    with transaction.atomic():
        upsert.without_waiting_for_the_disk()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCKS, asset_id & 0x7FFFFFFF])
            if not cursor.fetchone()[0]:
                return False
        fleet.lock_shared_beside_others()
        fleet.lock(asset_id)
        # Before the matches are read: what comes afterwards asks for the asset anew.
        deleted, _ = Rematch.objects.filter(asset=asset_id).delete()
        if deleted:
            _settle(asset_id, timezone.now())
    return bool(deleted)


def _settle(asset_id: int, at: datetime) -> None:
    package_ids = sorted(
        {
            pk
            for held in PackageList.objects.current()
            .filter(asset=asset_id)
            .values_list("packages", flat=True)
            for pk in held
        }
    )
    said = _said(package_ids)
    origin = Origin(
        format="Packages against advisories",
        tool=TOOL,
        tool_version=settings.VERSION,
        created_at=at,
        data_at=Feed.objects.filter(kind="osv")
        .order_by("-last_success_at")
        .values_list("data_at", flat=True)
        .first(),
    )
    fingerprint = hashlib.blake2b(msgspec.msgpack.encode(said), digest_size=16).hexdigest()
    if scans.unchanged(asset_id, origin, fingerprint, at):
        return
    kinds = set(
        Package.objects.filter(pk__in=package_ids).values_list("ecosystem", "distribution").distinct()
    )
    found = covered(kinds)
    findings.settle(
        asset_id,
        said,
        tool=TOOL,
        is_whole=True,
        kinds={FindingKind.VULNERABILITY.value},
        environment_id=None,
        weigh=lambda severity, threat: (points_of(severity, threat), threat),
        ecosystems={ecosystem for ecosystem, _ in found},
        at=at,
    )
    if is_looked_through(kinds, found):
        fleet.add_evidence([asset_id], ["vulnerability_scan"])
    scans.store(
        asset_id,
        origin,
        fingerprint,
        findings=len(said),
        packages=len(package_ids),
        skipped=(),
        skipped_total=0,
        at=at,
    )
    roll_up(asset_id, at)


def _said(package_ids: list[int]) -> list[Said]:
    with connection.cursor() as cursor:
        cursor.execute(_MATCHED, [package_ids])
        rows = cursor.fetchall()
    known = known_by_id({row[1] for row in rows})
    by_pair: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    for package_id, vulnerability_id, *of_one in rows:
        by_pair.setdefault((package_id, vulnerability_id), []).append(tuple(of_one))
    return [
        reported_vulnerability(
            known[vulnerability_id],
            package_id,
            words[0][4],
            _word(words, known[vulnerability_id].severity),
        )
        for (package_id, vulnerability_id), words in sorted(by_pair.items())
    ]


def _word(rows: Iterable[tuple[Any, ...]], otherwise: Severity | None) -> Word:
    """One word of what several advisories say of the same: the distribution's before others', the worst severity, every fix."""
    rows = list(rows)
    chosen = [row for row in rows if row[3]] or rows
    severities = [Severity(severity) for _, _, severity, *_ in chosen if severity is not None]
    fixes = tuple(sorted({fixed for fixed, *_ in chosen if fixed}))
    statuses = [FIX_STATUSES[status] for _, status, *_ in chosen]
    status = (
        FixStatus.FIXED
        if fixes
        else next((s for s in statuses if s != FixStatus.UNKNOWN), FixStatus.AFFECTED)
    )
    return Word(
        severity=max(severities, default=otherwise),
        status=FIX_NUMBER[status],
        fixed_versions=fixes,
        outranks=bool(severities) and chosen[0][3],
    )
