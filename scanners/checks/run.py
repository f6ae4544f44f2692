"""Judging: one record in, the outcome of every check on it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanners.checks.check import Check, Judge, Verdict, not_measured
from scanners.checks.policy import Policy
from scanners.checks.registry import CATALOGUE
from scanners.checks.requirements import requirements_of
from scanners.host import HostContainerFacts, HostFacts
from scanners.image_use import ImageUseFacts
from scanners.records import CheckOutcome, ContainerFacts, EngineFacts, ImageFacts, Outcome, SwarmFacts

Facts = (
    EngineFacts | ContainerFacts | ImageFacts | ImageUseFacts | SwarmFacts | HostFacts | HostContainerFacts
)


class Judges:
    """The checks sorted by what they judge, so that a record meets only its own."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self._by_subject: dict[type, list[tuple[Check, tuple[str, ...]]]] = {}
        for check in checks:
            separate = requirements_of(check.id).get(check.decided_per_requirement, ())
            self._by_subject.setdefault(check.subject, []).append((check, separate))

    def judge(
        self, facts: Facts, policy: Policy, engine: EngineFacts | None = None
    ) -> Iterator[CheckOutcome]:
        """One outcome per check of the record's kind, in the order of ids.

        `engine` is the one that runs on a probed host, when it is read too: see `both`. A check that raises
        gives `Outcome.ERROR` with the exception's type as evidence; its message could hold data of the node
        and is left out. Raises `TypeError` for a record that no check is about.
        """
        try:
            checks = self._by_subject[type(facts)]
        except KeyError:
            raise TypeError(f"no check judges a {type(facts).__name__}") from None
        for check, separate in checks:
            verdict = _judged(check.judge, facts, policy)
            if engine is not None and check.from_engine is not None:
                verdict = both(verdict, _judged(check.from_engine, engine, policy))
            yield _outcome(check, separate, facts.key, verdict)

    def unprobed(self, engine: EngineFacts, policy: Policy) -> Iterator[CheckOutcome]:
        """What the checks on hosts say while no probe reads this one: what the engine shows, else not measured."""
        for check, separate in self._by_subject.get(HostFacts, ()):
            verdict = not_measured("no host probe reads this host")
            if check.from_engine is not None:
                verdict = _judged(check.from_engine, engine, policy)
            yield _outcome(check, separate, engine.key, verdict)


def both(host: Verdict, engine: Verdict) -> Verdict:
    """One verdict of what the host's files and its engine show: a failure of either, else the host's if it has one."""
    if host.outcome is not Outcome.FAIL and engine.outcome is Outcome.FAIL:
        return engine
    if host.outcome is Outcome.NOT_MEASURED and engine.outcome is not Outcome.NOT_MEASURED:
        return engine
    return host


def _judged(judge: Judge, facts: Facts, policy: Policy) -> Verdict:
    try:
        return judge(facts, policy)
    except Exception as error:
        return Verdict(Outcome.ERROR, (f"the check failed with {type(error).__name__}",))


def _outcome(check: Check, separate: tuple[str, ...], key: str, verdict: Verdict) -> CheckOutcome:
    return CheckOutcome(
        check=check.id,
        asset_kind=check.asset_kind,
        asset_key=key,
        outcome=verdict.outcome,
        evidence=verdict.evidence,
        severity=None if verdict.severity == check.severity else verdict.severity,
        per_requirement={id: verdict.per_requirement.get(id, verdict.outcome) for id in separate},
    )


_JUDGES = Judges(CATALOGUE)


def judge(facts: Facts, policy: Policy, engine: EngineFacts | None = None) -> Iterator[CheckOutcome]:
    """The outcome of every check of the catalogue on one record. See `Judges.judge`."""
    return _JUDGES.judge(facts, policy, engine)


def checks_on(*subjects: type) -> frozenset[str]:
    """The ids of the checks that judge records of these kinds."""
    return frozenset(check.id for check in CATALOGUE if check.subject in subjects)


def unprobed(engine: EngineFacts, policy: Policy) -> Iterator[CheckOutcome]:
    """What the checks on the host itself say while only its engine is read."""
    return _JUDGES.unprobed(engine, policy)
