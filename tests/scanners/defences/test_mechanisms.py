"""The columns of the matrix are told so that a person understands them, and name checks that exist."""

from __future__ import annotations

import re

import pytest

from scanners.checks.registry import BY_ID as CHECKS
from scanners.defences.mechanisms import BY_ID, CONTAINER, HOST
from scanners.defences.mitigation import words_of
from scanners.defences.records import Mechanism, State
from scanners.defences.weaknesses import Weakness
from scanners.records import AssetKind

ALL = (*HOST, *CONTAINER)


@pytest.mark.parametrize("mechanism", ALL, ids=lambda mechanism: mechanism.id)
def test_a_mechanism_is_well_told(mechanism: Mechanism) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", mechanism.id)
    assert mechanism.blunts and len(set(mechanism.blunts)) == len(mechanism.blunts)
    for text in (mechanism.why, mechanism.remediation):
        assert text.endswith(".") and 15 <= len(text) <= 200
    assert not mechanism.title.endswith(".") and len(mechanism.title) <= 32
    assert mechanism.reporting <= set(CHECKS)
    assert mechanism.check not in mechanism.reported_by


def test_ids_and_titles_tell_mechanisms_apart() -> None:
    assert list(BY_ID) == [mechanism.id for mechanism in ALL]
    assert len({mechanism.title for mechanism in ALL}) == len(ALL)
    assert {mechanism.subject for mechanism in HOST} == {AssetKind.HOST}
    assert {mechanism.subject for mechanism in CONTAINER} == {AssetKind.CONTAINER}


def test_what_a_host_offers_to_containers_names_a_mechanism_of_containers() -> None:
    named = [mechanism.in_container for mechanism in HOST if mechanism.in_container]
    assert len(named) == len(set(named)) and set(named) <= {mechanism.id for mechanism in CONTAINER}


def test_every_class_of_weakness_is_blunted_by_a_mechanism() -> None:
    assert {weakness for mechanism in ALL for weakness in mechanism.blunts} == set(Weakness)
    assert all(weakness.meaning.endswith(".") for weakness in Weakness)


def test_states_sort_from_worst_to_best() -> None:
    ranks = [state.rank for state in State]
    assert ranks == sorted(ranks) and State.ABSENT.rank == 0
    assert max(State, key=lambda state: state.rank) is State.ENFORCING


def test_titles_read_well_within_a_sentence() -> None:
    assert words_of(BY_ID["seccomp-filter"]) == "seccomp filter"
    assert words_of(BY_ID["security-label"]) == "SELinux or AppArmor label"
    assert words_of(BY_ID["yama"]) == "Yama"
