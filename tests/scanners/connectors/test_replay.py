"""The replayed engines of the benchmarks answer as a real engine does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scanners.connectors.pulling import pull


@pytest.fixture
def replayed(tmp_path: Path) -> Iterator[Path]:
    arguments = ["--engines", "3", "--containers", "12", "--changed", "2", "--dir", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.replay", *arguments],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield tmp_path
        process.terminate()


def test_every_engine_and_container_is_its_own(replayed: Path):
    pulls = [pull(f"unix://{replayed}/engine-{number:04}.sock") for number in (1, 2, 3)]
    assert len({pulled.engine.engine_id for pulled in pulls}) == 3
    containers = {facts.id for pulled in pulls for facts in pulled.containers.values()}
    assert len(containers) == 36
    assert [pulled.skipped for pulled in pulls] == [[], [], []]
    assert pulls[0].images == pulls[1].images


def test_as_many_containers_change_as_were_asked_for(replayed: Path):
    before, after = (pull(f"unix://{replayed}/engine-0001.sock").fingerprints for _ in range(2))
    assert sum(before[key] != after[key] for key in before) == 2
