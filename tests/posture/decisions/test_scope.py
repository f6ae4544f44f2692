"""What a decision is about, as properties over many scopes and subjects; and the machine of states."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from posture.decisions.scope import Place, Problem, Scope, Subject, is_about
from posture.decisions.subjects import repository_of
from posture.decisions.tripwires import Situation, Wires, tripped
from posture.findings.choices import OUTCOME_NUMBER, FindingState, Work
from posture.findings.states import ALLOWED, DECIDED, LIVE, state_of

NAMES = some.sampled_from(["", "shop/web", "shop/db", "registry.example:5000/shop/web"])
IDS = some.sampled_from([None, 1, 2, 3])
PLACES = some.lists(
    some.builds(
        Place,
        environment_id=some.sampled_from([1, 2]),
        labels=some.dictionaries(some.sampled_from(["team", "tier"]), some.sampled_from(["a", "b"])),
    ),
    max_size=3,
)
SUBJECTS = some.builds(
    Subject,
    asset_id=some.sampled_from([1, 2, 3]),
    references=some.frozensets(some.sampled_from(["shop/web:1", "shop/web:2", "shop/db:1"])),
    repositories=some.frozensets(some.sampled_from(["shop/web", "shop/db"])),
    digests=some.frozensets(some.sampled_from(["sha256:a", "sha256:b"]), max_size=1),
    places=PLACES.map(tuple),
)
SCOPES = some.builds(
    Scope,
    vulnerability_id=some.just(7),
    package=some.sampled_from(["", "libssl3", "zlib"]),
    repository=NAMES,
    tag=some.sampled_from(["", "1", "2"]),
    digest=some.sampled_from(["", "sha256:a"]),
    asset_id=IDS,
    environment_id=some.sampled_from([None, 1, 2]),
    labels=some.sampled_from([(), (("team", "a"),), (("team", "a"), ("tier", "b"))]),
)
PROBLEM = Problem(vulnerability_id=7, packages=frozenset({"libssl3"}), version="3.0.1")


@given(SCOPES, SUBJECTS)
def test_narrowing_never_widens(scope: Scope, subject: Subject) -> None:
    """Whatever a narrower scope is about, the same scope without that narrowing is about too."""
    if is_about(scope, PROBLEM, subject):
        for wider in (
            {"package": ""},
            {"repository": ""},
            {"tag": ""},
            {"digest": ""},
            {"asset_id": None},
            {"environment_id": None},
            {"labels": ()},
        ):
            assert is_about(msgspec.structs.replace(scope, **wider), PROBLEM, subject), wider


@given(SCOPES, SUBJECTS, some.integers(min_value=8))
def test_another_problem_is_never_meant(scope: Scope, subject: Subject, other: int) -> None:
    assert not is_about(scope, msgspec.structs.replace(PROBLEM, vulnerability_id=other), subject)


@given(SCOPES, SUBJECTS)
def test_an_asset_that_lies_elsewhere_too_is_not_meant(scope: Scope, subject: Subject) -> None:
    """What is decided for one environment hides nothing that another one has."""
    if scope.environment_id is None:
        return
    elsewhere = Place(environment_id=99, labels={"team": "a", "tier": "b"})
    assert not is_about(scope, PROBLEM, msgspec.structs.replace(subject, places=(*subject.places, elsewhere)))


@given(SCOPES, SUBJECTS)
def test_a_rebuild_under_another_tag_is_still_meant(scope: Scope, subject: Subject) -> None:
    """As long as neither tag nor digest narrows it, tags, digest and row do not matter, only the repository."""
    if scope.tag or scope.digest or scope.asset_id is not None:
        return
    rebuilt = msgspec.structs.replace(
        subject,
        asset_id=subject.asset_id + 100,
        references=frozenset({"shop/web:next"}),
        digests=frozenset({"sha256:new"}),
    )
    assert is_about(scope, PROBLEM, rebuilt) == is_about(scope, PROBLEM, subject)


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("shop/web:1.0", "shop/web"),
        ("registry.example:5000/shop/web:1.0", "registry.example:5000/shop/web"),
        ("registry.example:5000/shop/web", "registry.example:5000/shop/web"),
        ("shop/web@sha256:abc", "shop/web"),
        ("web", "web"),
    ],
)
def test_a_port_is_no_tag(reference: str, repository: str) -> None:
    assert repository_of(reference) == repository


def test_a_scope_without_a_problem_is_about_nothing() -> None:
    assert not is_about(
        Scope(repository="shop/web"), Problem(), Subject(asset_id=1, repositories=frozenset({"shop/web"}))
    )


@given(
    some.booleans(),
    some.none() | some.sampled_from(sorted(OUTCOME_NUMBER.values())),
    some.none() | some.sampled_from([w.value for w in Work]),
    some.integers(min_value=1, max_value=5),
)
def test_every_finding_is_in_one_state(
    closed: bool, decided: int | None, work: int | None, times: int
) -> None:
    state = state_of(is_closed=closed, decided=decided, work=work, times_opened=times)
    assert (state is FindingState.RESOLVED) == closed
    if not closed:
        assert (state in DECIDED) == (decided is not None)
        assert (state in LIVE) == (decided is None)


def test_no_person_resolves_and_nothing_is_done_to_what_is_resolved_or_decided() -> None:
    for verb, states in ALLOWED.items():
        assert states <= set(LIVE), verb
        assert FindingState.AWAITING_APPROVAL not in states


WIRES = some.builds(
    Wires,
    on_exploited=some.booleans(),
    on_epss=some.none() | some.floats(0, 1),
    on_exposed=some.booleans(),
    on_control=some.sampled_from(["", "seccomp"]),
    on_version=some.booleans(),
    versions=some.just(frozenset({"1"})),
)


@given(WIRES)
def test_nothing_trips_while_all_stands_as_it_did(wires: Wires) -> None:
    still = Situation(name="web", epss=None, controls=frozenset({"seccomp"}), version="1")
    assert tripped(wires, still) == ""


@given(WIRES)
def test_what_is_not_measured_trips_nothing(wires: Wires) -> None:
    assert tripped(wires, Situation(name="web")) == ""


@pytest.mark.parametrize(
    ("wires", "now", "why"),
    [
        (Wires(on_exploited=True), Situation(name="web", is_exploited=True), "CISA KEV"),
        (Wires(on_epss=0.5), Situation(name="web", epss=0.5), "EPSS reached 50.0%"),
        (Wires(on_exposed=True), Situation(name="web", is_exposed=True), "web can now be reached"),
        (Wires(on_control="seccomp"), Situation(name="web", controls=frozenset()), "seccomp is no longer"),
        (
            Wires(on_version=True, versions=frozenset({"1"})),
            Situation(name="web", version="2"),
            "is now 2; it was decided of 1",
        ),
    ],
)
def test_each_wire_trips_on_its_own_and_says_why(wires: Wires, now: Situation, why: str) -> None:
    assert why in tripped(wires, now)
    assert tripped(Wires(versions=frozenset({"1"})), now) == ""


def test_what_was_so_when_it_was_decided_does_not_trip() -> None:
    wires = Wires(on_exploited=True, was_exploited=True, on_exposed=True, was_exposed=True)
    assert tripped(wires, Situation(name="web", is_exploited=True, is_exposed=True)) == ""
