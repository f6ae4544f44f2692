"""A clock for tests that live through days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from posture.vulnerabilities import ingest

BEGIN = datetime(2026, 8, 1, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


class Clock:
    """What the writers take for now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = BEGIN
        monkeypatch.setattr(timezone, "now", lambda: self.moment)

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)
