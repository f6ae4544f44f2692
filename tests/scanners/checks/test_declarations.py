"""The texts of a check can be read by a person who knows no code."""

import re

import pytest

from scanners.checks.check import Check
from scanners.checks.registry import BY_ID, CATALOGUE


@pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.id)
def test_its_texts_are_sentences(check: Check) -> None:
    for text in (check.rationale, check.remediation):
        assert text.endswith(".")
        assert text == re.sub(r"\s+", " ", text).strip()
        assert len(text) >= 15
    assert not check.title.endswith(".")
    assert len(check.title) <= 80


def test_titles_tell_checks_apart() -> None:
    titles = [check.title for check in CATALOGUE]

    assert sorted(titles) == sorted(set(titles))


def test_it_is_found_by_its_id() -> None:
    assert len(BY_ID) == len(CATALOGUE)
    assert BY_ID["docker.container.not-privileged"].asset_kind == "container"
    assert [check.id for check in CATALOGUE] == sorted(BY_ID)
