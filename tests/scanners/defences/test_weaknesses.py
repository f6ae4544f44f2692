"""Every check is classified: by what its finding opens, or as one that no defence blunts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from scanners.checks.registry import BY_ID as CHECKS
from scanners.defences import weaknesses
from scanners.defences.mechanisms import BY_ID
from scanners.defences.weaknesses import UNBLUNTED, WEAKNESSES, Weakness, weaknesses_of

SCOPE = Path(__file__).parents[2] / "data" / "catalogue_scope.yaml"


def listed() -> dict[str, list[str]]:
    return msgspec.yaml.decode(weaknesses.FILE.read_bytes(), type=dict[str, list[str]])


def test_every_check_is_classified() -> None:
    forgotten = sorted(set(CHECKS) - set(WEAKNESSES) - UNBLUNTED)
    assert forgotten == [], f"list them in {weaknesses.FILE.name}, under their classes or under none"


def test_no_check_is_listed_that_does_not_exist_or_is_not_waited_for() -> None:
    waiting = msgspec.yaml.decode(SCOPE.read_bytes())["waiting"]
    assert sorted({*WEAKNESSES, *UNBLUNTED} - set(CHECKS) - set(waiting)) == []
    assert not set(WEAKNESSES) & UNBLUNTED


def test_the_list_is_in_order_and_names_no_other_class() -> None:
    assert list(listed()) == [*Weakness, weaknesses.NONE]
    for ids in listed().values():
        assert ids == sorted(set(ids))


@pytest.mark.parametrize("mechanism", BY_ID.values(), ids=lambda mechanism: mechanism.id)
def test_a_check_that_reports_a_missing_mechanism_opens_what_it_would_blunt(mechanism) -> None:
    for check_id in mechanism.reporting:
        assert set(weaknesses_of(check_id)) & set(mechanism.blunts), check_id


def test_an_unknown_check_has_no_weakness() -> None:
    assert weaknesses_of("docker.container.imagined") == ()
