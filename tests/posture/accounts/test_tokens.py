"""Programs act with tokens: hashed, scoped, ending, revocable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from posture.accounts.actions import create_token, deactivate
from posture.accounts.choices import Role
from posture.accounts.models import ApiToken
from posture.history.models import Entry
from tests.posture.people import person, program, send, signed_in

pytestmark = pytest.mark.django_db


def with_header(value: str) -> Client:
    return Client(raise_request_exception=False, headers={"authorization": value})


def test_a_token_is_shown_once_and_kept_as_a_hash() -> None:
    client = signed_in(person())
    answer = send(client, "POST", "/tokens", {"name": "backup", "scope": "read"})
    assert answer.status_code == 201
    text = answer.json()["token"]
    assert text.startswith("plm_")
    assert answer.headers["Cache-Control"] == "no-store"
    stored = "".join(str(row) for row in (*ApiToken.objects.values(), *Entry.objects.values()))
    assert text not in stored
    assert text[12:] not in stored
    listed = send(client, "GET", "/tokens").json()
    assert listed["count"] == {"value": 1, "exact": True}
    assert "token" not in listed["results"][0]
    assert listed["results"][0]["prefix"] == text[:12]
    assert send(with_header(f"Bearer {text}"), "GET", "/me").json()["username"] == "ada"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer plm_not-known", "token_unknown"),
        ("Bearer", "bad_scheme"),
        ("Basic YWRhOnB3", "bad_scheme"),
        ("Token plm_x", "bad_scheme"),
    ],
)
def test_a_wrong_header_is_refused(header: str, code: str) -> None:
    answer = send(with_header(header), "GET", "/me")
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_wrong_token_is_not_saved_by_a_session() -> None:
    client = signed_in(person(), headers={"authorization": "Bearer plm_x"})
    assert send(client, "GET", "/me").status_code == 401


def test_a_token_ends() -> None:
    client = program(person(), expires_at=timezone.now() + timedelta(hours=1))
    assert send(client, "GET", "/me").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert send(client, "GET", "/me").json()["code"] == "token_expired"


def test_a_revoked_token_is_refused_and_its_name_is_free_again() -> None:
    user = person()
    client, browser = program(user, name="backup"), signed_in(user)
    again = send(browser, "POST", "/tokens", {"name": "backup"})
    assert again.json()["errors"][0]["field"] == "name"
    pk = ApiToken.objects.get().pk
    assert send(browser, "DELETE", f"/tokens/{pk}").status_code == 204
    assert send(browser, "DELETE", f"/tokens/{pk}").status_code == 204
    assert send(client, "GET", "/me").json()["code"] == "token_revoked"
    assert send(browser, "POST", "/tokens", {"name": "backup"}).status_code == 201
    assert Entry.objects.filter(verb="revoked", object_kind="token").count() == 1


def test_tokens_end_with_their_person() -> None:
    user = person(role=Role.VIEWER)
    client = program(user)
    deactivate(user=user)
    assert send(client, "GET", "/me").json()["code"] == "token_unknown"
    assert ApiToken.objects.get().revoked_at is not None


def test_its_use_is_written_at_most_once_a_minute(django_assert_num_queries) -> None:
    client = program(person())
    send(client, "GET", "/me")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(2):  # the token with its person, the environments
        send(client, "GET", "/me")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    send(client, "GET", "/me")
    assert ApiToken.objects.get().last_used_at > first


def test_a_token_cannot_make_one_that_outlives_it() -> None:
    user, end = person(), timezone.now() + timedelta(days=1)
    client = program(user, expires_at=end)
    for expires_at in (None, (end + timedelta(seconds=1)).isoformat()):
        answer = send(client, "POST", "/tokens", {"name": "longer", "expires_at": expires_at})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "expires_at")
    assert send(client, "POST", "/tokens", {"name": "same", "expires_at": end.isoformat()}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "scope": "admin"}, "scope"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "tomorrow"}, "expires_at"),
    ],
)
def test_a_wrong_field_is_named(body: dict, field: str) -> None:
    answer = send(signed_in(person()), "POST", "/tokens", body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_others_tokens_are_not_there_but_an_administrator_revokes_them() -> None:
    token, _ = create_token(user=person("grace", Role.VIEWER), name="hers")
    analyst = signed_in(person("mallory", Role.ANALYST))
    assert send(analyst, "GET", f"/tokens/{token.pk}").status_code == 404
    assert send(analyst, "DELETE", f"/tokens/{token.pk}").status_code == 404
    assert send(analyst, "GET", "/tokens").json()["results"] == []
    assert send(signed_in(person("root")), "DELETE", f"/tokens/{token.pk}").status_code == 204


def test_a_token_needs_no_csrf_proof_but_cannot_change_a_password() -> None:
    client = program(person())
    answer = send(client, "POST", "/me/password", {"current_password": "x", "new_password": "y"})
    assert answer.json()["code"] == "session_required"


def test_what_a_token_does_is_written_under_its_name() -> None:
    send(program(person(), name="backup"), "PATCH", "/me", {"email": "ada@example.org"})
    entry = Entry.objects.get(verb="changed_email")
    assert (entry.actor_kind, entry.actor_name, entry.actor.username) == ("token", "ada (backup)", "ada")
