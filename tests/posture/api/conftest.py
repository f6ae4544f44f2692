"""A fleet and the people who look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from posture.accounts.choices import Role
from tests.posture.api.fleet import Fleet, launch
from tests.posture.people import person, program, signed_in


@pytest.fixture(scope="module")
def fleet(django_db_setup: None, django_db_blocker: Any) -> Iterator[Fleet]:
    """One committed fleet a module: its tests read, and what they write is rolled back."""
    with django_db_blocker.unblock():
        launched = launch()
        connection.close()
    yield launched
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


@pytest.fixture
def admin(db: None) -> Client:
    """An administrator with a token, so that there are people, tokens and a history to list."""
    user = person()
    program(user)
    return signed_in(user)


@pytest.fixture
def stager(fleet: Fleet, db: None) -> Client:
    """A viewer who may see staging only."""
    user = person("sam", Role.VIEWER)
    user.environments.set([fleet.staging])
    return signed_in(user)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Nobody signs in here by password, and hundreds of people are made."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
