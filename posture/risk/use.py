"""Findings again, when it became known whether their packages are in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from posture.base import upsert
from posture.findings import combining
from posture.findings import settle as findings
from posture.fleet import ingest as fleet
from posture.risk import loads
from posture.risk.points import Factor, points_of, points_of_combination, use_of
from posture.vulnerabilities import in_use
from posture.vulnerabilities.in_use import ImageUses
from scanners.records import Severity

IMAGES_AT_ONCE = 200


def review(now: datetime, *, most: int = IMAGES_AT_ONCE) -> int:
    """Work out the use of up to `most` images for which anything that it rests on changed; returns how many there were."""
    waiting = in_use.stale(now, most)
    for image_id, signature in waiting:
        review_image(image_id, signature, now)
    return len(waiting)


def review_image(image_id: int, signature: str, now: datetime) -> int:
    """One image: its packages' use, its findings' points, and the loads of all that it weighs on; returns the findings that
    changed. In the order of locks in which a report is written."""
    with transaction.atomic():
        upsert.without_waiting_for_the_disk()
        fleet.lock_shared_beside_others()
        fleet.lock(image_id)
        if in_use.is_worked_out(image_id, signature, now):
            return 0
        uses = in_use.work_out(image_id, signature, now)
        changed, weightier = _weigh(image_id, uses)
        findings.set_uses(changed, now)
        combined = combining.review_flaws([image_id], points_of_combination, now) if changed else set()
        if weightier or combined:
            loads.roll_up({image_id, *combined}, now)
    return len(changed)


def _weigh(image_id: int, uses: ImageUses) -> tuple[list[findings.Used], bool]:
    """The findings whose use is new, with the points that follow; and whether any points differ."""
    changed: list[findings.Used] = []
    is_heavier = False
    for row in findings.used(image_id):
        use = uses.of(row.package_id)
        factors = _with(row.factors, _factor(row.package_id, uses))
        points = points_of(Severity(row.severity), factors)
        after = findings.Used(
            id=row.id,
            package_id=row.package_id,
            severity=row.severity,
            use=use,
            points=points,
            factors=factors,
        )
        if after != row:
            changed.append(after)
            is_heavier = is_heavier or points != row.points
    return changed, is_heavier


def _with(factors: Sequence[Factor], known: Sequence[Factor]) -> list[Factor]:
    """The factors with what is known of use in the place where it stood, else at the end: a product in another order is
    another number in its last digit."""
    places = [place for place, (name, _, _) in enumerate(factors) if name == "use"]
    kept = [factor for factor in factors if factor[0] != "use"]
    place = places[0] if places else len(kept)
    return [*kept[:place], *known, *kept[place:]]


def _factor(package_id: int | None, uses: ImageUses) -> list[Factor]:
    seen = uses.seen.get(package_id) if package_id is not None else None
    return use_of(
        uses.of(package_id),
        path=seen.path if seen else "",
        is_long=uses.is_long,
        days=in_use.LONG // timedelta(days=1),
    )
