"""What each tool last told of each image: the one row that an unchanged report touches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Value

from posture.vulnerabilities.choices import ImageScanState, JobState, ScanState
from posture.vulnerabilities.models import Scan, ScanJob
from scanners.records import Record, Skipped
from scanners.reported import Origin

SKIPPED_SHOWN = 100


class Told(Record, frozen=True, kw_only=True):
    """What a report told of, that told the same before."""

    images: int
    findings: int


def told_before(mark: str, made_at: datetime | None, at: datetime) -> Told | None:
    """What a report with this mark told, when nothing of it was overtaken by another report since; then only when it was
    last told is written. None when it must be read."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD_AGAIN, {"mark": mark, "at": at, "made_at": made_at, "done": ScanState.DONE})
        found = [findings for (findings,) in cursor.fetchall()]
    return Told(images=len(found), findings=sum(found)) if found else None


# One statement for all that a report which says nothing new costs.
_TOLD_AGAIN = """
UPDATE vulnerabilities_scan s SET last_seen_at = %(at)s, told_at = coalesce(%(made_at)s, s.told_at)
FROM (
    SELECT s.id, s.report_images, count(*) OVER () AS held
    FROM vulnerabilities_scan s JOIN fleet_asset a ON a.id = s.asset_id
    WHERE s.report_mark = %(mark)s AND s.state = %(done)s AND a.gone_at IS NULL
) t
WHERE s.id = t.id AND t.held = t.report_images RETURNING s.findings
"""


def keep_mark(told: Mapping[int, str], mark: str) -> None:
    """Remember that a report with this mark told just this: asset id -> tool."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vulnerabilities_scan s SET report_mark = %s, report_images = %s"
            " FROM unnest(%s::bigint[], %s::text[]) AS t(asset_id, tool)"
            " WHERE s.asset_id = t.asset_id AND s.tool = t.tool",
            [mark, len(told), list(told), list(told.values())],
        )


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
        "report_mark": "",
        "report_images": 0,
        "told_at": origin.created_at,
        "data_at": origin.data_at,
        "last_seen_at": at,
        "findings": findings,
        "packages": packages,
        "skipped": [{"where": one.where, "reason": one.reason} for one in skipped[:SKIPPED_SHOWN]],
        "skipped_total": skipped_total,
    }
    Scan.objects.bulk_create(
        [Scan(asset_id=asset_id, tool=origin.tool[:40], first_seen_at=at, **values)],
        update_conflicts=True,
        unique_fields=["asset", "tool"],
        update_fields=list(values),
    )


def of_image(asset_id: int) -> list[Scan]:
    """What each tool told of an image, with our own job for it where there is one; tools that told nothing yet too, as rows
    that are not stored."""
    found = {scan.tool: scan for scan in Scan.objects.filter(asset=asset_id)}
    for job in ScanJob.objects.filter(asset=asset_id).select_related("node"):
        scan = found.setdefault(job.tool, Scan(asset_id=asset_id, tool=job.tool, findings=0))
        scan.job = job
    return [found[tool] for tool in sorted(found)]


_TOLD = "told"  # beside the states of jobs: somebody imported a report


def states(asset_ids: Sequence[int]) -> dict[int, tuple[ImageScanState, str]]:
    """Of each image whether it was looked into, and if not by every tool, why not. Costs one query."""
    jobs = ScanJob.objects.filter(asset__in=asset_ids).values_list("asset", "tool", "state", "reason")
    told: Any = Scan.objects.filter(asset__in=asset_ids).values_list("asset", "tool", Value(_TOLD), Value(""))
    by_image: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for asset_id, tool, state, reason in jobs.union(told, all=True):
        by_image[asset_id].append((tool, state, reason))
    return {asset_id: _together(by_image.get(asset_id, [])) for asset_id in asset_ids}


def _together(said: Sequence[tuple[str, str, str]]) -> tuple[ImageScanState, str]:
    found = {state for _, state, _ in said}
    why = " ".join(f"{tool}: {reason}" for tool, state, reason in sorted(said) if state == JobState.FAILED)
    is_known = bool(found & {JobState.DONE.value, _TOLD})
    if JobState.RUNNING in found:
        return ImageScanState.RUNNING, why
    if JobState.FAILED in found:
        return (ImageScanState.PARTLY if is_known else ImageScanState.FAILED), why
    if is_known:
        return ImageScanState.DONE, ""
    return (ImageScanState.WAITING if found else ImageScanState.NONE), ""
