"""How a check is declared: right state as title, why, what to do, good and bad examples, then a pure function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from scanners.records import AssetKind, ContainerFacts, EngineFacts, ImageFacts, Outcome, Severity, SwarmFacts

ASSET_KINDS: dict[type, AssetKind] = {
    EngineFacts: AssetKind.HOST,
    ContainerFacts: AssetKind.CONTAINER,
    ImageFacts: AssetKind.IMAGE,
    SwarmFacts: AssetKind.CLUSTER,
}


class Verdict(msgspec.Struct, frozen=True):
    """What a check returns: an outcome, the evidence that decided it, and rarely a severity of its own."""

    outcome: Outcome
    evidence: tuple[str, ...] = ()
    severity: Severity | None = None
    per_requirement: dict[str, Outcome] = {}


def passed(*evidence: str) -> Verdict:
    return Verdict(Outcome.PASS, evidence)


def failed(*evidence: str, severity: Severity | None = None) -> Verdict:
    return Verdict(Outcome.FAIL, evidence, severity)


def manual(*evidence: str) -> Verdict:
    return Verdict(Outcome.MANUAL, evidence)


def not_applicable(*evidence: str) -> Verdict:
    return Verdict(Outcome.NOT_APPLICABLE, evidence)


def not_measured(*evidence: str) -> Verdict:
    return Verdict(Outcome.NOT_MEASURED, evidence)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One technical test with a stable id. `judge` is pure: the same facts give the same verdict."""

    id: str
    title: str
    severity: Severity
    subject: type
    rationale: str
    remediation: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    judge: Callable[[Any], Verdict]
    evidence_source: str

    @property
    def asset_kind(self) -> AssetKind:
        return ASSET_KINDS[self.subject]


def check(
    *,
    id: str,
    title: str,
    severity: Severity,
    subject: type,
    rationale: str,
    remediation: str,
    good: list[Any],
    bad: list[Any],
    evidence_source: str = "Engine API",
) -> Callable[[Callable[[Any], Verdict]], Check]:
    """Declare a check. The decorated function's name is the last part of the file name."""

    def declare(judge: Callable[[Any], Verdict]) -> Check:
        return Check(
            id=id,
            title=title,
            severity=severity,
            subject=subject,
            rationale=rationale,
            remediation=remediation,
            good=tuple(good),
            bad=tuple(bad),
            judge=judge,
            evidence_source=evidence_source,
        )

    return declare
