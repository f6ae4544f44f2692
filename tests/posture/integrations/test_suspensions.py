"""A decision that is suspended tells its author, whatever suspended it, and once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from posture.accounts.models import User
from posture.decisions import actions as decisions
from posture.decisions.choices import DecisionState
from posture.decisions.models import Decision
from posture.fleet.models import Asset
from posture.integrations import suspensions
from posture.integrations.choices import Cause, MessageState
from posture.integrations.models import Message, Webhook
from posture.integrations.webhooks import Target, new_key, seal
from tests.posture.collection.pulls import environment
from tests.posture.decisions.test_decisions import decide, exploit
from tests.posture.people import person

pytestmark = pytest.mark.django_db


def hook(name: str, **fields: Any) -> Webhook:
    sealed = seal(Target(url="https://example.org/x", key=new_key()))
    told = {"sealed": sealed, "origin": "https://example.org", "causes": ["suspension"]}
    return Webhook.objects.create(name=name, **{**told, **fields})


def test_its_author_is_told_why_and_where_to_look(web: Asset, ada: User, tmp_path: Path) -> None:
    grace = person("grace", email="grace@example.org")
    decide(ada)
    decide(grace, number=2)
    assert suspensions.tell(timezone.now()) == 0
    exploit(tmp_path)
    assert suspensions.tell(timezone.now()) == 1
    (message,) = Message.objects.all()
    assert (message.person, message.cause, message.state) == (ada, Cause.SUSPENSION, MessageState.SHOWN)
    assert message.subject == "1 of your decisions was suspended"
    assert "False positive: CVE-2026-1001" in message.text
    assert Decision.objects.get(state=DecisionState.SUSPENDED).ended_because in message.text
    assert "/decisions?state=suspended" in message.text
    assert suspensions.tell(timezone.now()) == 0


def test_many_at_once_are_one_message(web: Asset, ada: User, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        decide(ada, number=number)
    at = timezone.now()
    Decision.objects.update(state=DecisionState.SUSPENDED, suspended_at=at, ended_because="It is exposed.")
    suspensions.tell(at)
    (message,) = Message.objects.all()
    assert message.subject == "3 of your decisions were suspended"
    assert message.text.count("It is exposed.") == 3
    assert message.data["total"] == 3


def test_suspended_again_is_told_again(web: Asset, ada: User) -> None:
    at = timezone.now()
    decide(ada)
    for when in (at, at + timedelta(days=1)):
        Decision.objects.update(state=DecisionState.SUSPENDED, suspended_at=when, ended_because="…")
        suspensions.tell(when)
    assert Message.objects.count() == 2


def test_what_was_suspended_long_ago_is_no_news(web: Asset, ada: User) -> None:
    decide(ada)
    at = timezone.now()
    Decision.objects.update(
        state=DecisionState.SUSPENDED, suspended_at=at - timedelta(days=8), ended_because="…"
    )
    assert (suspensions.tell(at), suspensions.tell(at)) == (0, 0)
    assert not Message.objects.exists()


def test_webhooks_are_told_of_what_may_hide_something_of_theirs(
    web: Asset, ada: User, tmp_path: Path
) -> None:
    production, staging = environment("production"), environment("staging")
    for name, fields in {
        "fleet": {},
        "production": {"environment": production},
        "staging": {"environment": staging},
        "reminders": {"causes": ["reminder"]},
        "off": {"is_enabled": False},
    }.items():
        hook(name, **fields)
    decide(ada, environment=production)
    exploit(tmp_path)
    suspensions.tell(timezone.now())
    told = Message.objects.filter(webhook__isnull=False).order_by("webhook__name")
    assert [message.webhook.name for message in told if message.webhook] == ["fleet", "production"]
    assert told[0].data["decisions"][0]["about"] == "CVE-2026-1001"
    assert told[0].data["decisions"][0]["environment"] == "Production"


def test_a_decision_whose_author_left_tells_no_person(web: Asset, ada: User, tmp_path: Path) -> None:
    decide(person("grace", email="grace@example.org"))
    User.objects.filter(username="grace").update(is_active=False)
    exploit(tmp_path)
    assert suspensions.tell(timezone.now()) == 1
    assert not Message.objects.exists()


def test_a_decision_that_ended_by_time_is_no_suspension(web: Asset, ada: User) -> None:
    decision = decide(ada, expires_at=timezone.now() + timedelta(minutes=1))
    decisions.end_due(timezone.now() + timedelta(minutes=2))
    decision.refresh_from_db()
    assert decision.state != DecisionState.SUSPENDED
    assert suspensions.tell(timezone.now()) == 0
