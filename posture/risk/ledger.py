"""Opens a load into its lines: which finding, how many points, which factors, what share. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Avg, F, FloatField, Q, QuerySet
from django.db.models.functions import Cast, Power
from django.utils import timezone

from posture.findings import weights
from posture.findings.models import Finding, OpenInterval
from posture.findings.views import deadline_of, title_of
from posture.fleet import figures
from posture.fleet.choices import Source
from posture.fleet.models import Asset, ContainerState, Environment
from posture.risk import formula
from posture.risk.models import Load
from posture.risk.points import product_of
from posture.vulnerabilities import scans
from scanners.records import AssetKind, Record, Severity

LINES = 200
_LEFT = "A node that told of it was taken away; what it had told stays in the band."
_WHY_MISSING = {
    "host_probe": "No host probe has reported from this host.",
    "process_confinement": "What confines the process can only be read on the host itself.",
    "packages": "The image's packages have not been listed.",
    "vulnerability_scan": "The image has not been scanned for vulnerabilities.",
    "signature": "The image's signature has not been checked.",
}


class Stood(Record, frozen=True, kw_only=True):
    """A load as it stands, or stood: what a ledger opens into its lines."""

    load: float | None = None
    energy: float = 0.0
    coverage: float = 0.0
    band: float | None = None


def findings_behind(asset: Asset, moment: datetime | None = None) -> QuerySet[Finding]:
    """The findings whose energies sum to the asset's now, or at `moment`: a host's include its containers' and running
    images'."""
    mine = Q(asset=asset.pk)
    if asset.kind == AssetKind.HOST:
        containers = ContainerState.objects.as_of(moment).filter(host=asset.pk)
        running = containers.alive().filter(image__isnull=False)
        mine |= Q(asset__in=containers.values("asset")) | Q(asset__in=running.values("image"))
    return Finding.objects.weighing(moment).filter(mine)


def of_asset(asset: Asset, moment: datetime | None = None, *, lines: int = LINES) -> dict[str, Any]:
    """The ledger of a host, container, image or cluster now, or at `moment`: its worst lines first, and what its load
    rests on.

    All lines' shares add up to the load; `lines` are at most that many, `rest` holds the share of the others. Of the
    evidence that was missing in the past only its share is kept, so `missing` is None there.
    """
    behind = findings_behind(asset, moment)
    if moment is None:
        stood = _stands(asset)
        worst = list(_detailed(behind).order_by("-points", "-pk")[:lines])
        total = behind.count()
    else:
        stood = _stood(asset, moment)
        worst, total = _worst_then(behind, moment, lines)
    load = stood.load or 0.0
    shown = [_line(finding, load, stood.energy, moment) for finding in worst]
    return {
        "asset": asset_reference(asset),
        "formula": formula.VERSION,
        "load": stood.load,
        "line": line_of(asset, moment),
        "coverage": stood.coverage,
        "band": stood.band,
        "energy": stood.energy,
        "lines": shown,
        "lines_total": total,
        "rest": max(load - sum(line["share"] for line in shown), 0.0) if total > len(shown) else 0.0,
        "missing": missing(AssetKind(asset.kind), asset.evidence, _once_known(asset), because=_because(asset))
        if moment is None
        else None,
    }


def _stood(asset: Asset, moment: datetime) -> Stood:
    """Its load at the moment; nothing, if it was not there or not measured."""
    found = Load.objects.as_of(moment).filter(asset=asset).first()
    return Stood() if found is None else _stands(found)


def _stands(of: Asset | Load) -> Stood:
    return Stood(load=of.load, energy=of.energy, coverage=of.coverage, band=of.band)


def _detailed(findings: QuerySet[Finding]) -> QuerySet[Finding]:
    return findings.select_related("asset", "check_definition", "vulnerability", "package")


def _worst_then(behind: QuerySet[Finding], moment: datetime, lines: int) -> tuple[list[Finding], int]:
    """The findings with the most points at the moment, as they were, and how many there were in all. A past order has no
    index: all of them are weighed and sorted."""
    points = dict(behind.values_list("pk", "points"))
    weighed = weights.then(points.keys(), moment)
    points |= {pk: then for pk, (then, _) in weighed.items()}
    worst = sorted(points, key=lambda pk: (-points[pk], -pk))[:lines]
    rows = _detailed(Finding.objects.all()).in_bulk(worst)
    severities = dict(
        OpenInterval.objects.as_of(moment).filter(finding__in=worst).values_list("finding", "severity")
    )
    verdicts: Any = Finding._meta.get_field("verdicts").related_model
    outcomes = dict(
        verdicts.objects.as_of(moment).filter(finding__in=worst).values_list("finding", "outcome")
    )
    for pk, row in rows.items():
        row.severity = severities[pk]
        row.points, row.factors = weighed.get(pk, (row.points, row.factors))
        row.decided, row.closed_at = outcomes.get(pk), None
    return [rows[pk] for pk in worst], len(points)


def of_environment(
    environment: Environment, moment: datetime | None = None, *, lines: int = 50
) -> dict[str, Any]:
    """An environment's load as the power mean of its hosts', with the hosts as lines, heaviest first; now, or at `moment`.

    Each host's share is its part of the environment's load; shares add up to it.
    """
    hosts = Load.objects.as_of(moment).filter(
        asset__environment=environment, asset__kind=AssetKind.HOST, load__isnull=False
    )
    energies = list(hosts.values_list("energy", flat=True))
    load = formula.group_load(energies)
    total = sum(energies)
    heaviest = hosts.select_related("asset").order_by(F("load").desc(), "-asset")[:lines]
    shown: list[dict[str, Any]] = [
        {
            "asset": asset_reference(host.asset),
            "load": host.load,
            "energy": host.energy,
            "share": formula.share(load or 0.0, host.energy, total),
        }
        for host in heaviest
    ]
    means = hosts.aggregate(
        coverage=Avg("coverage"), band=Avg(Power(Cast("band", FloatField()), float(formula.EXPONENT)))
    )
    evidence = hosts.values_list("asset__evidence", flat=True)
    return {
        "asset": {"kind": "environment", "id": environment.pk, "name": environment.name},
        "formula": formula.VERSION,
        "load": load,
        "line": figures.lines([environment], moment)[environment.pk],
        "coverage": means["coverage"] or 0.0,
        "band": None if means["band"] is None else formula.load(means["band"]),
        "energy": total / len(energies) if energies else 0.0,
        "lines": shown,
        "lines_total": len(energies),
        "rest": max((load or 0.0) - sum(float(line["share"]) for line in shown), 0.0)
        if len(energies) > len(shown)
        else 0.0,
        "missing": None
        if moment is not None
        else missing(AssetKind.HOST, _common(evidence))
        if energies
        else [],
    }


def _line(finding: Finding, load: float, total: float, moment: datetime | None) -> dict[str, Any]:
    energy = formula.energy(finding.points)
    check = finding.check_definition
    return {
        "finding": {
            "id": finding.pk,
            "title": title_of(finding),
            "severity": Severity(finding.severity).label,
            "check": check.slug if check else None,
            "is_accepted": finding.decided is not None,
            "deadline": deadline_of(finding, moment or timezone.now()),
        },
        "asset": asset_reference(finding.asset),
        "points": finding.points,
        "energy": energy,
        "share": formula.share(load, energy, total),
        "factors": factors_of(finding),
    }


def factors_of(finding: Finding) -> list[dict[str, Any]]:
    product = product_of(Severity(finding.severity), finding.factors)
    return [{"name": name, "detail": detail, "factor": factor} for name, detail, factor in product]


def share_of(finding: Finding, within: Asset) -> float:
    """The finding's part of the load of an asset that it weighs on."""
    return formula.share(within.load or 0.0, formula.energy(finding.points), within.energy)


def line_of(asset: Asset, moment: datetime | None = None) -> float:
    """The line of the asset's environment; an image has none of its own and is held against the default."""
    if asset.environment is None:
        return figures.DEFAULT_LINE
    return figures.lines([asset.environment], moment)[asset.environment.pk]


def missing(
    kind: AssetKind,
    evidence: Collection[str],
    known: Collection[str] = (),
    because: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """Expected evidence that is not there, and why. `known` is what there once was: it is too old to count. `because` says
    more of single kinds."""
    return [
        {
            "evidence": formula.EVIDENCE_LABELS[name],
            "why": "What was read is too old to count."
            if name in known
            else " ".join(
                filter(None, (_WHY_MISSING.get(name, "It has not been measured."), (because or {}).get(name)))
            ),
        }
        for name in formula.EXPECTED[kind]
        if name not in evidence
    ]


def _because(asset: Asset) -> dict[str, str]:
    """What is to be said of single kinds of evidence. Of an image it costs one query: why tools could not look into it."""
    if asset.lost_energy:
        return dict.fromkeys(set(formula.EXPECTED[AssetKind(asset.kind)]) - _once_known(asset), _LEFT)
    if asset.kind != AssetKind.IMAGE or {"packages", "vulnerability_scan"} <= set(asset.evidence):
        return {}
    _, reason = scans.states([asset.pk])[asset.pk]
    return dict.fromkeys(("packages", "vulnerability_scan"), reason)


def _once_known(asset: Asset) -> set[str]:
    """What sources still tell of the asset, fresh or not."""
    said = {Source.ENGINE: asset.state_fingerprint, Source.PROBE: asset.probe_fingerprint}
    return {
        formula.BROUGHT_BY[source][AssetKind(asset.kind)]
        for source, fingerprint in said.items()
        if fingerprint
    }


def _common(evidence: Iterable[Sequence[str]]) -> set[str]:
    """What every asset of a group has."""
    each = [set(names) for names in evidence]
    return set.intersection(*each) if each else set()


def asset_reference(asset: Asset) -> dict[str, Any]:
    return {"kind": asset.kind, "id": asset.pk, "name": asset.name}
