"""How many assets have each outcome of each check, as somebody may see it: from tallies, not by counting results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Count, Q, Sum

from posture.compliance.choices import OUTCOMES
from posture.compliance.models import CheckResult, Tally
from posture.fleet import membership
from posture.fleet.choices import AssetKind

Counts = dict[int, list[int]]  # check id -> assets by outcome's number


def counts(environment_ids: Sequence[int] | None) -> Counts:
    """Counts by check over these environments, the images that their hosts hold included; None: the whole fleet.

    Images belong to no environment and are tallied once for the fleet, so a part of the fleet counts its images'
    results: as many rows as it holds images, times the checks on images.
    """
    found: Counts = defaultdict(lambda: [0] * len(OUTCOMES))
    tallies = (
        Tally.objects.all()
        if environment_ids is None
        else Tally.objects.filter(environment__in=environment_ids)
    )
    rows = tallies.values_list("check_definition", "outcome").annotate(number=Sum("assets")).order_by()
    for check, outcome, number in rows:
        found[check][outcome] += number
    if environment_ids is not None:
        images = membership.images_in_environments(environment_ids)
        results = CheckResult.objects.current().filter(
            Q(asset__in=images) & Q(check_definition__asset_kind=AssetKind.IMAGE)
        )
        for check, outcome, number in (
            results.values_list("check_definition", "outcome").annotate(number=Count("*")).order_by()
        ):
            found[check][outcome] += number
    return found
