"""What each tool last told of each image: the one row that an unchanged report touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from posture.vulnerabilities.choices import ScanState
from posture.vulnerabilities.models import Scan
from scanners.records import Skipped
from scanners.reported import Origin

SKIPPED_SHOWN = 100


def unchanged(asset_id: int, origin: Origin, fingerprint: str, at: datetime) -> bool:
    """Whether the tool told exactly this before; then only when it last did is written."""
    same = Scan.objects.filter(
        asset=asset_id, tool=origin.tool, fingerprint=fingerprint, state=ScanState.DONE
    )
    return bool(same.update(last_seen_at=at, told_at=origin.created_at, data_at=origin.data_at))


def store(
    asset_id: int,
    origin: Origin,
    fingerprint: str,
    *,
    findings: int,
    packages: int | None,
    skipped: Sequence[Skipped],
    skipped_total: int,
    at: datetime,
) -> None:
    """A report that was read, wholly or in part."""
    state = ScanState.PARTIAL if skipped_total else ScanState.DONE
    values: Mapping[str, object] = {
        "tool_version": origin.tool_version[:60],
        "format": origin.format[:100],
        "state": state,
        "reason": skipped[0].reason[:500] if skipped else "",
        "fingerprint": fingerprint,
        "told_at": origin.created_at,
        "data_at": origin.data_at,
        "last_seen_at": at,
        "findings": findings,
        "packages": packages,
        "skipped": [{"where": one.where, "reason": one.reason} for one in skipped[:SKIPPED_SHOWN]],
        "skipped_total": skipped_total,
    }
    Scan.objects.update_or_create(
        asset_id=asset_id,
        tool=origin.tool[:40],
        defaults=values,
        create_defaults={**values, "first_seen_at": at},
    )
