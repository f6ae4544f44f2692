"""Every check judges its own examples as it says."""

import pytest

from scanners.checks.check import Check, Example
from scanners.checks.registry import CATALOGUE
from scanners.records import Outcome


def _expected(check: Check, example: Example, is_good: bool) -> Outcome:
    if example.expected is not None:
        return example.expected
    if not is_good:
        return Outcome.FAIL
    return Outcome.NOT_MEASURED if check.waits_for else Outcome.PASS


CASES = [
    pytest.param(check, example, is_good, id=f"{check.id}-{'good' if is_good else 'bad'}-{number}")
    for check in CATALOGUE
    for is_good in (True, False)
    for number, example in enumerate(check.good if is_good else check.bad, start=1)
]


@pytest.mark.parametrize(("check", "example", "is_good"), CASES)
def test_it_judges_its_examples(check: Check, example: Example, is_good: bool) -> None:
    verdict = check.verdict(example.facts, example.policy)

    assert verdict.outcome is _expected(check, example, is_good)
    assert is_good or verdict.outcome is Outcome.FAIL
    assert verdict.outcome is not Outcome.FAIL or not is_good


@pytest.mark.parametrize(("check", "example", "is_good"), CASES)
def test_it_says_why_unless_it_passes(check: Check, example: Example, is_good: bool) -> None:
    verdict = check.verdict(example.facts, example.policy)

    assert verdict.evidence or verdict.outcome is Outcome.PASS
    assert all(line == line.strip() and line for line in verdict.evidence)
    assert not any(line.endswith(".") for line in verdict.evidence)


@pytest.mark.parametrize(
    "check", [check for check in CATALOGUE if check.waits_for], ids=lambda check: check.id
)
def test_a_check_that_waits_for_evidence_never_passes(check: Check) -> None:
    outcomes = {check.verdict(example.facts, example.policy).outcome for example in (*check.good, *check.bad)}

    assert Outcome.NOT_MEASURED in outcomes
    assert Outcome.PASS not in outcomes
