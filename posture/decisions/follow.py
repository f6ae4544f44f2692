"""What follows when findings or their assets changed: combinations, decisions, deadlines and owners, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from posture.decisions import deadlines, owners, settle
from posture.findings import combining
from posture.risk.points import points_of_combination


def follow(asset_ids: Iterable[int], at: datetime, *, elsewhere: Iterable[int] = ()) -> set[int]:
    """Bring everything about these assets' findings in step, in the transaction of what changed them; returns the assets
    whose loads that changes. `elsewhere` are images that lie, or are exposed, where they were not before: what they are part
    of in combinations is as it was, and a fleet may run them in thousands of containers. The caller holds the rows of the
    assets, and computes the loads."""
    ids = set(asset_ids)
    combined = combining.review(ids, points_of_combination, at)
    ids |= combined.union(elsewhere)
    changed = combined | settle.review(ids, at)
    deadlines.review(ids)
    owners.review(ids)
    return changed
