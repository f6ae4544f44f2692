"""Webhooks: what is kept secret, what is signed, and where nothing is sent to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.collection import sending
from posture.history.models import Entry
from posture.integrations import outbox, webhooks
from posture.integrations.choices import Cause, MessageState
from posture.integrations.models import Message, Webhook
from tests.posture.collection.pulls import environment
from tests.posture.people import person, send, signed_in
from tests.scanners.connectors.web_servers import Answer, WebServer, answering

pytestmark = pytest.mark.django_db

SECRET_PATH = "/hooks/T0/s3cr3t-path"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Callable[[Answer], WebServer]]:
    """A receiver on loopback, without TLS, whose answer can be changed."""
    settings.WEBHOOKS_ALLOW_PLAINTEXT = True
    says = [Answer(status=204)]
    with answering(lambda asked: says[0]) as server:

        def answers(answer: Answer) -> WebServer:
            says[0] = answer
            return server

        yield answers


def created(user: User, url: str, **fields: Any) -> dict[str, Any]:
    answer = send(signed_in(user), "POST", "/webhooks", {"name": "chat", "url": url, **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    signed = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_posted_once_and_signed(ada: User, receiver: Any) -> None:
    server = receiver(Answer(status=204))
    hook = created(ada, f"{server.url}{SECRET_PATH}")
    assert send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/test").status_code == 202
    assert (sending.send_waiting(), sending.send_waiting()) == (1, 0)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", SECRET_PATH)
    uid, timestamp = asked.headers["webhook-id"], int(asked.headers["webhook-timestamp"])
    assert abs(timestamp - time.time()) < 60
    expected = webhooks.signature(hook["key"], uid, timestamp, asked.body)
    assert asked.headers["webhook-signature"] == expected
    body = json.loads(asked.body)
    assert (body["type"], body["subject"], body["data"]) == ("test", "This is a test", {"by": "ada"})
    assert Message.objects.get().state == MessageState.SENT
    (row,) = send(signed_in(ada), "GET", "/webhooks").json()["results"]
    assert row["last_sent_at"] is not None and row["last_error"] == ""


@pytest.mark.parametrize(
    ("answer", "said", "state"),
    [
        (Answer(status=500), "127.0.0.1 answers 500.", MessageState.WAITING),
        (Answer(status=404), "127.0.0.1 answers 404.", MessageState.WAITING),
        (Answer(status=302, headers={"Location": "/elsewhere"}), "answers 302.", MessageState.WAITING),
        (Answer(status=410), "answers 410: it wants to be told nothing more.", MessageState.FAILED),
    ],
)
def test_any_other_answer_stands_on_the_message(
    ada: User, receiver: Any, answer: Answer, said: str, state: str
) -> None:
    server = receiver(answer)
    hook = created(ada, f"{server.url}{SECRET_PATH}")
    send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/test")
    sending.send_waiting()
    message = Message.objects.get()
    assert said in message.error and message.state == state
    assert server.paths == [SECRET_PATH]
    (row,) = send(signed_in(ada), "GET", "/webhooks").json()["results"]
    assert row["last_error"] == message.error


def test_nothing_is_sent_into_denied_networks(ada: User, receiver: Any, settings: Any) -> None:
    server = receiver(Answer())
    settings.PULL_DENIED_NETWORKS = ["127.0.0.0/8"]
    hook = created(ada, f"{server.url}/x")
    metadata = created(ada, "http://169.254.169.254/latest", name="metadata")
    for one in (hook, metadata):
        send(signed_in(ada), "POST", f"/webhooks/{one['id']}/test")
    sending.send_waiting()
    assert server.asked == []
    assert all("may not be asked" in message.error for message in Message.objects.all())


def test_a_receiver_that_is_silent_does_not_hold_up_the_others(ada: User, receiver: Any) -> None:
    server = receiver(Answer())
    dead = created(ada, "http://127.0.0.1:9/x", name="dead")
    alive = created(ada, f"{server.url}/x", name="alive")
    for _ in range(3):
        for one in (dead, alive):
            send(signed_in(ada), "POST", f"/webhooks/{one['id']}/test")
    assert sending.send_waiting() == 4
    assert len(server.asked) == 3
    assert Message.objects.filter(webhook=dead["id"], attempts=1, state=MessageState.WAITING).count() == 3


def test_the_address_and_the_key_are_never_told_again(ada: User, receiver: Any) -> None:
    server = receiver(Answer(status=500))
    hook = created(ada, f"{server.url}{SECRET_PATH}?token=s3cr3t-token")
    client = signed_in(ada)
    send(client, "PATCH", f"/webhooks/{hook['id']}", {"url": f"{server.url}/s3cr3t-new"})
    send(client, "POST", f"/webhooks/{hook['id']}/test")
    sending.send_waiting()
    shown = [
        send(client, "GET", path).getvalue().decode()
        for path in ("/webhooks", f"/webhooks/{hook['id']}", "/messages", "/history", "/webhooks/export")
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed, origin FROM integrations_webhook")
        stored = [*map(str, cursor.fetchall())]
    kept = [*shown, *stored, *map(str, Entry.objects.values_list("changes", flat=True))]
    assert not any("s3cr3t" in text or hook["key"] in text for text in kept)
    assert shown[0].count(server.url) == 1
    assert server.paths == ["/s3cr3t-new"]


def test_a_new_key_holds_from_then_on(ada: User, receiver: Any) -> None:
    server = receiver(Answer())
    hook = created(ada, f"{server.url}/x")
    key = send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/key").json()["key"]
    assert key != hook["key"]
    send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/test")
    sending.send_waiting()
    headers, body = server.asked[0].headers, server.asked[0].body
    signed = webhooks.signature(key, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == signed
    assert Entry.objects.filter(verb="renewed_key", object_name="chat").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://example.org/x"}, "url"),
        ({"url": "https://user:pass@example.org/x"}, "url"),
        ({"url": "ftp://example.org"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://example.org:port/"}, "url"),
        ({"url": "https://example.org:0/"}, "url"),
        ({"url": "https://exa mple.org/"}, "url"),
        ({"name": ""}, "name"),
        ({"causes": ["digest"]}, "causes"),
        ({"environment": "nowhere"}, "environment"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(ada: User, body: dict[str, Any], field: str) -> None:
    whole = {"name": "chat", "url": "https://example.org/x", **body}
    answer = send(signed_in(ada), "POST", "/webhooks", whole)
    assert answer.status_code == 400
    assert [error["field"].partition(".")[0] for error in answer.json()["errors"]] == [field]
    assert "pass" not in answer.content.decode()
    assert not Webhook.objects.exists()


def test_a_name_is_taken_once(ada: User) -> None:
    created(ada, "https://example.org/x")
    answer = send(signed_in(ada), "POST", "/webhooks", {"name": "chat", "url": "https://example.org/y"})
    assert answer.json()["errors"][0]["field"] == "name"


def test_only_who_manages_notifications_and_only_of_environments_that_they_see(ada: User) -> None:
    analyst = signed_in(person("grace", Role.ANALYST))
    for method, path in (("GET", "/webhooks"), ("POST", "/webhooks")):
        assert send(analyst, method, path, {}).status_code == 403
    environment("production")
    staging = environment("staging")
    created(ada, "https://example.org/x")
    created(ada, "https://example.org/x", name="production", environment="production")
    created(
        ada, "https://example.org/x", name="staging", environment="staging", causes=["suspension", "reminder"]
    )
    ada.environments.set([staging])
    limited = User.objects.get(pk=ada.pk)
    rows = send(signed_in(limited), "GET", "/webhooks").json()["results"]
    assert [(row["name"], row["causes"]) for row in rows] == [("staging", ["reminder", "suspension"])]
    for place in (None, "production"):
        answer = send(
            signed_in(limited),
            "POST",
            "/webhooks",
            {"name": "n", "url": "https://example.org", "environment": place},
        )
        assert answer.status_code == 400
        answer = send(signed_in(limited), "PATCH", f"/webhooks/{rows[0]['id']}", {"environment": place})
        assert answer.status_code == 400


def test_deleting_it_takes_what_waits_for_it_along(ada: User) -> None:
    hook = created(ada, "https://example.org/x")
    send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/test")
    assert send(signed_in(ada), "DELETE", f"/webhooks/{hook['id']}").status_code == 204
    assert not Message.objects.exists()
    assert Entry.objects.filter(verb="deleted", object_kind="webhook", object_name="chat").exists()
    assert sending.send_waiting() == 0


def test_an_address_that_no_key_opens_is_told_on_the_message(ada: User, settings: Any) -> None:
    hook = created(ada, "https://example.org/x")
    Webhook.objects.update(sealed=b"nonsense")
    send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/test")
    sending.send_waiting()
    assert "cannot be decrypted" in Message.objects.get().error
    for method, path, body in (("PATCH", "", {"url": "https://example.org/y"}), ("POST", "/key", None)):
        answer = send(signed_in(ada), method, f"/webhooks/{hook['id']}{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "cannot_decrypt")


def test_what_is_for_a_webhook_that_is_off_waits(ada: User, receiver: Any) -> None:
    server = receiver(Answer())
    hook = created(ada, f"{server.url}/x")
    webhook = Webhook.objects.get(pk=hook["id"])
    told = {"cause": Cause.REMINDER, "subject": "1 finding is overdue", "text": "…", "data": {}}
    outbox.put(**told, at=timezone.now(), webhook=webhook)
    send(signed_in(ada), "PATCH", f"/webhooks/{hook['id']}", {"is_enabled": False})
    send(signed_in(ada), "POST", f"/webhooks/{hook['id']}/test")
    assert sending.send_waiting() == 1
    assert [json.loads(asked.body)["type"] for asked in server.asked] == ["test"]
    send(signed_in(ada), "PATCH", f"/webhooks/{hook['id']}", {"is_enabled": True})
    assert sending.send_waiting() == 1
    assert [json.loads(asked.body)["type"] for asked in server.asked] == ["test", "reminder"]
