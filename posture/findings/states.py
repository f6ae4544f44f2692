"""The states of a finding: told from what is stored, and what leads from one to another.

    open ──start──▶ in progress ──stop──▶ open        reopened: open again after it was resolved; starts likewise
    open, reopened, in progress ──propose──▶ awaiting approval ──approve──▶ decided, ──reject──▶ open
    open, reopened, in progress ──decide──▶ decided (accepted, false positive, …) ──withdraw, expire, trip──▶ open
    every state but resolved ──the problem is gone──▶ resolved ──it is back──▶ reopened, or decided while that holds

Machines alone resolve and reopen: a person cannot say that a problem is gone, only that it does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q

from posture.findings.choices import OUTCOME_NUMBER, OUTCOMES, FindingState, Outcome, Work

DECIDED = tuple(FindingState(outcome.value) for outcome in Outcome)
LIVE = (
    FindingState.OPEN,
    FindingState.REOPENED,
    FindingState.IN_PROGRESS,
    FindingState.AWAITING_APPROVAL,
)  # on the worklist
_WORK = {FindingState.IN_PROGRESS: Work.IN_PROGRESS, FindingState.AWAITING_APPROVAL: Work.AWAITING_APPROVAL}
# What a person may do, and in which states.
ALLOWED: dict[str, frozenset[FindingState]] = {
    "start": frozenset({FindingState.OPEN, FindingState.REOPENED}),
    "stop": frozenset({FindingState.IN_PROGRESS}),
    "decide": frozenset({FindingState.OPEN, FindingState.REOPENED, FindingState.IN_PROGRESS}),
}


def state_of(*, is_closed: bool, decided: int | None, work: int | None, times_opened: int) -> FindingState:
    """`decided` is a number of `choices.OUTCOME_NUMBER`, `work` one of `choices.Work`."""
    if is_closed:
        return FindingState.RESOLVED
    if decided is not None:
        return FindingState(OUTCOMES[decided - 1].value)
    if work is not None:
        return next(state for state, number in _WORK.items() if number == work)
    return FindingState.REOPENED if times_opened > 1 else FindingState.OPEN


def in_states(states: Iterable[FindingState]) -> Q:
    """Condition: the finding is in one of these states now. That it is not closed is said once, as the partial indexes say
    it."""
    wanted = set(states)
    if not wanted:
        return Q(pk__in=[])
    live, undecided = Q(), wanted.intersection(LIVE)
    if undecided:
        of_live = Q()
        if undecided != set(LIVE):
            for state in sorted(undecided):
                of_live |= _live(state)
        live |= Q(decided__isnull=True) & of_live
    if numbers := sorted(OUTCOME_NUMBER[state] for state in wanted.intersection(DECIDED)):
        live |= Q(decided__in=numbers)
    parts = []
    if live:
        parts.append(Q(closed_at__isnull=True) & live)
    if FindingState.RESOLVED in wanted:
        parts.append(Q(closed_at__isnull=False))
    condition = parts[0]
    for part in parts[1:]:
        condition |= part
    return condition


def _live(state: FindingState) -> Q:
    if state in _WORK:
        return Q(work=_WORK[state])
    idle = Q(work__isnull=True)
    return idle & (Q(times_opened__gt=1) if state is FindingState.REOPENED else Q(times_opened=1))


def were_in_states(states: Iterable[FindingState], intervals: Any, verdicts: Any) -> Q:
    """The same at a past moment, told from the intervals that stood then: whether it was open, and what was decided. What
    people did about it is not kept for the past: there all that was on the worklist is open."""
    wanted = set(states)
    was_open = Exists(intervals.filter(finding=OuterRef("pk")))
    of_finding = verdicts.filter(finding=OuterRef("pk"))
    condition = Q(pk__in=[])
    if FindingState.OPEN in wanted:
        condition |= Q(was_open) & ~Q(Exists(of_finding))
    if numbers := sorted(OUTCOME_NUMBER[state] for state in wanted.intersection(DECIDED)):
        condition |= Q(was_open) & Q(Exists(of_finding.filter(outcome__in=numbers)))
    if FindingState.RESOLVED in wanted:
        condition |= ~Q(was_open)
    return condition
