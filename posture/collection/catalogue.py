"""The running version's checks as rows: stored once per process, read by every pull."""

from __future__ import annotations

from functools import cache

from posture.compliance import ingest as compliance
from scanners.checks.registry import CATALOGUE
from scanners.checks.requirements import requirements_of
from scanners.records import Severity


def sync() -> dict[str, int]:
    """Bring the table of checks up to this version; returns slug -> id."""
    return compliance.store_catalogue(
        compliance.CheckText(
            slug=check.id,
            title=check.title,
            severity=check.severity,
            asset_kind=check.asset_kind,
            rationale=check.rationale,
            remediation=check.remediation,
            evidence_source=check.evidence_source,
            requirements=requirements_of(check.id),
        )
        for check in CATALOGUE
    )


@cache
def severities() -> dict[str, Severity]:
    return {check.id: check.severity for check in CATALOGUE}
