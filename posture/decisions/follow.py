"""What follows when findings or their assets changed: combinations, decisions, deadlines and owners, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from posture.decisions import deadlines, owners, settle
from posture.decisions.subjects import Reader
from posture.findings import combining
from posture.risk.points import points_of_combination


def follow(asset_ids: Iterable[int], at: datetime) -> set[int]:
    """Bring everything about these assets' findings in step, in the transaction of what changed them; returns the assets
    whose loads that changes. The caller holds the rows of `asset_ids`, and computes the loads."""
    ids = set(asset_ids)
    combined = combining.review(ids, points_of_combination, at)
    ids |= combined
    reader = Reader()
    changed = combined | settle.review(ids, at, reader)
    deadlines.review(ids, reader)
    owners.review(ids, reader)
    return changed
