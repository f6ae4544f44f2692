"""What every test of the server shares."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Tests that commit are cleaned up with TRUNCATE, which the history refuses: switched off in the test database.

    `tests/posture/history` switches it on again to prove that it refuses.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE history_entry DISABLE TRIGGER history_keeps_table")
