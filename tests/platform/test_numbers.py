"""Numbers from the environment: a wrong one is named, and nothing starts with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from posture.platform import numbers
from tests.platform.instances import ROOT


def test_every_default_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (default, _) in numbers.NUMBERS.items():
        monkeypatch.delenv(name, raising=False)
        assert numbers.real(name) == default
    numbers.check()


@pytest.mark.parametrize("text", ["abc", "0", "-1", "1.5", "9" * 5000, "nan", "½"])
def test_what_is_no_count_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIMSOLL_KEEP_PULLS_DAYS", text)
    with pytest.raises(numbers.NumberError, match="PLIMSOLL_KEEP_PULLS_DAYS is .* a whole number from 1 to"):
        numbers.check()


@pytest.mark.parametrize("text", ["soon", "0.01", "inf", "nan"])
def test_what_is_no_length_of_time_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIMSOLL_TICK_SECONDS", text)
    with pytest.raises(numbers.NumberError, match="PLIMSOLL_TICK_SECONDS"):
        numbers.check()


@pytest.mark.parametrize("command", [("-m", "posture.platform.supervisor"), ("manage.py", "node", "list")])
def test_commands_say_what_is_wrong_without_a_trace(command: tuple[str, ...], tmp_path: Path) -> None:
    environment = os.environ | {"PLIMSOLL_MAX_QUEUED": "many", "PLIMSOLL_VAR": str(tmp_path / "var")}
    ran = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert "PLIMSOLL_MAX_QUEUED is 'many': it must be a whole number from 1 to 1000000000." in said
    assert "Traceback" not in said
