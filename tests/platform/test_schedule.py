"""Beat starts whatever state its file was left in: a beat that does not start is a fleet that is not pulled."""

from __future__ import annotations

import dbm.dumb
import shelve
from collections.abc import MutableMapping
from pathlib import Path
from typing import cast

import pytest
from celery import Celery
from django.conf import settings

from posture.platform.schedule import DurableScheduler


@pytest.fixture
def app() -> Celery:
    app = Celery("schedule", set_as_current=False)
    app.conf.beat_schedule = {"pull": {"task": "pull", "schedule": 30.0}}
    return app


def scheduled(app: Celery, file: Path) -> list[str]:
    """The tasks that a scheduler over `file` knows after its start and a write."""
    scheduler = DurableScheduler(app=app, schedule_filename=str(file), lazy=True)
    scheduler.setup_schedule()
    names = sorted(scheduler.schedule)
    scheduler.close()
    return names


def test_beat_uses_it() -> None:
    assert f"{DurableScheduler.__module__}:{DurableScheduler.__name__}" == settings.CELERY_BEAT_SCHEDULER


def test_a_schedule_that_was_written_is_read_again(app: Celery, tmp_path: Path) -> None:
    file = tmp_path / "beat-schedule"
    first = scheduled(app, file)
    assert "pull" in first
    with shelve.open(str(file)) as stored:
        entries = stored["entries"]
        entries["pull"].total_run_count = 7
        stored["entries"] = entries
    assert scheduled(app, file) == first
    with shelve.open(str(file)) as stored:
        assert stored["entries"]["pull"].total_run_count == 7


@pytest.mark.parametrize("left", [0, 10])
def test_a_file_that_ends_early_is_replaced(
    app: Celery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """The index tells of entries that the data no longer holds, as after a power cut."""
    monkeypatch.setattr(DurableScheduler, "persistence", _Dumb)
    file = tmp_path / "beat-schedule"
    first = scheduled(app, file)
    data = file.with_name("beat-schedule.dat")
    data.write_bytes(data.read_bytes()[:left])
    assert scheduled(app, file) == first
    assert data.stat().st_size > left


class _Dumb:
    """`shelve` over the storage of a Python without gdbm or SQLite: two files that can disagree."""

    @staticmethod
    def open(name: str, writeback: bool) -> shelve.Shelf:
        return shelve.Shelf(
            cast("MutableMapping[bytes, bytes]", dbm.dumb.open(name, "c")), writeback=writeback
        )
