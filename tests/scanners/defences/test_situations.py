"""What stands on hosts in real-world situations, from their files to the matrix."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from scanners.defences.assess import on_container, on_host
from scanners.defences.mechanisms import CONTAINER, HOST
from scanners.defences.records import State
from scanners.host import HostContainerFacts, HostFacts
from scanners.probe.collect import document
from tests.scanners.probe import roots


@pytest.mark.parametrize("situation", roots.SITUATIONS, ids=lambda path: path.stem)
def test_the_matrix_has_the_expected_row(situation: Path, tmp_path: Path) -> None:
    host = roots.described(situation)
    facts = msgspec.convert(roots.read(roots.make(tmp_path, host["files"])), HostFacts)
    row = {defence.mechanism: defence.state.value for defence in on_host(facts)}
    assert row == host["defences"]


def test_the_situations_show_every_state() -> None:
    said = {state for path in roots.SITUATIONS for state in roots.described(path)["defences"].values()}
    assert said == set(State)


def test_the_host_of_these_tests_has_a_row() -> None:
    facts = msgspec.convert(document(), HostFacts)
    assert [defence.mechanism for defence in on_host(facts)] == [mechanism.id for mechanism in HOST]
    for number, container in enumerate(facts.containers or ()):
        row = on_container(
            HostContainerFacts(container=container, pointer=f"/containers/{number}", host=facts)
        )
        assert [defence.mechanism for defence in row] == [mechanism.id for mechanism in CONTAINER]
