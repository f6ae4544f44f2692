"""Programs of the host: bounded in time and output, ended with all that they started, and never one that others may change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from posture.platform.processes import wait_until
from scanners.probe import commands
from scanners.probe.reading import Reader


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir(mode=0o755)
    monkeypatch.setattr(commands, "FOLDERS", (str(folder),))
    return folder


def write(folder: Path, name: str, script: str, mode: int = 0o755) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(mode)


def test_a_program_is_run_without_our_environment(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD_OF_OURS", "x")
    write(programs, "tell", 'echo "$1 $LD_PRELOAD_OF_OURS. $(pwd)"')
    reader = Reader()
    assert commands.run(reader, ("tell", "--version")) == "--version . /\n"
    assert commands.run(reader, ("none",)) is None and reader.skipped == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "failed with status 3"),
        ("yes", "said too much"),
        ("exec sleep 60", "took too long"),
        ("sleep 60 & sleep 60", "took too long"),
        ("exec >&-; exec sleep 60", "took too long"),
    ],
)
def test_what_it_cannot_say_in_time_is_skipped(script: str, reason: str, programs: Path) -> None:
    write(programs, "tell", script)
    reader = Reader()
    assert commands.run(reader, ("tell",), limit=1000, seconds=0.5) is None
    assert reader.skipped == [{"where": "command tell", "reason": reason}]


def test_what_a_program_leaves_behind_is_ended_with_it(programs: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    write(programs, "tell", f"sleep 60 >/dev/null & echo $! > {note}; echo done")
    assert commands.run(Reader(), ("tell",)) == "done\n"
    state = Path(f"/proc/{note.read_text().strip()}/stat")

    def ended() -> bool:
        try:
            return state.read_text().rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    assert wait_until(ended, 5)


@pytest.mark.parametrize("mode", [0o757, 0o775])
def test_a_program_that_others_may_change_is_not_run(mode: int, programs: Path, tmp_path: Path) -> None:
    write(programs, "tell", f"touch {tmp_path}/ran", mode)
    reader = Reader()
    assert commands.run(reader, ("tell",)) is None
    assert reader.skipped == [{"where": f"{programs}/tell", "reason": "not run: others may change it"}]
    write(programs, "tell", f"touch {tmp_path}/ran")
    programs.chmod(0o777)
    assert commands.run(Reader(), ("tell",)) is None
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_program_of_somebody_else_is_not_run(programs: Path) -> None:
    write(programs, "tell", "echo ran")
    os.chown(programs / "tell", 65534, 65534)
    assert commands.run(Reader(), ("tell",)) is None


def test_below_another_root_nothing_is_run(programs: Path, tmp_path: Path) -> None:
    write(programs, "tell", "echo ran")
    assert commands.run(Reader(str(tmp_path)), ("tell",)) is None
