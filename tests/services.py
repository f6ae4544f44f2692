"""Pytest plugin: one embedded PostgreSQL and one Redis for the whole test session, before Django reads its
settings.

Loaded with `-p tests.services` (see pyproject.toml). With DATABASE_URL and REDIS_URL in the environment the
tests use those servers. The session's data folder lies under the temporary folder and is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from posture.platform.embedded import Embedded

_session: dict[str, tuple[Embedded, Path]] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """A wrapper runs before every plain hook, so before pytest-django imports the settings, which read the
    URLs.
    """
    if "own" not in _session:
        _start()
    return (yield)


def _start() -> None:
    # A data folder given by the caller keeps everything below it, but never the data of an installation itself.
    given = os.environ.get("PLIMSOLL_VAR")
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
    var = Path(tempfile.mkdtemp(prefix="plimsoll-test-", dir=given or None))
    var.chmod(0o711)
    embedded = Embedded(
        var,
        die_with_parent=True,
        durable=False,
        database="DATABASE_URL" not in os.environ,
        broker="REDIS_URL" not in os.environ,
    )
    services = embedded.start()
    _session["own"] = (embedded, var)
    os.environ["PLIMSOLL_VAR"] = str(var)
    os.environ.setdefault("DATABASE_URL", services.database_url)
    os.environ.setdefault("REDIS_URL", services.redis_url)


def pytest_unconfigure() -> None:
    if (own := _session.pop("own", None)) is not None:
        embedded, var = own
        embedded.stop()
        shutil.rmtree(var, ignore_errors=True)
