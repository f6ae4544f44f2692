"""The health check that each container runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from posture.platform.health import WORKER_KEY
from tests.platform.instances import ROOT, free_port


def check(part: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "posture.platform.healthcheck", part],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_worker_is_well_while_its_sign_is_fresh() -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.set(WORKER_KEY, "1", ex=60)
        assert (check("worker").returncode, check("worker").stdout) == (0, "worker ok\n")
        client.delete(WORKER_KEY)
    assert (check("worker").returncode, check("worker").stdout) == (1, "worker failing\n")


def test_beat_is_well_while_it_writes_its_schedule(tmp_path: Path) -> None:
    assert check("beat", PLIMSOLL_VAR=str(tmp_path)).returncode == 1
    schedule = tmp_path / "beat-schedule"
    schedule.touch()
    assert check("beat", PLIMSOLL_VAR=str(tmp_path)).returncode == 0
    os.utime(schedule, (1_000_000_000, 1_000_000_000))
    assert check("beat", PLIMSOLL_VAR=str(tmp_path)).returncode == 1


def test_the_database_is_asked_and_a_failure_tells_no_password() -> None:
    assert check("database").returncode == 0
    gone = check("database", DATABASE_URL=f"postgresql://u:hush@127.0.0.1:{free_port()}/n")
    assert gone.returncode == 1
    assert gone.stdout == "database failing: OperationalError\n"
    assert "hush" not in gone.stdout + gone.stderr


def test_a_web_server_that_is_not_there_fails() -> None:
    assert check("web", PORT=str(free_port())).returncode == 1


@pytest.mark.parametrize("part", ["nonsense", ""])
def test_an_unknown_part_is_refused(part: str) -> None:
    result = check(part)
    assert result.returncode == 2
    assert "web|worker|beat|database" in result.stderr
