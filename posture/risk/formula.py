"""The load formula, version 3. Pure functions; `docs/load.md` explains them and gives the test vectors.

A finding has points p in 0..100. Its energy is p⁴. A load is the fourth root of a sum of energies, so the worst
finding dominates, many small ones still count, and adding one never lowers the load. A line's share of a load is
load · e / Σe: shares add up to the load.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from posture.fleet.choices import Source
from scanners.records import AssetKind, Severity

VERSION = "3"
EXPONENT = 4

BASE_POINTS: dict[Severity, float] = {
    Severity.CRITICAL: 90.0,
    Severity.HIGH: 70.0,
    Severity.MEDIUM: 40.0,
    Severity.LOW: 15.0,
    Severity.INFO: 2.0,
}

# What each kind of asset is expected to be measured by. A load's coverage is the share of it that is there.
EXPECTED: dict[AssetKind, tuple[str, ...]] = {
    AssetKind.HOST: ("engine_audit", "host_probe"),
    AssetKind.CONTAINER: ("engine_configuration", "process_confinement"),
    AssetKind.IMAGE: ("configuration", "packages", "vulnerability_scan", "signature"),
    AssetKind.CLUSTER: ("manager_audit",),
}
EVIDENCE_LABELS = {
    "engine_audit": "Engine audit",
    "host_probe": "Host probe",
    "engine_configuration": "Engine configuration",
    "process_confinement": "Confinement of the process",
    "configuration": "Image configuration",
    "packages": "Packages",
    "vulnerability_scan": "Vulnerability scan",
    "signature": "Signature check",
    "manager_audit": "Manager audit",
}
# What each source can bring.
BROUGHT_BY: dict[Source, dict[AssetKind, str]] = {
    Source.ENGINE: {
        AssetKind.HOST: "engine_audit",
        AssetKind.CONTAINER: "engine_configuration",
        AssetKind.IMAGE: "configuration",
        AssetKind.CLUSTER: "manager_audit",
    },
    Source.PROBE: {AssetKind.HOST: "host_probe", AssetKind.CONTAINER: "process_confinement"},
}
# How bad evidence of this kind is taken to be while no asset of the fleet has it: points of one finding.
PRIOR_POINTS: dict[str, float] = {
    "engine_audit": 70.0,
    "host_probe": 70.0,
    "engine_configuration": 70.0,
    "process_confinement": 40.0,
    "configuration": 40.0,
    "packages": 15.0,
    "vulnerability_scan": 90.0,
    "signature": 40.0,
    "manager_audit": 40.0,
}


def energy(points: float) -> float:
    return points**EXPONENT


def load(total_energy: float) -> float:
    """The load of a sum of energies; 0 for none."""
    return max(total_energy, 0.0) ** (1 / EXPONENT)


def share(of_load: float, line_energy: float, total_energy: float) -> float:
    """One line's part of a load, in load units; the parts of all lines add up to it."""
    return of_load * line_energy / total_energy if total_energy else 0.0


def group_load(energies: Sequence[float]) -> float | None:
    """The load of a group of assets: the power mean of theirs. None for an empty group: nothing was measured."""
    return load(sum(energies) / len(energies)) if energies else None


def coverage(kind: AssetKind, present: Iterable[str]) -> float:
    expected = EXPECTED[kind]
    return len(set(expected) & set(present)) / len(expected)


def missing_energy(kind: AssetKind, present: Iterable[str]) -> float:
    """What the missing evidence of an asset could add, at the published prior."""
    have = set(present)
    return sum(energy(PRIOR_POINTS[evidence]) for evidence in EXPECTED[kind] if evidence not in have)
