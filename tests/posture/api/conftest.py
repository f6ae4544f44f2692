"""A fleet and the people who look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.accounts.models import Team, User
from posture.accounts.teams import save_team
from posture.accounts.view_actions import save_view
from posture.collection import uploads
from posture.collection.choices import UploadSource
from posture.decisions.actions import make
from posture.decisions.models import Change, OwnerRule
from posture.fleet.models import Environment
from posture.gate.actions import keep, set_policy
from posture.gate.decide import Facts, Rules
from posture.integrations import outbox
from posture.integrations.actions import create_webhook, save_digest, send_test
from posture.integrations.choices import Cause
from posture.integrations.models import Digest
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
    """An administrator with a token and views, so that there are people, tokens, views and a history to list."""
    user = person()
    program(user)
    save_view(page="findings", name="Worst first", query="severity=critical&ordering=-points", by=user)
    save_view(page="hosts", name="Above the line", query="above_line=true", is_shared=True, by=user)
    for name in ("alpha.json", "beta.json"):
        uploads.accept([b"{}"], name=name, source=UploadSource.UPLOAD, by=user)
    for name in ("production", "staging"):
        answer(Environment.objects.filter(slug=name).first(), user)
    work(user, "Platform", "Web")
    tell(user, "chat", "pager")
    return signed_in(user)


def tell(user: User, *names: str) -> None:
    """Webhooks, a digest to each and to the person, and a message to each."""
    now = timezone.now()
    save_digest(digest=Digest(owner=user), by=user, at=now)
    outbox.put(cause=Cause.TEST, subject="To a person", text="…", data={}, at=now, person=user)
    for name in names:
        webhook, _ = create_webhook(name=name, url=f"https://example.org/{name}", by=user)
        save_digest(digest=Digest(owner=user), webhook=webhook, by=user, at=now)
        send_test(by=user, at=now, webhook=webhook)


def work(user: User, *teams: str) -> None:
    """Teams with their rules, and a decision that hides nothing and a change, in each environment and in none."""
    for name in teams:
        save_team(team=Team(), name=name, members=[user], by=user)
    places = [*Environment.objects.order_by("slug"), None]
    for place in places:
        OwnerRule.objects.create(
            environment=place, repository="shop/none", team=Team.objects.order_by("name").first()
        )
        Change.objects.create(
            verb="comment", details={"text": "Looking."}, at=timezone.now(), by=user, findings_total=1
        )
        make(
            by=None,
            outcome="false_positive",
            reason="test_data",
            finding_kind="secret",
            finding_key="none",
            environment=place,
        )


def answer(environment: Environment | None, user: User) -> None:
    """A policy of the gate, and what it answered by it."""
    set_policy(environment=environment, by=user, refuse_severity=3)
    name = "alpha" if environment is None else environment.slug
    keep(
        environment=environment,
        image_id=None,
        facts=Facts(name=name),
        rules=Rules(),
        reasons=(),
        by=user,
        at=timezone.now(),
    )


@pytest.fixture
def stager(fleet: Fleet, db: None) -> Client:
    """A viewer who may see staging only."""
    user = person("sam", Role.VIEWER)
    user.environments.set([fleet.staging])
    uploads.accept([b"{}"], name="gamma.json", source=UploadSource.UPLOAD, by=user)
    for name in (fleet.production, fleet.staging):
        answer(name, user)
    work(user, "Staging")
    return signed_in(user)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Nobody signs in here by password, and hundreds of people are made."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
