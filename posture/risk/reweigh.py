"""Points again, when what they rest on changed beside a verdict: an environment's data classes, a kernel defence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db.models import TextField
from django.db.models.functions import Cast

from posture.defences import ingest as defences
from posture.findings import settle as findings
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.images import ingest as images
from posture.risk import loads
from posture.risk.points import Factor, data_of, points_of, threat_of
from posture.vulnerabilities.models import Vulnerability
from scanners.defences.mitigation import mitigated
from scanners.records import AssetKind, Severity

BATCH = 5_000


_ANEW = ("data", "mitigation")


def reweigh(asset_ids: Sequence[int], data_classes: Sequence[str], at: datetime) -> int:
    """`repoint`, then the loads of these assets."""
    changed = repoint(asset_ids, data_classes, at)
    if changed:
        loads.recompute(asset_ids, at)
    return changed


def repoint(asset_ids: Sequence[int], data_classes: Sequence[str], at: datetime) -> int:
    """Recompute the points of these assets' open findings for these data classes and for the kernel defences that stand
    now; returns how many changed. The caller recomputes the loads."""
    data = data_of(data_classes)
    states = defences.states_around(asset_ids)
    rows = []
    for pk, asset_id, key, severity, points, factors in (
        Finding.objects.open()
        .filter(asset__in=asset_ids)
        .values_list("pk", "asset", "key", "severity", "points", "factors")
    ):
        kept = [(name, detail, factor) for name, detail, factor in factors if name not in _ANEW]
        blunted = mitigated(key, states.get(asset_id, {}))
        here = [*kept, *data, *([blunted] if blunted else [])]
        if (after := points_of(Severity(severity), here)) != points:
            rows.append((pk, after, here))
    for start in range(0, len(rows), BATCH):
        findings.set_points(rows[start : start + BATCH], at)
    return len(rows)


def reweigh_vulnerabilities(vulnerability_ids: Sequence[int], at: datetime) -> int:
    """Recompute the open findings of these vulnerabilities for what is known now of their use, then the loads of what they
    are on and of the hosts that run it; returns how many findings changed."""
    known = Vulnerability.objects.filter(pk__in=list(vulnerability_ids))
    threats = {
        pk: threat_of(is_exploited=exploited_since is not None, epss=epss)
        for pk, exploited_since, epss in known.values_list("pk", "exploited_since", "epss")
    }
    rows: list[tuple[int, float, list[Factor]]] = []
    assets: set[int] = set()
    # Thousands of findings have the very same factors: what follows from them is computed once.
    weighed: dict[tuple[str, int, str], tuple[float, list[Factor]]] = {}
    found = Finding.objects.open().filter(vulnerability__in=list(threats)).order_by("pk")
    for pk, asset_id, vulnerability_id, severity, points, factors in found.values_list(
        "pk", "asset", "vulnerability", "severity", "points", Cast("factors", TextField())
    ).iterator(chunk_size=BATCH):
        threat = threats[vulnerability_id]
        rests_on = (str(threat), severity, factors)
        if rests_on not in weighed:
            others = [tuple(factor) for factor in json.loads(factors) if factor[0] != "threat"]
            here = [*threat, *others]
            weighed[rests_on] = points_of(Severity(severity), here), here
        after, here = weighed[rests_on]
        if after != points:
            rows.append((pk, after, here))
            assets.add(asset_id)
    for start in range(0, len(rows), BATCH):
        findings.set_points(rows[start : start + BATCH], at)
    if assets:
        # Once for all of them: many vulnerabilities are on the same images, and those on the same hosts.
        loads.recompute(sorted(assets), at)
        loads.recompute(images.hosts_running(sorted(assets)), at)
    return len(rows)


def members(environment_id: int) -> list[int]:
    """The present hosts and containers of an environment."""
    kinds = (AssetKind.HOST, AssetKind.CONTAINER)
    return sorted(
        Asset.objects.present()
        .filter(environment=environment_id, kind__in=kinds)
        .values_list("pk", flat=True)
    )
