"""A person limited to an environment never sees what is in others, by any door."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from posture.accounts.choices import Role
from posture.fleet.models import Asset, Pull
from tests.posture.api.fleet import Fleet
from tests.posture.api.resources import OF_THE_FLEET, PAST, get, walk
from tests.posture.people import person, program, send, signed_in

pytestmark = pytest.mark.django_db

EVERY = pytest.mark.parametrize("name", OF_THE_FLEET)
OTHERS = ('"alpha', '"beta', '"production"', '"Production"')  # as they begin a JSON string


def names_of_others(text: str) -> list[str]:
    return [name for name in OTHERS if name in text]


@EVERY
def test_lists_facets_and_exports_hold_nothing_of_other_environments(
    name: str, fleet: Fleet, stager: Client
) -> None:
    rows = walk(stager, f"/{name}", limit=200)
    assert rows, f"{name}: staging has some"
    assert names_of_others(json.dumps(rows)) == []
    assert names_of_others(json.dumps(get(stager, f"/{name}/facets"))) == []
    exported = b"".join(stager.get(f"/api/v1/{name}/export?format=jsonl").streaming_content).decode()
    assert names_of_others(exported) == []


@EVERY
def test_items_of_other_environments_are_not_found(
    name: str, fleet: Fleet, admin: Client, stager: Client
) -> None:
    visible = {row["id"] for row in walk(stager, f"/{name}", limit=200)}
    hidden = [row["id"] for row in walk(admin, f"/{name}", limit=200) if row["id"] not in visible]
    if name == "checks":
        assert hidden == [], "everybody may know the checks"
        return
    assert hidden
    for pk in hidden[:20]:
        response = stager.get(f"/api/v1/{name}/{pk}")
        assert response.status_code == 404, pk
        assert names_of_others(response.content.decode()) == []


@pytest.mark.parametrize("name", PAST)
def test_the_past_is_as_limited_as_the_present(name: str, fleet: Fleet, stager: Client) -> None:
    moment = Asset.objects.order_by("-changed_at").values_list("changed_at", flat=True)[0].isoformat()
    assert names_of_others(json.dumps(walk(stager, f"/{name}", as_of=moment, limit=200))) == []


def test_checks_count_only_what_the_person_may_see(fleet: Fleet, admin: Client, stager: Client) -> None:
    mine = {row["id"]: row for row in walk(stager, "/checks")}
    chosen = {row["id"]: row for row in walk(admin, "/checks", environment="staging")}
    everything = {row["id"]: row for row in walk(admin, "/checks")}
    assert mine == chosen
    check = "docker.container.not-privileged"
    assert sum(mine[check]["counts"].values()) == 2
    assert sum(everything[check]["counts"].values()) == 9
    asked_for_others = walk(stager, "/checks", environment="production")
    assert all(sum(row["counts"].values()) == 0 for row in asked_for_others)


def test_ledgers_search_groups_and_freshness_are_limited_too(
    fleet: Fleet, admin: Client, stager: Client
) -> None:
    alpha = Asset.objects.get(name="alpha")
    gamma = Asset.objects.get(name="gamma")
    assert stager.get(f"/api/v1/hosts/{alpha.pk}/ledger").status_code == 404
    assert stager.get(f"/api/v1/hosts/{gamma.pk}/ledger").status_code == 200
    assert stager.get(f"/api/v1/environments/{fleet.production.pk}/ledger").status_code == 404
    assert get(stager, "/search", q="alpha")["results"] == []
    assert get(stager, "/search", q="gamma")["results"] != []
    assert get(admin, "/search", q="alpha")["results"] != []
    assert get(stager, "/freshness")["nodes"] == 2
    for by in ("check", "host", "severity", "image"):
        assert names_of_others(json.dumps(get(stager, "/findings/groups", by=by))) == []


def test_nodes_of_others_cannot_be_touched(fleet: Fleet) -> None:
    analyst = person("ann", Role.ANALYST)
    analyst.environments.set([fleet.staging])
    client = program(analyst)
    before = Pull.objects.count()
    for path, body in (
        (f"/nodes/{fleet.alpha.pk}/pull", None),
        (f"/nodes/{fleet.alpha.pk}/pause", None),
        (f"/nodes/{fleet.alpha.pk}/test", None),
        (f"/pulls/{Pull.objects.filter(node=fleet.alpha).latest('pk').pk}/retry", None),
    ):
        assert send(client, "POST", path, body).status_code == 404, path
    answer = send(client, "POST", "/nodes/bulk", {"action": "pause", "ids": [fleet.alpha.pk]})
    assert answer.status_code == 400
    everything = send(client, "POST", "/nodes/bulk", {"action": "pause", "filters": {}, "preview": True})
    assert everything.json() == {"matched": 2, "changed": 2, "preview": True}
    assert Pull.objects.count() == before


ROLES: dict[str, list[Any]] = {
    "/nodes/bulk": [{"action": "pause", "filters": {}, "preview": True}, {Role.ANALYST, Role.ADMINISTRATOR}],
    "/nodes/test": [{"address": "unix:///nowhere.sock"}, {Role.ADMINISTRATOR}],
}


@pytest.mark.parametrize("path", ROLES)
@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_reach_nodes(path: str, role: str, fleet: Fleet) -> None:
    body, allowed = ROLES[path]
    client = signed_in(person("kim", role))
    status = send(client, "POST", path, body).status_code
    assert (status == 200) == (role in allowed), status
    assert status in (200, 403)
