"""Judging: one record in, the outcome of every check on it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanners.checks.check import Check, Verdict
from scanners.checks.policy import Policy
from scanners.checks.registry import CATALOGUE
from scanners.checks.requirements import requirements_of
from scanners.host import HostContainerFacts, HostFacts
from scanners.records import CheckOutcome, ContainerFacts, EngineFacts, ImageFacts, Outcome, SwarmFacts

Facts = EngineFacts | ContainerFacts | ImageFacts | SwarmFacts | HostFacts | HostContainerFacts


class Judges:
    """The checks sorted by what they judge, so that a record meets only its own."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._by_subject: dict[type, list[tuple[Check, tuple[str, ...]]]] = {}
        for check in checks:
            separate = requirements_of(check.id).get(check.decided_per_requirement, ())
            self._by_subject.setdefault(check.subject, []).append((check, separate))

    def judge(self, facts: Facts, policy: Policy) -> Iterator[CheckOutcome]:
        """One outcome per check of the record's kind, in the order of ids.

        A check that raises gives `Outcome.ERROR` with the exception's type as evidence; its message could
        hold data of the node and is left out. Raises `TypeError` for a record that no check is about.
        """
        try:
            checks = self._by_subject[type(facts)]
        except KeyError:
            raise TypeError(f"no check judges a {type(facts).__name__}") from None
        key = facts.key
        for check, separate in checks:
            try:
                verdict = check.judge(facts, policy)
            except Exception as error:
                verdict = Verdict(Outcome.ERROR, (f"the check failed with {type(error).__name__}",))
            per_requirement = verdict.per_requirement
            if separate:
                per_requirement = {id: per_requirement.get(id, verdict.outcome) for id in separate}
            yield CheckOutcome(
                check=check.id,
                asset_kind=check.asset_kind,
                asset_key=key,
                outcome=verdict.outcome,
                evidence=verdict.evidence,
                severity=None if verdict.severity == check.severity else verdict.severity,
                per_requirement=per_requirement,
            )

    def unjudged(self, subject: type, key: str, reason: str) -> Iterator[CheckOutcome]:
        """Not measured, for this reason, from every check on a kind of record that nobody brought for this asset."""
        for check, separate in self._by_subject.get(subject, ()):
            yield CheckOutcome(
                check=check.id,
                asset_kind=check.asset_kind,
                asset_key=key,
                outcome=Outcome.NOT_MEASURED,
                evidence=(reason,),
                per_requirement=dict.fromkeys(separate, Outcome.NOT_MEASURED),
            )


_JUDGES = Judges(CATALOGUE)


def judge(facts: Facts, policy: Policy) -> Iterator[CheckOutcome]:
    """The outcome of every check of the catalogue on one record. See `Judges.judge`."""
    return _JUDGES.judge(facts, policy)


def checks_on(*subjects: type) -> frozenset[str]:
    """The ids of the checks that judge records of these kinds."""
    return frozenset(check.id for check in CATALOGUE if check.subject in subjects)


def unprobed(engine: EngineFacts) -> Iterator[CheckOutcome]:
    """What the checks on the host itself say while only its engine is read."""
    return _JUDGES.unjudged(HostFacts, engine.key, "no host probe reads this host")
