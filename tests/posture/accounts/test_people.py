"""Administrators add, change and deactivate people; everybody changes their own password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from posture.accounts import attempts
from posture.accounts.actions import change_role, set_password
from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.base.problems import Conflict
from posture.fleet.actions import create_environment
from posture.history.models import Entry
from tests.posture.people import PASSWORD, person, send, signed_in

pytestmark = pytest.mark.django_db
NEW = "another-long-phrase-9"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    client = attempts._redis()
    for key in client.scan_iter("plimsoll:attempts:*"):
        client.delete(key)


def test_an_administrator_adds_a_person_who_must_choose_a_password() -> None:
    environment = create_environment(name="Staging")
    body = {
        "username": "grace",
        "email": "grace@example.org",
        "role": "analyst",
        "password": PASSWORD,
        "environments": [environment.pk],
    }
    answer = send(signed_in(person()), "POST", "/users", body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["environments"] == [{"id": environment.pk, "slug": "staging", "name": "Staging"}]
    assert answer.json()["must_change_password"] is True
    assert PASSWORD not in answer.content.decode()
    entry = Entry.objects.get(object_name="grace")
    assert (entry.actor_name, entry.verb, entry.changes["environments"]) == (
        "ada",
        "created",
        [None, ["staging"]],
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "ada"}, "username"),
        ({"username": "with space"}, "username"),
        ({"username": ""}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "123456789012345"}, "password"),
        ({"password": "grace-hopper-grace"}, "password"),
        ({"role": "root"}, "role"),
        ({"email": "nowhere"}, "email"),
        ({"environments": [999]}, "environments"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_added(change: dict, field: str) -> None:
    body = {"username": "grace-hopper", "role": "viewer", "password": PASSWORD} | change
    client = signed_in(person())
    answer = send(client, "POST", "/users", body)
    assert answer.status_code == 400
    assert {error["field"].partition(".")[0] for error in answer.json()["errors"]} == {field}
    assert User.objects.count() == 1


def test_each_change_is_written_down() -> None:
    grace = person("grace", Role.VIEWER)
    client = signed_in(person())
    body = {"role": "auditor", "email": "g@example.org", "is_active": False}
    assert send(client, "PATCH", f"/users/{grace.pk}", body).json()["role"] == "auditor"
    verbs = list(
        Entry.objects.filter(object_id=str(grace.pk), object_kind="user").values_list("verb", flat=True)
    )
    assert sorted(verbs) == ["changed_email", "changed_role", "created", "deactivated"]
    assert send(client, "PATCH", f"/users/{grace.pk}", {"is_active": True}).json()["is_active"] is True


def test_a_change_that_fails_halfway_changes_nothing() -> None:
    grace = person("grace", Role.VIEWER)
    environment = create_environment(name="Staging")
    body = {"email": "g@example.org", "role": "administrator", "environments": [environment.pk]}
    answer = send(signed_in(person()), "PATCH", f"/users/{grace.pk}", body)
    assert answer.status_code == 400
    grace.refresh_from_db()
    assert (grace.email, grace.role) == ("", "viewer")


def test_deleting_a_person_keeps_their_history() -> None:
    grace = person("grace", Role.VIEWER)
    assert send(signed_in(person()), "DELETE", f"/users/{grace.pk}").status_code == 204
    grace.refresh_from_db()
    assert not grace.is_active


def test_the_last_administrator_stays() -> None:
    ada = person()
    grace = person("grace")
    client = signed_in(ada)
    own = send(client, "DELETE", f"/users/{ada.pk}")
    assert own.status_code == 409
    assert send(client, "PATCH", f"/users/{grace.pk}", {"role": "viewer"}).status_code == 200
    answer = send(client, "PATCH", f"/users/{ada.pk}", {"role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other_at_once() -> None:
    people = [person("ada"), person("grace")]

    def demote(user: User) -> bool:
        try:
            change_role(user=user, role=Role.VIEWER)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, people))
    assert sorted(done) == [False, True]
    assert User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


def test_a_person_changes_their_password_and_only_this_session_goes_on() -> None:
    user = person(role=Role.VIEWER, must_change_password=True)
    here, elsewhere = signed_in(user), signed_in(user)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert send(here, "POST", "/me/password", body).status_code == 204
    assert send(here, "GET", "/me").json()["must_change_password"] is False
    assert send(elsewhere, "GET", "/me").status_code == 401
    assert send(here, "GET", "/tokens").status_code == 200
    assert NEW not in "".join(str(row) for row in Entry.objects.values())


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", NEW, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "314159265358979", "new_password"),
    ],
)
def test_a_password_change_says_what_is_wrong(current: str, new: str, field: str) -> None:
    client = signed_in(person())
    answer = send(client, "POST", "/me/password", {"current_password": current, "new_password": new})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert User.objects.get().check_password(PASSWORD)


def test_the_current_password_cannot_be_guessed_from_an_open_session() -> None:
    client = signed_in(person())
    body = {"current_password": "wrong", "new_password": NEW}
    answers = [send(client, "POST", "/me/password", body).status_code for _ in range(attempts.PER_NAME + 1)]
    assert answers == [400] * attempts.PER_NAME + [429]


def test_a_reset_ends_the_persons_sessions_and_asks_for_a_new_password() -> None:
    grace = person("grace", Role.VIEWER)
    hers = signed_in(grace)
    answer = send(signed_in(person()), "POST", f"/users/{grace.pk}/password", {"password": NEW})
    assert answer.json()["must_change_password"] is True
    assert send(hers, "GET", "/me").status_code == 401
    grace.refresh_from_db()
    assert grace.check_password(NEW)


def test_an_administrators_own_password_needs_the_current_one() -> None:
    ada = person()
    with pytest.raises(Conflict):
        set_password(user=ada, password=NEW, by=ada)


def test_people_are_listed_with_facets_and_export() -> None:
    person("grace", Role.VIEWER)
    client = signed_in(person())
    assert [u["username"] for u in send(client, "GET", "/users?role=viewer").json()["results"]] == ["grace"]
    assert [u["username"] for u in send(client, "GET", "/users?ordering=-username").json()["results"]] == [
        "grace",
        "ada",
    ]
    facets = {f["name"]: f["values"] for f in send(client, "GET", "/users/facets").json()["facets"]}
    assert [(v["value"], v["count"]["value"]) for v in facets["role"]][:1] == [("viewer", 1)]
    lines = b"".join(send(client, "GET", "/users/export?format=csv").streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert "argon2" not in "".join(lines)
