"""How a check is declared: right state as title, why, what to do, examples, then a pure function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from scanners.checks.policy import Policy
from scanners.host import HostContainerFacts, HostFacts
from scanners.image_use import ImageUseFacts
from scanners.records import AssetKind, ContainerFacts, EngineFacts, ImageFacts, Outcome, Severity, SwarmFacts

ASSET_KINDS: dict[type, AssetKind] = {
    EngineFacts: AssetKind.HOST,
    HostFacts: AssetKind.HOST,
    ContainerFacts: AssetKind.CONTAINER,
    HostContainerFacts: AssetKind.CONTAINER,
    ImageFacts: AssetKind.IMAGE,
    ImageUseFacts: AssetKind.IMAGE,
    SwarmFacts: AssetKind.CLUSTER,
}

EXAMPLE_POLICY = Policy(now=datetime(2026, 9, 30, tzinfo=UTC))


class Verdict(msgspec.Struct, frozen=True):
    """What a check returns: an outcome, the evidence that decided it, and rarely a severity of its own.

    Evidence lines are short and stable: they name the field and its value, and hold nothing that changes
    while the verdict stays the same (no ages in days, no counters).
    """

    outcome: Outcome
    evidence: tuple[str, ...] = ()
    severity: Severity | None = None
    per_requirement: dict[str, Outcome] = {}


class Example(msgspec.Struct, frozen=True):
    """Facts with the outcome that a check must give, and the site policy when that decides.

    Without `expected`, a good example passes (or is not measured, when the check waits for evidence) and a
    bad one fails.
    """

    facts: Any
    policy: Policy = EXAMPLE_POLICY
    expected: Outcome | None = None


Judge = Callable[[Any, Policy], Verdict]


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
    """One technical test with a stable id.

    `judge` is pure: the same facts and policy give the same verdict. `waits_for` names the evidence that no
    record carries yet; such a check never passes. `decided_per_requirement` is the framework whose
    requirements get an outcome each instead of the check's common one. `from_engine` is what a check on the
    probe's document says by the word of the host's engine, as long as no probe reads the host.
    """

    id: str
    title: str
    severity: Severity
    subject: type
    rationale: str
    remediation: str
    good: tuple[Example, ...]
    bad: tuple[Example, ...]
    judge: Judge
    evidence_source: str
    from_engine: Judge | None = None
    waits_for: str = ""
    decided_per_requirement: str = ""
    source_file: str = ""

    @property
    def asset_kind(self) -> AssetKind:
        return ASSET_KINDS[self.subject]

    def takes(self, facts: Any) -> bool:
        return isinstance(facts, self.subject) or (
            self.from_engine is not None and isinstance(facts, EngineFacts)
        )

    def verdict(self, facts: Any, policy: Policy) -> Verdict:
        """The verdict on a record of its subject, or on the engine alone."""
        if self.from_engine is not None and isinstance(facts, EngineFacts):
            return self.from_engine(facts, policy)
        return self.judge(facts, policy)


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
    from_engine: Callable[..., Verdict] | None = None,
    waits_for: str = "",
    decided_per_requirement: str = "",
) -> Callable[[Callable[..., Verdict]], Check]:
    """Declare a check on the function below it: `judge(facts)`, or `judge(facts, policy)` with limits.

    The id is the file's place in the catalogue (docker/container/not_privileged.py is
    docker.container.not-privileged) and the function has the file's name; the registry refuses anything else.
    Examples are facts, or `Example(facts, policy)` where a policy other than the default decides; those of a
    check with `from_engine` may be engines too.
    """

    def declare(function: Callable[..., Verdict]) -> Check:
        return Check(
            id=id,
            title=title,
            severity=severity,
            subject=subject,
            rationale=rationale,
            remediation=remediation,
            good=tuple(_example(item) for item in good),
            bad=tuple(_example(item) for item in bad),
            judge=_with_policy(function),
            evidence_source=evidence_source,
            from_engine=None if from_engine is None else _with_policy(from_engine),
            waits_for=waits_for,
            decided_per_requirement=decided_per_requirement,
            source_file=inspect.getsourcefile(function) or "",
        )

    return declare


def _example(item: Any) -> Example:
    return item if isinstance(item, Example) else Example(item)


def _with_policy(function: Callable[..., Verdict]) -> Judge:
    if len(inspect.signature(function).parameters) == 2:
        return function
    return lambda facts, policy: function(facts)
