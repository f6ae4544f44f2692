"""States are certain: what could not be read is not measured, and no document makes an assessment fail."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.checks.check import EXAMPLE_POLICY
from scanners.checks.host_examples import probed, probed_container
from scanners.checks.registry import CATALOGUE
from scanners.defences.assess import on_container, on_host
from scanners.defences.mechanisms import CONTAINER, HOST, Mechanism
from scanners.defences.records import Defence, State
from scanners.host import HostContainerFacts, HostFacts
from scanners.records import Outcome
from tests.scanners.defences import documents

MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
GOOD = (State.ENFORCING, State.NOT_APPLICABLE)
BAD = (State.ABSENT, State.PERMISSIVE)


def states(row: tuple[Defence, ...]) -> dict[str, State]:
    return {defence.mechanism: defence.state for defence in row}


def container_of(facts: HostContainerFacts) -> dict[str, Any]:
    """A document whose only container is this one."""
    host = msgspec.to_builtins(facts.host)
    return {**host, "containers": {"0": msgspec.to_builtins(facts.container)}}


def container_at(document: dict[str, Any]) -> HostContainerFacts | None:
    """The container of `container_of`'s document, whose list is an object so that pointers can be followed."""
    listed = {**document, "containers": [document["containers"]["0"]]}
    host = documents.host_of(listed)
    if host is None or host.containers is None:
        return None
    return HostContainerFacts(container=host.containers[0], pointer="/containers/0", host=host)


def test_every_mechanism_can_stand() -> None:
    said = states(on_host(documents.RICH)) | states(on_container(probed_container()))
    assert {name: state for name, state in said.items() if state is not State.ENFORCING} == {}
    assert list(said) == [mechanism.id for mechanism in (*HOST, *CONTAINER)]


@pytest.mark.parametrize("facts", documents.example_hosts(), ids=lambda facts: "host")
def test_a_fact_of_a_host_that_could_not_be_read_leaves_a_state_or_makes_it_not_measured(
    facts: HostFacts,
) -> None:
    document = msgspec.to_builtins(facts)
    before = states(on_host(facts))
    for pointer in documents.leaves(document):
        changed = documents.host_of(documents.unread(document, pointer))
        for defence in on_host(changed) if changed else ():
            where = (pointer, defence, before[defence.mechanism])
            assert defence.state in (before[defence.mechanism], State.NOT_MEASURED), where
            if defence.state is not before[defence.mechanism]:
                assert any(documents.REASON in line for line in defence.evidence), where


@pytest.mark.parametrize("facts", documents.example_containers(), ids=lambda facts: "container")
def test_a_fact_of_a_container_that_could_not_be_read_leaves_a_state_or_makes_it_not_measured(
    facts: HostContainerFacts,
) -> None:
    document = container_of(facts)
    before = states(on_container(facts))
    for pointer in documents.leaves(document):
        changed = None
        if pointer not in ("/containers", "/containers/0"):
            changed = container_at(documents.unread(document, pointer))
        for defence in on_container(changed) if changed else ():
            where = (pointer, defence, before[defence.mechanism])
            assert defence.state in (before[defence.mechanism], State.NOT_MEASURED), where


def never_better(before: dict[str, State], after: dict[str, State]) -> None:
    for name, state in after.items():
        is_gap = state is State.NOT_MEASURED
        assert is_gap or state.rank <= before[name].rank, (name, before[name], state)


@MANY
@given(documents.HOSTS, st.data())
def test_no_document_of_a_host_fails_and_no_gap_makes_it_look_better(facts: HostFacts, data: Any) -> None:
    before = states(on_host(facts))
    document = msgspec.to_builtins(facts)
    pointer = data.draw(st.sampled_from(sorted(documents.leaves(document))))
    changed = documents.host_of(documents.unread(document, pointer))
    if changed is not None:
        never_better(before, states(on_host(changed)))


@MANY
@given(documents.CONTAINERS)
def test_no_document_of_a_container_fails(facts: HostContainerFacts) -> None:
    row = on_container(facts)
    assert [defence.mechanism for defence in row] == [mechanism.id for mechanism in CONTAINER]
    assert all(defence.evidence for defence in row)


@MANY
@given(documents.HOSTS)
def test_every_state_has_evidence_that_fits_on_a_line(facts: HostFacts) -> None:
    for defence in on_host(facts):
        assert defence.evidence, defence
        assert all(line and len(line) < 6000 for line in defence.evidence)


def test_nothing_stands_on_a_host_of_which_nothing_could_be_read() -> None:
    subjects = (
        "kernel",
        "security_modules",
        "confinement",
        "integrity",
        "sysctls",
        "runtimes",
        "docker",
        "audit",
        "sensors",
        "firewall",
    )
    nothing = probed(
        **dict.fromkeys(subjects), not_measured={f"/{name}": documents.REASON for name in subjects}
    )
    for defence in on_host(nothing):
        assert defence.state is State.NOT_MEASURED, defence
        assert any(documents.REASON in line for line in defence.evidence), defence


def test_a_probe_that_does_not_know_a_subject_is_no_answer() -> None:
    older = HostFacts(schema="plimsoll.probe/1")
    assert {defence.state for defence in on_host(older)} == {State.NOT_MEASURED}


# Where the matrix and the check do not ask the same: IMA must appraise and show its rules, links and addresses are parts of
# a longer list of settings, and the checks of audit and firewall look at log files and at listening ports as well.
ASKS_OTHERWISE = {"ima", "evm", "address-randomisation", "protected-files", "audit", "firewall"}
SAME = [mechanism for mechanism in HOST if mechanism.check and mechanism.id not in ASKS_OTHERWISE]


@pytest.mark.parametrize("mechanism", SAME, ids=lambda mechanism: mechanism.id)
def test_the_matrix_agrees_with_the_check_that_judges_the_same(mechanism: Mechanism) -> None:
    check = next(check for check in CATALOGUE if check.id == mechanism.check)
    others = {other.id for other in HOST if other.check == mechanism.check}
    for facts in documents.example_hosts():
        if check.subject is not HostFacts:
            continue
        row = states(on_host(facts))
        outcome = check.judge(facts, EXAMPLE_POLICY).outcome
        if outcome is Outcome.PASS:
            assert row[mechanism.id] in GOOD
        elif outcome is Outcome.FAIL:
            assert any(row[other] in BAD for other in others)
        else:
            assert row[mechanism.id].value == outcome.value
