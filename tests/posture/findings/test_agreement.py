"""What several tools' words on one finding come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.findings import agreement
from posture.findings.agreement import Word
from posture.findings.choices import AGREEMENTS, Agreement
from posture.vulnerabilities.choices import FIX_NUMBER, FIX_STATUSES
from scanners.records import Severity
from scanners.reported import FixStatus

WORDS = st.builds(
    Word,
    severity=st.none() | st.sampled_from(Severity),
    status=st.sampled_from(range(len(FIX_STATUSES))),
    fixed_versions=st.lists(st.sampled_from(["1.1", "2:1.0-3"]), max_size=2).map(tuple),
    outranks=st.booleans(),
)


def word(severity: Severity | None = None, status: FixStatus = FixStatus.UNKNOWN, *versions: str) -> Word:
    return Word(severity=severity, status=FIX_NUMBER[status], fixed_versions=versions)


def of(*words: Word, silent: tuple[str, ...] = ()) -> Agreement:
    return AGREEMENTS[agreement.agreement(words, silent)]


HIGH, MEDIUM, CRITICAL = word(Severity.HIGH), word(Severity.MEDIUM), word(Severity.CRITICAL)


@pytest.mark.parametrize(
    ("words", "silent", "expected"),
    [
        ((HIGH,), (), Agreement.SINGLE_SOURCE),
        ((HIGH, HIGH), (), Agreement.AGREED),
        ((HIGH, MEDIUM), (), Agreement.AGREED),
        ((CRITICAL, MEDIUM), (), Agreement.DISPUTED),
        ((CRITICAL, HIGH, MEDIUM), (), Agreement.DISPUTED),
        ((CRITICAL, word()), (), Agreement.AGREED),
        ((HIGH,), ("grype",), Agreement.DISPUTED),
        ((HIGH, HIGH), ("syft",), Agreement.DISPUTED),
        ((HIGH, word(Severity.HIGH, FixStatus.NOT_AFFECTED)), (), Agreement.DISPUTED),
        ((word(None, FixStatus.FIXED, "1"), word(None, FixStatus.WILL_NOT_FIX)), (), Agreement.AGREED),
    ],
)
def test_words_come_to(words: tuple[Word, ...], silent: tuple[str, ...], expected: Agreement) -> None:
    assert of(*words, silent=silent) is expected


def test_only_who_looked_in_the_ecosystem_can_be_silent() -> None:
    witnesses = {"trivy": ["deb"], "grype": ["deb", "npm"], "own": ["npm"]}
    assert agreement.silent("deb", witnesses, {"trivy"}) == {"grype"}
    assert agreement.silent("npm", witnesses, {"grype"}) == {"own"}
    assert agreement.silent("gem", witnesses, {"grype"}) == set()
    assert agreement.silent("", {"trivy": [""]}, ()) == set()


@given(st.lists(WORDS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_never_matters(words: list[Word], random: object) -> None:
    shuffled = words[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for rule in (agreement.agreement, agreement.severity, agreement.fix):
        assert rule(words) == rule(shuffled)
    assert set(agreement.fixed_versions(words)) == set(agreement.fixed_versions(shuffled))


@given(st.lists(WORDS, max_size=5))
def test_a_fix_that_can_be_made_has_a_version(words: list[Word]) -> None:
    assert (agreement.fix(words) != agreement.FIXED) or agreement.fixed_versions(words)


def test_the_makers_word_on_the_fix_goes_first() -> None:
    makers = Word(status=FIX_NUMBER[FixStatus.WILL_NOT_FIX], outranks=True)
    other = word(None, FixStatus.FIXED, "3.0")
    assert FIX_STATUSES[agreement.fix([other, makers])] is FixStatus.WILL_NOT_FIX
    assert FIX_STATUSES[agreement.fix([other, Word(outranks=True)])] is FixStatus.FIXED
    assert FIX_STATUSES[agreement.fix([word(None, FixStatus.FIXED)])] is FixStatus.UNKNOWN
