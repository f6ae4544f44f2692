"""People keep views of lists, for themselves or for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from posture.accounts import view_actions
from posture.accounts.choices import Role
from posture.accounts.models import SavedView
from posture.history.models import Entry
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db

WORST = {"page": "findings", "name": "Worst first", "query": "severity=critical,high&ordering=-points"}


@pytest.fixture
def ada() -> Client:
    return signed_in(person("ada", Role.ANALYST))


def saved(client: Client, **fields: Any) -> dict[str, Any]:
    answer = send(client, "POST", "/views", WORST | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def names(client: Client, query: str = "") -> list[str]:
    return [view["name"] for view in send(client, "GET", f"/views{query}").json()["results"]]


def test_a_view_brings_back_the_query_of_its_list(ada: Client) -> None:
    view = saved(ada)
    shown = send(ada, "GET", f"/views/{view['id']}").json()
    assert shown == view
    assert shown["query"] == WORST["query"]
    assert (shown["owner"]["username"], shown["is_shared"]) == ("ada", False)
    entry = Entry.objects.get(object_kind="saved_view")
    assert (entry.verb, entry.object_name) == ("created", "findings: Worst first")


def test_views_are_listed_by_page_and_name(ada: Client) -> None:
    for page, name in (("findings", "b"), ("findings", "a"), ("hosts", "c")):
        saved(ada, page=page, name=name)
    assert names(ada, "?page=findings") == ["a", "b"]
    assert names(ada, "?search=C") == ["c"]


def test_others_see_shared_views_and_no_private_one(ada: Client) -> None:
    private, shared = saved(ada), saved(ada, name="For all", is_shared=True)
    sam = signed_in(person("sam", Role.VIEWER))
    assert names(sam) == ["For all"]
    assert send(sam, "GET", f"/views/{shared['id']}").status_code == 200
    for method in ("GET", "PATCH", "DELETE"):
        assert send(sam, method, f"/views/{private['id']}", {}).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_a_reader_keeps_private_views_only(role: str) -> None:
    client = signed_in(person("sam", role))
    view = saved(client)
    for method, path, body in (
        ("POST", "/views", WORST | {"name": "For all", "is_shared": True}),
        ("PATCH", f"/views/{view['id']}", {"is_shared": True}),
    ):
        answer = send(client, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "sharing_refused")
    assert not SavedView.objects.filter(is_shared=True).exists()


def test_its_owner_changes_shares_and_deletes_it(ada: Client) -> None:
    path = f"/views/{saved(ada)['id']}"
    changed = send(ada, "PATCH", path, {"name": "Worst", "query": "severity=critical", "is_shared": True})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["is_shared"]) == ("Worst", True)
    assert send(ada, "DELETE", path).status_code == 204
    assert send(ada, "GET", path).status_code == 404
    entries = Entry.objects.filter(object_kind="saved_view").order_by("pk")
    assert [entry.verb for entry in entries] == ["created", "changed", "deleted"]
    assert entries[1].changes["is_shared"] == [False, True]
    assert len({entry.object_id for entry in entries}) == 1


def test_a_change_to_what_it_is_writes_no_history(ada: Client) -> None:
    view = saved(ada)
    assert send(ada, "PATCH", f"/views/{view['id']}", {"name": view["name"]}).status_code == 200
    assert Entry.objects.filter(object_kind="saved_view").count() == 1


@pytest.mark.parametrize(("role", "status"), [(Role.ANALYST, 403), (Role.ADMINISTRATOR, 204)])
def test_a_shared_view_of_another_is_deleted_by_administrators_only(
    ada: Client, role: str, status: int
) -> None:
    path = f"/views/{saved(ada, is_shared=True)['id']}"
    other = signed_in(person("other", role))
    assert send(other, "PATCH", path, {"name": "Mine now"}).status_code == 403
    assert send(other, "DELETE", path).status_code == status
    assert SavedView.objects.exists() == (status == 403)


def test_a_name_is_taken_once_per_page_and_person(ada: Client) -> None:
    saved(ada)
    again = send(ada, "POST", "/views", WORST)
    assert again.status_code == 400
    assert [error["field"] for error in again.json()["errors"]] == ["name"]
    other = saved(ada, name="Other")
    assert send(ada, "PATCH", f"/views/{other['id']}", {"name": WORST["name"]}).status_code == 400
    saved(ada, page="hosts")
    saved(signed_in(person("sam", Role.VIEWER)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("page", "settings"),
        ("name", " "),
        ("name", "x" * 101),
        ("query", "search=" + "x" * 2000),
        ("query", "search=two words"),
        ("query", "severity=high#javascript:alert(1)"),
        ("query", "search=\x00"),
        ("is_shared", "perhaps"),
    ],
)
def test_it_refuses_what_is_no_view(ada: Client, field: str, value: str) -> None:
    answer = send(ada, "POST", "/views", WORST | {field: value})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not SavedView.objects.exists()


def test_a_leading_question_mark_is_no_part_of_a_query(ada: Client) -> None:
    assert saved(ada, query="?state=open")["query"] == "state=open"
    assert saved(ada, name="All of it", query="")["query"] == ""


def test_a_person_keeps_a_bounded_number(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_actions, "VIEWS_PER_USER", 1)
    saved(ada)
    answer = send(ada, "POST", "/views", WORST | {"name": "One more"})
    assert answer.status_code == 409
    assert SavedView.objects.count() == 1
