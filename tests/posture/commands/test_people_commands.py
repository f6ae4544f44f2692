"""`manage.py token` and `manage.py user`."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from posture.accounts.choices import Role
from posture.accounts.models import ApiToken, User
from posture.fleet.actions import create_environment
from posture.history.models import Entry
from tests.posture.people import person, send

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_token_is_printed_and_nothing_else() -> None:
    person()
    out, err = run("token", "create", "--user", "ada", "--name", "ci")
    assert err == ""
    text = out.removesuffix("\n")
    assert "\n" not in text
    client = Client(headers={"authorization": f"Bearer {text}"})
    assert send(client, "GET", "/me").json()["username"] == "ada"
    assert send(client, "PATCH", "/me", {"email": "ada@example.org"}).status_code == 200
    assert Entry.objects.filter(actor_name="manage.py token", object_kind="token").exists()


def test_a_token_may_be_for_reading_and_end() -> None:
    person()
    run("token", "create", "--user", "ada", "--name", "ci", "--scope", "read", "--days", "7")
    token = ApiToken.objects.get()
    assert token.scope == "read"
    assert abs(token.expires_at - token.created_at - timedelta(days=7)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--user", "nobody", "--name", "x"), "--user: there is nobody named “nobody”"),
        (("--user", "ada", "--name", "x", "--days", "0"), "--days"),
        (("--user", "ada", "--name", " "), "Say what the token is for"),
        (("--user", "ada", "--name", "taken"), "a token with this name already"),
        (("--user", "ada", "--name", "x", "--scope", "all"), "invalid choice"),
        (("--user", "ada"), "--name"),
    ],
)
def test_a_token_that_cannot_be_made_is_one_sentence(words: tuple[str, ...], message: str) -> None:
    person()
    run("token", "create", "--user", "ada", "--name", "taken")
    with pytest.raises(CommandError, match=message):
        run("token", "create", *words)
    assert ApiToken.objects.count() == 1


def test_a_person_gets_a_random_password_to_be_changed() -> None:
    create_environment(name="Staging")
    out, _ = run("user", "create", "grace", "--role", "analyst", "--environment", "staging")
    grace = User.objects.get()
    assert grace.check_password(out.strip())
    assert grace.must_change_password
    assert [e.slug for e in grace.environments.all()] == ["staging"]
    again, _ = run("user", "password", "grace")
    grace.refresh_from_db()
    assert again != out
    assert grace.check_password(again.strip())


def test_a_password_from_a_file_is_not_printed(tmp_path) -> None:
    file = tmp_path / "password"
    file.write_text("a-phrase-from-a-file\n")
    assert run("user", "create", "grace", "--password-file", str(file)) == ("", "")
    assert User.objects.get().check_password("a-phrase-from-a-file")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "ada"), "This name is taken|already exists"),
        (("create", "with space"), "Letters, digits"),
        (
            ("create", "grace", "--environment", "nowhere"),
            "--environment: there is none with the slug nowhere",
        ),
        (("create", "grace", "--password-file", "/nowhere/at/all"), "--password-file: .* cannot be read"),
        (("password", "nobody"), "nobody named “nobody”"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: tuple[str, ...], message: str) -> None:
    person(role=Role.ADMINISTRATOR)
    with pytest.raises(CommandError, match=message):
        run("user", *words)
    assert User.objects.count() == 1
