"""Reading the history through the API."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from posture.accounts.choices import Role
from posture.fleet.actions import create_environment, create_node
from posture.history.actions import record
from posture.history.models import Entry
from tests.posture.people import person, program, send

pytestmark = pytest.mark.django_db


def listed(client, query: str = "") -> list[dict]:
    answer = send(client, "GET", f"/history{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_an_entry_shows_who_did_what_to_which_object() -> None:
    client = program(person(), name="ci")
    send(client, "PATCH", "/me", {"email": "ada@example.org"}, headers={"user-agent": "test"})
    newest = listed(client, "?limit=1")[0]
    assert newest["actor"]["kind"] == "token"
    assert newest["actor"]["name"] == "ada (ci)"
    assert (newest["verb"], newest["object"]["kind"], newest["object"]["name"]) == (
        "changed_email",
        "user",
        "ada",
    )
    assert newest["changes"] == {"email": ["", "ada@example.org"]}
    assert newest["ip"] == "127.0.0.1"
    assert len(newest["hash"]) == 64


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?verb=paused", ["beta"]),
        ("?object_kind=node&object_id=2", ["beta", "beta"]),
        ("?object_kind=node", ["beta", "beta", "alpha"]),
        ("?object_kind=node&ordering=at", ["alpha", "beta", "beta"]),
        ("?actor=system&object_kind=node&limit=1", ["beta"]),
        ("?actor=nobody", []),
    ],
)
def test_it_is_filtered_and_ordered(query: str, names: list[str]) -> None:
    client = program(person())
    for pk, name, verb in ((1, "alpha", "created"), (2, "beta", "created"), (2, "beta", "paused")):
        record(verb=verb, obj=pk, object_kind="node", object_name=name)
    assert [entry["object"]["name"] for entry in listed(client, query)] == names


def test_a_span_includes_its_start_and_not_its_end() -> None:
    client = program(person())
    for name in ("alpha", "beta"):
        record(verb="created", obj=name, object_kind="node", object_name=name)
    alpha, beta = Entry.objects.filter(object_kind="node").order_by("id")
    since, until = quote(alpha.at.isoformat()), quote(beta.at.isoformat())
    span = listed(client, f"?since={since}&until={until}")
    assert [entry["object"]["name"] for entry in span] == ["alpha"]
    later = quote((beta.at + timedelta(seconds=1)).isoformat())
    assert listed(client, f"?since={later}") == []


@pytest.mark.parametrize(
    "query", ["?since=yesterday", "?since=2026-01-01", "?until=2026-13-01T00:00:00Z", "?who=ada"]
)
def test_a_wrong_parameter_is_named(query: str) -> None:
    answer = send(program(person()), "GET", f"/history{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query[1:].partition("=")[0]


def test_somebody_limited_to_an_environment_sees_what_was_done_there() -> None:
    mine, other = create_environment(name="Mine"), create_environment(name="Other")
    create_node(name="alpha", address="unix:///run/a.sock", environment=mine)
    create_node(name="beta", address="unix:///run/b.sock", environment=other)
    auditor = program(person("grace", Role.AUDITOR, environments=[mine]))
    send(auditor, "PATCH", "/me", {"email": "g@example.org"})
    assert [entry["object"]["name"] for entry in listed(auditor)] == ["grace", "alpha", "Mine"]
    facets = send(auditor, "GET", "/history/facets").json()["facets"]
    assert "beta" not in str(facets)
    export = b"".join(send(auditor, "GET", "/history/export?format=jsonl").streaming_content).decode()
    assert "beta" not in export


def test_the_proof_is_there_for_auditors() -> None:
    answer = send(program(person(role=Role.AUDITOR)), "GET", "/history/verify")
    assert answer.json() == {"ok": True, "entries": Entry.objects.count(), "broken_at": None}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_cannot_be_written_through_the_api(method: str) -> None:
    client = program(person())
    entry = Entry.objects.first()
    assert entry is not None
    assert send(client, method, f"/history/{entry.pk}", {}).status_code in (403, 405)
