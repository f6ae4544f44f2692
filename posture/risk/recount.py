"""Proves that loads, which are kept as findings change, equal a full recount, and mends those that do not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from posture.fleet import ingest as fleet
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from posture.images import ingest as images
from posture.risk import loads
from posture.risk.models import Load
from scanners.records import Record

AT_ONCE = 2_000
# A sum in another order is another number in its last digits.
TOLERANCE = 1e-9
_NAMES = (
    "load", "own_energy", "energy", "coverage", "band", "info", "low", "medium", "high", "critical",
    "own_info", "own_low", "own_medium", "own_high", "own_critical",
)  # fmt: skip


class Difference(Record, frozen=True, kw_only=True):
    """An asset whose stored numbers are not those that a recount gives: name -> [stored, recounted]."""

    asset_id: int
    kind: str
    name: str
    numbers: dict[str, list[Any]]


class Recounted(Record, frozen=True, kw_only=True):
    assets: int
    differences: list[Difference]


def recount(*, mend: bool = False) -> Recounted:
    """Weigh every asset anew, containers and images before hosts, which are sums of them; with `mend` write what differs,
    as a change of this moment. Pulls and reports may go on meanwhile."""
    total, found = 0, []
    for hosts in (False, True):
        for ids in _portions(hosts):
            total += len(ids)
            if suspects := [one.asset_id for one in _differing(ids)]:
                found += _confirmed(suspects, mend=mend)
    return Recounted(assets=total, differences=found)


def _portions(hosts: bool) -> Iterator[list[int]]:
    present = Asset.objects.present()
    of_kind = present.filter(kind=AssetKind.HOST) if hosts else present.exclude(kind=AssetKind.HOST)
    last = 0
    while ids := list(of_kind.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        last = ids[-1]
        yield ids


def _differing(ids: list[int]) -> list[loads.Weighed]:
    weighed = loads.weigh(ids)
    current = dict(Load.objects.current().filter(asset__in=ids).values_list("asset", "energy"))
    return [one for one in weighed if not _is_right(one, current.get(one.asset_id))]


def _confirmed(ids: list[int], *, mend: bool) -> list[Difference]:
    """Those that still differ while nobody writes them: a pull may have written between two readings."""
    with transaction.atomic():
        # Images are written only by who holds what is shared, containers by who holds their host: hosts are held in the
        # order in which everybody takes them, and no row that somebody who waits for a host may hold.
        fleet.lock_shared()
        placed = Asset.objects.filter(pk__in=ids).values_list("pk", "kind", "host")
        hosts = {pk if kind == AssetKind.HOST else host for pk, kind, host in placed}
        for host_id in sorted({pk for pk in hosts if pk is not None}.union(images.hosts_running(ids))):
            fleet.lock(host_id)
        differing = _differing(ids)
        found = _described(differing)
        if mend and differing:
            wrong = [one.asset_id for one in differing]
            # What equals the columns is not written, and with it not the interval: so nothing shall equal them.
            Asset.objects.filter(pk__in=wrong).update(load=None)
            loads.roll_up(wrong, timezone.now())
    return found


def _is_right(one: loads.Weighed, current_energy: float | None) -> bool:
    """The columns, and the interval that says the same to the past."""
    if one.before[0] is None:  # never weighed: nothing was measured yet
        return current_energy is None
    return _same(current_energy, one.after[2]) and all(map(_same, one.before, one.after))


def _same(stored: float | None, recounted: float) -> bool:
    return stored is not None and math.isclose(stored, recounted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _described(differing: list[loads.Weighed]) -> list[Difference]:
    assets = Asset.objects.in_bulk([one.asset_id for one in differing])
    return [
        Difference(
            asset_id=one.asset_id,
            kind=assets[one.asset_id].kind,
            name=assets[one.asset_id].name,
            numbers={
                name: [before, after]
                for name, before, after in zip(_NAMES, one.before, one.after, strict=True)
                if not _same(before, after)
            },
        )
        for one in differing
        if one.asset_id in assets
    ]
