"""How many assets have each outcome of each check, as somebody may see it: from tallies, not by counting results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum

from posture.compliance.choices import OUTCOMES
from posture.compliance.models import CheckResult, Tally
from posture.fleet import membership
from posture.fleet.choices import AssetKind

Counts = dict[int, list[int]]  # check id -> assets by outcome's number


def counts(environment_ids: Sequence[int] | None, moment: datetime | None = None) -> Counts:
    """Counts by check over these environments, the images that their hosts hold included; None: the whole fleet.

    Images belong to no environment and are tallied once for the fleet, so a part of the fleet counts its images'
    results: as many rows as it holds images, times the checks on images. At a past `moment` every result of then is
    counted, where its asset lies now.
    """
    if moment is not None:
        results = CheckResult.objects.as_of(moment)
        if environment_ids is not None:
            images = membership.images_in_environments(environment_ids, moment)
            results = results.filter(Q(asset__environment__in=environment_ids) | Q(asset__in=images))
        return _summed(_numbers(results, Count("*")))
    if environment_ids is None:
        return _summed(_numbers(Tally.objects.all(), Sum("assets")))
    images = membership.images_in_environments(environment_ids)
    of_images = CheckResult.objects.current().filter(
        Q(asset__in=images) & Q(check_definition__asset_kind=AssetKind.IMAGE)
    )
    return _summed(
        _numbers(Tally.objects.filter(environment__in=environment_ids), Sum("assets")),
        _numbers(of_images, Count("*")),
    )


def _numbers(rows: Any, number: Any) -> Any:
    return rows.order_by().values_list("check_definition", "outcome").annotate(number=number)


def _summed(*parts: Any) -> Counts:
    found: Counts = defaultdict(lambda: [0] * len(OUTCOMES))
    for part in parts:
        for check, outcome, number in part:
            found[check][outcome] += number
    return found
