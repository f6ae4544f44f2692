"""Opens a load into its lines: which finding, how many points, which factors, what share. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, Q, QuerySet

from posture.findings.models import Finding
from posture.findings.views import title_of
from posture.fleet.choices import ALIVE, Source
from posture.fleet.models import Asset, ContainerState, Environment
from posture.risk import formula
from posture.risk.points import product_of
from posture.vulnerabilities import scans
from scanners.records import AssetKind, Severity

LINES = 200
_WHY_MISSING = {
    "host_probe": "No host probe has reported from this host.",
    "process_confinement": "What confines the process can only be read on the host itself.",
    "packages": "The image's packages have not been listed.",
    "vulnerability_scan": "The image has not been scanned for vulnerabilities.",
    "signature": "The image's signature has not been checked.",
}


def findings_behind(asset: Asset) -> QuerySet[Finding]:
    """The open findings whose energies sum to the asset's: a host's include its containers' and running images'."""
    mine = Q(asset=asset.pk)
    if asset.kind == AssetKind.HOST:
        running = ContainerState.objects.current().filter(
            host=asset.pk, status__in=ALIVE, image__isnull=False
        )
        mine |= Q(asset__host=asset.pk, asset__kind=AssetKind.CONTAINER, asset__gone_at__isnull=True)
        mine |= Q(asset__in=running.values("image"))
    return Finding.objects.weighing().filter(mine)


def of_asset(asset: Asset, *, lines: int = LINES) -> dict[str, Any]:
    """The ledger of a host, container, image or cluster: its worst lines first, and what its load rests on.

    All lines' shares add up to the load; `lines` are at most that many, `rest` holds the share of the others.
    """
    behind = findings_behind(asset)
    worst = behind.select_related("asset", "check_definition", "vulnerability", "package").order_by(
        "-points", "-pk"
    )[:lines]
    load = asset.load or 0.0
    shown = [_line(finding, load, asset.energy) for finding in worst]
    total = behind.count()
    return {
        "asset": asset_reference(asset),
        "formula": formula.VERSION,
        "load": asset.load,
        "line": line_of(asset),
        "coverage": asset.coverage,
        "band": asset.band,
        "energy": asset.energy,
        "lines": shown,
        "lines_total": total,
        "rest": max(load - sum(line["share"] for line in shown), 0.0) if total > len(shown) else 0.0,
        "missing": missing(
            AssetKind(asset.kind), asset.evidence, _once_known(asset), because=_not_scanned(asset)
        ),
    }


def of_environment(environment: Environment, *, lines: int = 50) -> dict[str, Any]:
    """An environment's load as the power mean of its hosts', with the hosts as lines, heaviest first.

    Each host's share is its part of the environment's load; shares add up to it.
    """
    hosts = Asset.objects.present().filter(environment=environment, kind=AssetKind.HOST, load__isnull=False)
    energies = list(hosts.values_list("energy", flat=True))
    load = formula.group_load(energies)
    total = sum(energies)
    heaviest = hosts.order_by(F("load").desc(nulls_last=True), "-pk")[:lines]
    shown: list[dict[str, Any]] = [
        {
            "asset": asset_reference(host),
            "load": host.load,
            "energy": host.energy,
            "share": formula.share(load or 0.0, host.energy, total),
        }
        for host in heaviest
    ]
    bands = [band for band in hosts.values_list("band", flat=True) if band is not None]
    coverages = list(hosts.values_list("coverage", flat=True))
    return {
        "asset": {"kind": "environment", "id": environment.pk, "name": environment.name},
        "formula": formula.VERSION,
        "load": load,
        "line": environment.line,
        "coverage": sum(coverages) / len(coverages) if coverages else 0.0,
        "band": formula.group_load([formula.energy(band) for band in bands]),
        "energy": total / len(energies) if energies else 0.0,
        "lines": shown,
        "lines_total": len(energies),
        "rest": max((load or 0.0) - sum(float(line["share"]) for line in shown), 0.0)
        if len(energies) > len(shown)
        else 0.0,
        "missing": missing(AssetKind.HOST, _common(hosts.values_list("evidence", flat=True)))
        if energies
        else [],
    }


def _line(finding: Finding, load: float, total: float) -> dict[str, Any]:
    energy = formula.energy(finding.points)
    check = finding.check_definition
    return {
        "finding": {
            "id": finding.pk,
            "title": title_of(finding),
            "severity": Severity(finding.severity).label,
            "check": check.slug if check else None,
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


def line_of(asset: Asset) -> float:
    """The line of the asset's environment; an image has none of its own and is held against the default of 100."""
    return asset.environment.line if asset.environment is not None else 100.0


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


def _not_scanned(asset: Asset) -> dict[str, str]:
    """Why tools could not look into an image, for the evidence that they would bring. Costs one query."""
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
