"""A person signs in, works, and is signed out."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from posture.accounts import attempts
from posture.accounts.actions import deactivate
from posture.accounts.choices import Role
from posture.history.models import Entry
from tests.posture.people import PASSWORD, person, send, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    client = attempts._redis()
    for key in client.scan_iter("plimsoll:attempts:*"):
        client.delete(key)


def browser() -> Client:
    """A browser that enforces CSRF as a real one meets it, with the page's cookie."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/api/v1/session")
    return client


def proof(client: Client) -> dict[str, str]:
    return {"headers": {"x-csrftoken": client.cookies[settings.CSRF_COOKIE_NAME].value}}


def sign_in(client: Client, password: str = PASSWORD, username: str = "ada"):
    return send(client, "POST", "/session", {"username": username, "password": password}, **proof(client))


def test_before_signing_in_nobody_is_there() -> None:
    answer = send(Client(), "GET", "/session")
    assert answer.status_code == 200
    assert answer.json() == {"authenticated": False, "user": None, "idle_timeout_seconds": 28800}


def test_a_person_signs_in_and_out() -> None:
    person(role=Role.ANALYST)
    client = browser()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.json()["user"]["role"] == "analyst"
    assert answer.json()["user"]["permissions"] == [
        "decisions.make",
        "findings.work",
        "fleet.view",
        "gate.ask",
        "pulls.control",
        "reports.send",
        "tokens.own",
        "views.share",
    ]
    assert send(client, "GET", "/me").json()["username"] == "ada"
    assert send(client, "DELETE", "/session", **proof(client)).status_code == 204
    assert send(client, "GET", "/me").status_code == 401
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == [
        "created",
        "signed_in",
        "signed_out",
    ]


def test_the_session_key_changes_on_signing_in() -> None:
    person()
    client = browser()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != session.session_key


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("ada ", "x")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(username: str, password: str) -> None:
    person()
    answer = sign_in(browser(), password, username)
    assert answer.status_code == 401
    body = answer.json()
    del body["request_id"]
    assert body == {
        "type": "urn:plimsoll:problem:invalid_credentials",
        "title": "Not signed in",
        "status": 401,
        "detail": "The name or the password is not right.",
        "code": "invalid_credentials",
    }


def test_somebody_deactivated_cannot_sign_in_and_is_signed_out() -> None:
    user = person(role=Role.VIEWER)
    client = browser()
    sign_in(client)
    deactivate(user=user)
    assert send(client, "GET", "/me").status_code == 401
    assert sign_in(browser()).status_code == 401


def test_guessing_is_stopped_for_the_name_and_the_address() -> None:
    person()
    client = browser()
    for _ in range(attempts.PER_NAME):
        assert sign_in(client, "wrong").status_code == 401
    blocked = sign_in(client)
    assert blocked.status_code == 429
    assert blocked.json()["code"] == "too_many_attempts"
    assert 0 < blocked.json()["retry_after"] <= attempts.WINDOW_SECONDS
    assert blocked.headers["Retry-After"] == str(blocked.json()["retry_after"])
    elsewhere = browser()
    elsewhere.defaults["REMOTE_ADDR"] = "203.0.113.8"
    assert sign_in(elsewhere).status_code == 200


def test_guessing_one_password_for_many_names_is_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PER_ADDRESS", 3)
    client = browser()
    answers = [sign_in(client, "wrong", f"name{n}").status_code for n in range(5)]
    assert answers == [401, 401, 401, 429, 429]


def test_a_right_password_forgets_the_wrong_ones() -> None:
    person()
    client = browser()
    for _ in range(3):
        for _ in range(attempts.PER_NAME - 1):
            sign_in(client, "wrong")
        assert sign_in(client).status_code == 200


def test_without_redis_nobody_guesses(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    client = browser()
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    answer = sign_in(client)
    assert answer.status_code == 503
    assert answer.json()["code"] == "queue_unavailable"


def test_neither_log_nor_history_holds_what_was_typed(caplog: pytest.LogCaptureFixture) -> None:
    person()
    caplog.set_level(logging.DEBUG)
    sign_in(browser(), "hunter2-as-password")
    sign_in(browser(), "hunter2-as-password", "hunter2-as-name")
    written = caplog.text + "".join(str(row) for row in Entry.objects.values())
    assert "hunter2" not in written
    assert Entry.objects.filter(verb="sign_in_refused").count() == 1


def test_signing_in_needs_the_csrf_proof() -> None:
    person()
    client = browser()
    body = {"username": "ada", "password": PASSWORD}
    answer = send(client, "POST", "/session", body)
    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf_failed"
    wrong = send(client, "POST", "/session", body, headers={"x-csrftoken": "x" * 64})
    assert wrong.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/me"), ("POST", "/me/password"), ("POST", "/tokens"), ("DELETE", "/session")],
)
def test_every_unsafe_request_of_a_session_needs_the_proof(method: str, path: str) -> None:
    client = signed_in(person(), enforce_csrf_checks=True)
    answer = send(client, method, path, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_an_idle_session_ends_in_the_database() -> None:
    client = signed_in(person())
    assert send(client, "GET", "/me").status_code == 200
    Session.objects.update(expire_date=timezone.now())
    assert send(client, "GET", "/me").status_code == 401


def test_use_moves_the_end_of_a_session_but_a_page_refreshing_itself_does_not() -> None:
    client = signed_in(person())
    Session.objects.update(expire_date=timezone.now() + timedelta(seconds=100))
    before = Session.objects.get().expire_date
    send(client, "GET", "/me", headers={"x-plimsoll-background": "true"})
    assert Session.objects.get().expire_date == before
    send(client, "GET", "/me")
    assert (Session.objects.get().expire_date - before).total_seconds() > settings.SESSION_COOKIE_AGE - 200


def test_reading_again_within_a_minute_writes_nothing(django_assert_num_queries) -> None:
    client = signed_in(person())
    send(client, "GET", "/me")
    with django_assert_num_queries(3):  # session, person, environments
        send(client, "GET", "/me")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "ada"},
        {"username": "a" * 200, "password": "x"},
        {"username": "a\x00", "password": "x"},
    ],
)
def test_a_malformed_sign_in_names_the_field(body: dict) -> None:
    client = browser()
    answer = send(client, "POST", "/session", body, **proof(client))
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert {error["field"] for error in answer.json()["errors"]} <= {"username", "password"}
