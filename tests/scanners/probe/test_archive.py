"""The probe as it travels: one reproducible file and one text for `python3 -`, for every Python from 3.6 on."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scanners import probe_archive
from scanners.probe import SCHEMA, VERSION

OLDEST = (3, 6)
MODULES = sorted(probe_archive.PACKAGE.rglob("*.py"))


def pythons() -> list[str]:
    """Every Python of this machine that the probe must run on, the running one first."""
    found = [sys.executable, *(shutil.which(f"python3.{minor}") or "" for minor in range(6, 16))]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [str(path) for path in sorted(versions.glob("3.*/bin/python3"))]
    return [path for path in dict.fromkeys(found) if path and _starts(path)]


def _starts(python: str) -> bool:
    """A version manager may put a name on the path for a version that is not chosen."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "plimsoll-probe.pyz"
    assert probe_archive.main([str(path)]) == 0
    return path


def document(command: list[str], text: bytes | None = None) -> dict[str, object]:
    ran = subprocess.run(command, input=text, capture_output=True, timeout=60, check=False, cwd="/")
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stderr == b""
    return dict(json.loads(ran.stdout))


@pytest.mark.parametrize("python", pythons(), ids=lambda path: path.replace("/", "_"))
def test_it_runs_alone_on_this_python(python: str, archive: Path) -> None:
    found = document([python, "-I", "-S", "-W", "error", str(archive), "--nonce", "n-1"])
    assert (found["schema"], found["probe_version"], found["nonce"]) == (SCHEMA, VERSION, "n-1")


@pytest.mark.parametrize("python", pythons(), ids=lambda path: path.replace("/", "_"))
def test_piped_into_this_python_it_leaves_no_file(python: str, tmp_path: Path) -> None:
    program = probe_archive.bootstrap(["--nonce", "it's {n}", "--root", str(tmp_path)])
    assert document([python, "-I", "-S", "-"], program)["nonce"] == "it's {n}"
    assert list(tmp_path.iterdir()) == []


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert probe_archive.build() == archive.read_bytes() == probe_archive.build()
    assert os.access(archive, os.X_OK)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(probe_archive.PACKAGE)))
def test_its_syntax_is_that_of_the_oldest_python(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=OLDEST)


def test_a_wrong_call_says_how_to_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe_archive.main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_nothing_in_it_is_newer_than_the_oldest_python() -> None:
    ran = subprocess.run(
        [
            str(Path(sys.executable).with_name("vermin")),
            "--target=3.6-",
            "--violations",
            "--eval-annotations",
            *map(str, MODULES),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
