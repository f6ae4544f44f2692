"""Keeps every asset's load equal to its ledger. Reads findings and members, writes `Load` and the read model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection

from posture.base import upsert
from posture.findings.choices import WEIGHS
from posture.fleet import ingest as fleet
from posture.fleet.choices import ALIVE
from posture.fleet.models import Asset
from posture.images import ingest as images
from posture.risk import formula
from posture.risk.models import Load
from scanners.records import AssetKind, Record

_OWN = """
SELECT a.id, a.kind, a.evidence, a.lost_energy, a.load, a.own_energy, a.energy, a.coverage, a.band,
       a.open_info, a.open_low, a.open_medium, a.open_high, a.open_critical,
       a.own_info, a.own_low, a.own_medium, a.own_high, a.own_critical,
       coalesce(s.energy, 0), coalesce(s.info, 0), coalesce(s.low, 0), coalesce(s.medium, 0), coalesce(s.high, 0),
       coalesce(s.critical, 0)
FROM fleet_asset a
LEFT JOIN LATERAL (
    SELECT sum(power(f.points, %s)) FILTER (WHERE f.decided IS NULL OR f.decided = %s) AS energy,
           count(*) FILTER (WHERE f.severity = 0 AND f.decided IS NULL) AS info,
           count(*) FILTER (WHERE f.severity = 1 AND f.decided IS NULL) AS low,
           count(*) FILTER (WHERE f.severity = 2 AND f.decided IS NULL) AS medium,
           count(*) FILTER (WHERE f.severity = 3 AND f.decided IS NULL) AS high,
           count(*) FILTER (WHERE f.severity = 4 AND f.decided IS NULL) AS critical
    FROM findings_finding f WHERE f.asset_id = a.id AND f.closed_at IS NULL
) s ON true
WHERE a.id = ANY(%s) AND a.gone_at IS NULL
"""

# What a host's load holds beside its own findings: its containers, and each image that a live container of it runs.
_MEMBERS = """
SELECT host_id, kind, count(*), sum(energy), sum(coverage), sum(power(band, %s)),
       sum(open_info), sum(open_low), sum(open_medium), sum(open_high), sum(open_critical)
FROM (
    SELECT a.host_id, a.kind, a.energy, a.coverage, a.band,
           a.open_info, a.open_low, a.open_medium, a.open_high, a.open_critical
    FROM fleet_asset a
    WHERE a.host_id = ANY(%s) AND a.kind = 'container' AND a.gone_at IS NULL
    UNION ALL
    SELECT used.host_id, i.kind, i.energy, i.coverage, i.band,
           i.open_info, i.open_low, i.open_medium, i.open_high, i.open_critical
    FROM (
        SELECT DISTINCT c.host_id, c.image_id FROM fleet_containerstate c
        WHERE c.host_id = ANY(%s) AND c.closed_at IS NULL AND c.status = ANY(%s) AND c.image_id IS NOT NULL
    ) used JOIN fleet_asset i ON i.id = used.image_id
) m GROUP BY host_id, kind
"""


class Weighed(Record, frozen=True, kw_only=True):
    """What is stored of an asset's load, and what its findings and members add up to: load, own energy, energy, coverage,
    band, and open findings from informational to critical, with members and without; `lost_energy` is in the band
    (`keep_bound`)."""

    asset_id: int
    lost_energy: float
    before: tuple
    after: tuple


def weigh(asset_ids: Sequence[int]) -> list[Weighed]:
    """Weigh these assets. A host's members are taken as they are stored."""
    rows = _own(asset_ids)
    return _alone(rows) + _with_members(rows)


def _own(asset_ids: Sequence[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [formula.EXPONENT, WEIGHS, list(asset_ids)])
        return cursor.fetchall()


def _alone(rows: Iterable[tuple]) -> list[Weighed]:
    """What has no members: all but hosts."""
    return [_weighed(row, ()) for row in rows if row[1] != AssetKind.HOST]


def _with_members(rows: Iterable[tuple]) -> list[Weighed]:
    hosts = {row[0]: row for row in rows if row[1] == AssetKind.HOST}
    if not hosts:
        return []
    members: dict[int, list[tuple]] = {}
    with connection.cursor() as cursor:
        ids = list(hosts)
        cursor.execute(_MEMBERS, [formula.EXPONENT, ids, ids, [s.value for s in ALIVE]])
        for host_id, *member in cursor.fetchall():
            members.setdefault(host_id, []).append(tuple(member))
    return [_weighed(row, members.get(pk, ())) for pk, row in hosts.items()]


def recompute(asset_ids: Iterable[int], at: datetime, *, left: Collection[int] = ()) -> list[int]:
    """Recompute the loads of these assets, containers and images before hosts; returns the ids that changed.

    The bands of those that a source has `left` do not fall. The caller holds the rows of hosts (`fleet.lock`), so that two
    pulls never compute one host from each other's past.
    """
    ids = sorted(set(asset_ids))
    if not ids:
        return []
    rows = _own(ids)
    changed = _write([keep_bound(one, one.asset_id in left) for one in _alone(rows)], at)
    return changed + _write([keep_bound(one, one.asset_id in left) for one in _with_members(rows)], at)


def keep_bound(one: Weighed, is_left: bool) -> Weighed:
    """Nobody looks any more where a source has left, which makes nothing better: what it had told, and what it alone
    showed of containers and images, stays in the band until all that is expected is measured again."""
    load, own_energy, energy, coverage, band, *counts = one.after
    before = one.before[4]
    if not is_left or before is None or before <= band:
        return one
    lost = one.lost_energy + formula.energy(before) - formula.energy(band)
    return Weighed(
        asset_id=one.asset_id,
        lost_energy=lost,
        before=one.before,
        after=(load, own_energy, energy, coverage, before, *counts),
    )


def roll_up(asset_ids: Iterable[int], at: datetime) -> None:
    """Recompute the loads of these assets, and of every host that they weigh on, whose rows it takes."""
    ids = sorted(set(asset_ids))
    if not ids:
        return
    changed = recompute(ids, at)
    placed = Asset.objects.filter(pk__in=changed, kind=AssetKind.CONTAINER, host__isnull=False)
    hosts = {host_id for host_id in placed.values_list("host", flat=True) if host_id is not None}
    hosts.update(images.hosts_running(changed))
    hosts.update(Asset.objects.filter(pk__in=ids, kind=AssetKind.HOST).values_list("pk", flat=True))
    for host_id in sorted(hosts):
        fleet.lock(host_id)
    recompute(hosts, at)


def _weighed(row: tuple, members: Iterable[tuple]) -> Weighed:
    asset_id, kind_text, have, lost_energy, *rest = row
    before, own = tuple(rest[:15]), rest[15:]
    kind = AssetKind(kind_text)
    own_energy = float(own[0])
    counts = own_counts = [int(n) for n in own[1:]]
    missing_energy = formula.missing_energy(kind, have)
    lost_energy = lost_energy if missing_energy else 0.0
    upper = own_energy + missing_energy + lost_energy
    energy = own_energy
    expected = len(formula.EXPECTED[kind])
    found = expected * formula.coverage(kind, have)
    for member_kind, number, member_energy, coverage, band_energy, *member_counts in members:
        energy += float(member_energy or 0)
        upper += float(band_energy or 0)
        weight = len(formula.EXPECTED[AssetKind(member_kind)])
        expected += weight * number
        found += weight * float(coverage or 0)
        counts = [a + int(b or 0) for a, b in zip(counts, member_counts, strict=True)]
    after = (
        formula.load(energy),
        own_energy,
        energy,
        found / expected,
        formula.load(upper),
        *counts,
        *own_counts,
    )
    return Weighed(asset_id=asset_id, lost_energy=lost_energy, before=before, after=after)


def _write(weighed: Iterable[Weighed], at: datetime) -> list[int]:
    loads: list[fleet.LoadRow] = []
    intervals: list[tuple] = []
    for one in weighed:
        if one.after == one.before:
            continue
        load, own_energy, energy, coverage, band, *counts = one.after
        loads.append(
            fleet.LoadRow(
                asset_id=one.asset_id,
                load=load,
                own_energy=own_energy,
                energy=energy,
                coverage=coverage,
                band=band,
                lost_energy=one.lost_energy,
                counts=tuple(counts[:5]),
                own_counts=tuple(counts[5:]),
            )
        )
        if (load, coverage, band) != (one.before[0], one.before[3], one.before[4]):
            intervals.append((one.asset_id, at, load, energy, coverage, band))
    fleet.set_loads(loads)
    if intervals:
        ids = sorted(row[0] for row in intervals)
        Load.objects.current().filter(asset__in=ids).update(closed_at=at)
        upsert.copy(Load, ("asset_id", "opened_at", "load", "energy", "coverage", "band"), sorted(intervals))
    return [row.asset_id for row in loads]


def end(asset_ids: Sequence[int], at: datetime) -> None:
    """Assets that are gone have no load of the present."""
    if asset_ids:
        Load.objects.current().filter(asset__in=asset_ids).update(closed_at=at)
