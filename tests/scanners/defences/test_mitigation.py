"""A defence in force lightens a finding by one stated rule, and never one that reports its own absence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.checks.registry import BY_ID as CHECKS
from scanners.defences.mechanisms import BY_ID, CONTAINER, HOST
from scanners.defences.mitigation import FLOOR, RULES, Rule, mitigated
from scanners.defences.records import State
from scanners.defences.weaknesses import UNBLUNTED, WEAKNESSES, weaknesses_of
from scanners.records import AssetKind

ALL_STAND = dict.fromkeys(BY_ID, State.ENFORCING)
STATES = st.dictionaries(st.sampled_from(sorted(BY_ID)), st.sampled_from(State))
IDS = st.sampled_from(sorted({*CHECKS, *WEAKNESSES}))


def factor(check_id: str, states: dict[str, State]) -> float:
    said = mitigated(check_id, states)
    return said[2] if said else 1.0


def enforcing(*mechanisms: str) -> dict[str, State]:
    return dict.fromkeys(mechanisms, State.ENFORCING)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.mechanism} {rule.weakness}")
def test_a_rule_is_modest_and_reasoned(rule: Rule) -> None:
    assert FLOOR <= rule.factor < 1
    assert rule.weakness in BY_ID[rule.mechanism].blunts
    assert rule.reason.endswith(".") and 20 <= len(rule.reason) <= 160


def test_one_rule_per_mechanism_and_class() -> None:
    pairs = [(rule.mechanism, rule.weakness) for rule in RULES]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.mechanism} {rule.weakness}")
def test_no_rule_is_idle(rule: Rule) -> None:
    # Some other way of the finding may have to be blunted as well, so all else stands, but not in the rule's own place.
    blunting = {other.mechanism for other in RULES if other.weakness is rule.weakness} - {rule.mechanism}
    decided = []
    for check_id in WEAKNESSES:
        if rule.weakness in weaknesses_of(check_id):
            others = {name: State.ENFORCING for name in BY_ID if name not in blunting}
            said = mitigated(check_id, others)
            decided += [said] if said and said[2] == rule.factor else []
    assert decided


def test_it_says_the_rule_in_words() -> None:
    said = mitigated("docker.container.capabilities-restricted", enforcing("seccomp-filter"))
    assert said == ("mitigation", "seccomp filter in force", 0.75)


def test_of_several_rules_the_strongest_counts_alone() -> None:
    both = enforcing("seccomp-filter", "unprivileged-user-namespaces", "address-leaks")
    assert factor("docker.container.capabilities-restricted", both) == 0.75


def test_of_several_ways_the_least_blunted_decides() -> None:
    check_id = "docker.container.masked-paths-kept"  # opens an escape and a leak
    assert factor(check_id, enforcing("user-namespace")) == 1.0
    assert factor(check_id, enforcing("user-namespace", "address-leaks")) == 0.9


@pytest.mark.parametrize("mechanism", BY_ID.values(), ids=lambda mechanism: mechanism.id)
def test_no_mechanism_lightens_the_finding_that_it_is_missing(mechanism) -> None:
    alike = {mechanism.id, mechanism.in_container}
    alike |= {other.id for other in HOST if other.in_container == mechanism.id}
    for check_id in mechanism.reporting:
        assert mitigated(check_id, enforcing(*alike - {""})) is None, check_id


def test_a_door_of_the_kernel_is_lightened_by_nothing() -> None:
    for check_id in ("kernel.unprivileged-bpf-disabled", "kernel.lockdown", "kernel.yama-ptrace"):
        assert weaknesses_of(check_id) and mitigated(check_id, ALL_STAND) is None


def test_what_a_host_offers_says_nothing_of_a_container() -> None:
    offered = enforcing("mandatory-access-control", "user-namespace-remapping")
    assert factor("runtime.runc-current", offered) == 0.85
    assert factor("docker.container.user-non-root", offered) == 1.0
    assert factor("docker.container.user-non-root", enforcing("user-namespace")) == 0.75


def test_what_confines_one_container_says_nothing_of_its_host() -> None:
    confined = {mechanism.id: State.ENFORCING for mechanism in CONTAINER}
    for check in CHECKS.values():
        if check.asset_kind is AssetKind.HOST:
            assert mitigated(check.id, confined) is None


@pytest.mark.parametrize("check_id", sorted(UNBLUNTED))
def test_what_nothing_blunts_stays_as_heavy_as_it_is(check_id: str) -> None:
    assert mitigated(check_id, ALL_STAND) is None


@given(IDS, STATES)
def test_a_factor_lies_between_the_floor_and_one(check_id: str, states: dict[str, State]) -> None:
    said = mitigated(check_id, states)
    assert said is None or (said[0] == "mitigation" and FLOOR <= said[2] < 1 and said[1].endswith("in force"))


@given(IDS, STATES, st.sampled_from(sorted(BY_ID)))
def test_one_more_defence_in_force_never_makes_a_finding_heavier(
    check_id: str, states: dict[str, State], more: str
) -> None:
    assert factor(check_id, {**states, more: State.ENFORCING}) <= factor(check_id, states)


@given(IDS, STATES, st.sampled_from(sorted(BY_ID)), st.sampled_from(sorted(set(State) - {State.ENFORCING})))
def test_everything_short_of_enforcing_counts_as_absent(
    check_id: str, states: dict[str, State], name: str, state: State
) -> None:
    without = {mechanism: said for mechanism, said in states.items() if mechanism != name}
    assert mitigated(check_id, {**without, name: state}) == mitigated(check_id, without)
