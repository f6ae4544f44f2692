"""Messages that wait: each is sent, tried again, or given up in the open; a crash loses none."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.integrations import outbox
from posture.integrations.choices import Cause, MessageState
from posture.integrations.models import Message
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _mail(mail_server: Any) -> None:
    """There is a mail server."""


def put(to: User, subject: str = "1 finding is overdue", at: datetime = NOW) -> Message:
    return outbox.put(cause=Cause.REMINDER, subject=subject, text="…", data={}, at=at, person=to)


def test_it_waits_is_claimed_once_and_is_claimed_again_when_its_worker_died(ada: User) -> None:
    message = put(ada)
    assert outbox.claim(NOW - timedelta(seconds=1), 10) == []
    assert outbox.claim(NOW, 10) == [message]
    assert outbox.claim(NOW + timedelta(minutes=4), 10) == []
    assert outbox.claim(NOW + timedelta(minutes=6), 10) == [message]
    outbox.sent(message, NOW)
    message.refresh_from_db()
    assert (message.state, message.attempts, message.sent_at) == (MessageState.SENT, 1, NOW)
    assert outbox.claim(NOW + timedelta(days=1), 10) == []


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_never_hold_the_same(ada: User) -> None:
    messages = [put(ada) for _ in range(40)]
    together, claimed = threading.Barrier(4), []

    def work() -> None:
        together.wait()
        try:
            while held := outbox.claim(NOW, 3):
                claimed.extend(held)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message.pk for message in claimed) == [message.pk for message in messages]


def test_it_is_tried_for_about_a_day_ever_more_rarely_and_then_says_why(ada: User) -> None:
    message, at, waits = put(ada), NOW, []
    while True:
        (held,) = outbox.claim(at, 10)
        outbox.failed(held, "The mail server does not answer.", at)
        message.refresh_from_db()
        if message.next_at is None:
            break
        waits.append((message.next_at - at).total_seconds())
        at = message.next_at
    assert len(waits) == len(outbox.DELAYS)
    assert waits == sorted(waits)
    assert timedelta(hours=20) < at - NOW < timedelta(hours=30)
    assert (message.state, message.error) == (MessageState.FAILED, "The mail server does not answer.")
    assert message.attempts == len(waits) + 1


def test_what_nobody_can_receive_fails_at_once_and_is_shown(ada: User, settings: Any) -> None:
    grace = person("grace", Role.ANALYST)
    assert put(grace).state == MessageState.FAILED
    rows = send(signed_in(ada), "GET", "/messages").json()["results"]
    assert [(row["to"], row["state"], row["error"]) for row in rows] == [
        ("grace", "failed", "grace has no e-mail address.")
    ]
    settings.MAIL_SERVER = None
    assert put(ada).state == MessageState.SHOWN


def test_old_messages_go_but_not_what_still_waits(ada: User) -> None:
    sent, waiting, young = put(ada), put(ada), put(ada, at=NOW + timedelta(days=20))
    outbox.sent(sent, NOW)
    outbox.sent(young, NOW)
    assert outbox.forget_old(NOW + timedelta(days=31)) == 1
    assert set(Message.objects.all()) == {waiting, young}


class TestApi:
    def test_people_read_what_was_told_to_them_and_managers_all(self, ada: User) -> None:
        grace = person("grace", Role.ANALYST, email="grace@example.org")
        put(ada, "for ada")
        put(grace, "for grace")

        def seen(user: User) -> set[str]:
            rows = send(signed_in(user), "GET", "/messages").json()["results"]
            return {row["subject"] for row in rows}

        assert seen(grace) == {"for grace"}
        assert seen(ada) == seen(person("audit", Role.AUDITOR)) == {"for ada", "for grace"}
        other = Message.objects.get(subject="for ada")
        assert send(signed_in(grace), "GET", f"/messages/{other.pk}").status_code == 404
        own = Message.objects.get(subject="for grace")
        assert send(signed_in(grace), "GET", f"/messages/{own.pk}").json()["text"] == "…"

    def test_a_failed_message_is_sent_again_by_who_manages_them(self, ada: User) -> None:
        message = put(ada)
        outbox.failed(message, "…", NOW, for_good=True)
        analyst = signed_in(person("grace", Role.ANALYST))
        assert send(analyst, "POST", f"/messages/{message.pk}/retry").status_code == 403
        answer = send(signed_in(ada), "POST", f"/messages/{message.pk}/retry")
        assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
        outbox.sent(message, NOW)
        assert send(signed_in(ada), "POST", f"/messages/{message.pk}/retry").status_code == 409

    def test_a_test_goes_to_who_asks_and_says_what_is_missing(self, ada: User, settings: Any) -> None:
        assert send(signed_in(ada), "POST", "/messages/test").status_code == 202
        assert Message.objects.get().person == ada
        answer = send(signed_in(person("grace", Role.VIEWER)), "POST", "/messages/test")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_address")
        settings.MAIL_SERVER = None
        answer = send(signed_in(ada), "POST", "/messages/test")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_mail_server")

    def test_how_telling_stands(self, ada: User, settings: Any) -> None:
        put(ada)
        person("grace", Role.VIEWER)
        told = send(signed_in(ada), "GET", "/notifications").json()
        assert (told["waiting"], told["failed"], told["people_without_address"]) == (1, 0, 1)
        assert told["mail_server"] == {
            "host": "127.0.0.1",
            "sender": "Plimsoll <plimsoll@example.org>",
            "is_encrypted": True,
        }
        settings.MAIL_SERVER = None
        told = send(signed_in(User.objects.get(username="grace")), "GET", "/notifications").json()
        assert (told["mail_server"], told["waiting"], told["people_without_address"]) == (None, 0, None)
