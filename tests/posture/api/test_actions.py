"""What people do through the API to nodes and pulls, beside writing them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.fleet.choices import PullState
from posture.fleet.models import Node, Pull
from tests.posture.api.fleet import Fleet
from tests.posture.api.resources import get
from tests.posture.people import person, program, send, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(fleet: Fleet, db: None) -> Client:
    return program(person("ann", Role.ANALYST))


def test_a_pull_is_queued_once_cancelled_and_retried(fleet: Fleet, analyst: Client) -> None:
    queued = send(analyst, "POST", f"/nodes/{fleet.alpha.pk}/pull")
    assert queued.status_code == 202
    pull = queued.json()
    assert (pull["state"], pull["trigger"], pull["node"]["name"]) == ("queued", "person", "alpha")
    again = send(analyst, "POST", f"/nodes/{fleet.alpha.pk}/pull").json()
    assert again["id"] == pull["id"]
    assert send(analyst, "POST", f"/pulls/{pull['id']}/retry").status_code == 409
    cancelled = send(analyst, "POST", f"/pulls/{pull['id']}/cancel").json()
    assert (cancelled["state"], cancelled["cancel_requested"]) == ("cancelled", True)
    assert send(analyst, "POST", f"/pulls/{pull['id']}/cancel").status_code == 409
    retried = send(analyst, "POST", f"/pulls/{pull['id']}/retry").json()
    assert (retried["state"], retried["trigger"]) == ("queued", "retry")
    assert get(analyst, f"/pulls/{retried['id']}") == retried


def test_bulk_actions_touch_what_the_preview_said(fleet: Fleet, analyst: Client) -> None:
    asked = {"action": "pause", "filters": {"environment": "production"}}
    preview = send(analyst, "POST", "/nodes/bulk", {**asked, "preview": True}).json()
    assert preview == {"matched": 3, "changed": 3, "preview": True}
    assert Node.objects.filter(paused=True).count() == 0
    assert send(analyst, "POST", "/nodes/bulk", asked).json() == {
        "matched": 3,
        "changed": 3,
        "preview": False,
    }
    paused = Node.objects.filter(paused=True).values_list("name", flat=True)
    assert set(paused) == {"alpha", "beta", "beta-host"}
    assert send(analyst, "POST", "/nodes/bulk", asked).json()["changed"] == 0
    pulled = send(analyst, "POST", "/nodes/bulk", {"action": "pull", "ids": [fleet.gamma.pk]}).json()
    assert pulled["changed"] == 1
    assert Pull.objects.filter(node=fleet.gamma, state=PullState.QUEUED).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "pull"}, "ids"),
        ({"action": "pull", "ids": [1], "filters": {}}, "ids"),
        ({"action": "pull", "ids": [999_999]}, "ids"),
        ({"action": "explode", "ids": []}, "action"),
        ({"action": "pull", "filters": {"colour": "red"}}, "filters.colour"),
        ({"action": "pull", "filters": {"state": "odd"}}, "state"),
    ],
)
def test_a_bulk_action_that_cannot_be_meant_is_refused(
    body: dict[str, object], field: str, fleet: Fleet, analyst: Client
) -> None:
    response = send(analyst, "POST", "/nodes/bulk", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_a_connection_test_says_what_is_wrong(fleet: Fleet, admin: Client) -> None:
    asked = {"address": "unix:///nonexistent/docker.sock"}
    answer = send(admin, "POST", "/nodes/test", asked).json()
    assert (answer["ok"], answer["report"]) == (False, None)
    assert answer["error"]["code"] and answer["error"]["title"] and answer["error"]["detail"]
    stored = send(admin, "POST", f"/nodes/{fleet.alpha.pk}/test").json()
    assert stored["ok"] is False
    assert send(admin, "POST", "/nodes/test", {}).json()["errors"][0]["field"] == "address"


def test_a_host_key_that_cannot_be_read_is_a_problem(fleet: Fleet, admin: Client) -> None:
    response = send(admin, "POST", "/nodes/host-key", {"address": "ssh://nobody@127.0.0.1:1"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "address"


def test_a_deleted_node_takes_its_present_with_it(fleet: Fleet, admin: Client) -> None:
    assert send(admin, "DELETE", f"/nodes/{fleet.gamma.pk}").status_code == 204
    # Its host probe still reads the host.
    assert [row["name"] for row in get(admin, "/hosts", search="gamma")["results"]] == ["gamma"]
    probe = Node.objects.get(name="gamma-host")
    assert send(admin, "DELETE", f"/nodes/{probe.pk}").status_code == 204
    assert [row["name"] for row in get(admin, "/hosts", search="gamma")["results"]] == []
    assert get(admin, "/hosts", gone="true")["results"][0]["name"] == "gamma"


def test_an_environments_new_data_class_raises_points(fleet: Fleet, admin: Client) -> None:
    mildest = get(admin, "/findings", environment="staging", asset_kind="container", limit=200)["results"][-1]
    answer = send(admin, "PATCH", f"/environments/{fleet.staging.pk}", {"data_classes": ["cardholder"]})
    assert answer.json()["data_classes"] == ["cardholder"]
    assert get(admin, f"/findings/{mildest['id']}")["points"] > mildest["points"]


def test_meta_freshness_and_search_answer(fleet: Fleet, admin: Client) -> None:
    meta = get(admin, "/meta")
    assert [item["value"] for item in meta["enums"]["severity"]] == [
        "critical",
        "high",
        "medium",
        "low",
        "info",
    ]
    assert meta["checks_version"] and meta["version"]
    fresh = get(admin, "/freshness")
    assert (fresh["nodes"], fresh["fresh"], fresh["stale"], fresh["paused"]) == (5, 5, 0, 0)
    assert fresh["queue_lag_seconds"] is None and fresh["oldest_success_at"]
    Node.objects.filter(name="alpha").update(last_success_at=None)
    Node.objects.filter(name="beta").update(last_success_at=timezone.now() - timedelta(days=9))
    fresh = get(admin, "/freshness")
    assert (fresh["fresh"], fresh["stale"], fresh["waiting"]) == (3, 1, 1)
    kinds = {result["kind"] for result in get(admin, "/search", q="gamma")["results"]}
    assert kinds == {"host", "container", "node"}
    assert get(admin, "/search", q="not-privileged")["results"][0]["kind"] == "check"
    assert get(admin, "/search", q="sha256:aaaaaaa")["results"][0]["name"] == "shop/web:1.0"
    assert admin.get("/api/v1/search", {"q": "x"}).status_code == 400


def test_an_auditor_reads_but_does_not_pull(fleet: Fleet) -> None:
    auditor = signed_in(person("olga", Role.AUDITOR))
    assert auditor.get("/api/v1/hosts").status_code == 200
    assert send(auditor, "POST", f"/nodes/{fleet.alpha.pk}/pull").status_code == 403


def test_a_reading_token_does_not_pull(fleet: Fleet) -> None:
    reader = program(person("rob", Role.ANALYST), scope="read")
    assert reader.get("/api/v1/hosts").status_code == 200
    assert send(reader, "POST", f"/nodes/{fleet.alpha.pk}/pull").status_code == 403
