"""What every test may use."""

from __future__ import annotations

import pytest
from django.db import connection

pytest_plugins = ["tests.engines"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Transactional tests empty all tables afterwards, which the audit trail refuses; in tests it may be emptied."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE history_entry DISABLE TRIGGER history_keeps_table")
        connection.close()
