"""Hosts, containers and images: their figures, and the filters that only they have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from posture.fleet.models import Asset, Environment, Node
from tests.posture.api.fleet import DIGESTS, Fleet
from tests.posture.api.resources import get, walk

pytestmark = pytest.mark.django_db


def identity(name: str) -> int:
    return Asset.objects.get(name=name).pk


def names(rows: list[Any]) -> list[str]:
    return sorted(row["name"] for row in rows)


def test_a_host_counts_what_it_holds(fleet: Fleet, admin: Client) -> None:
    host = get(admin, f"/hosts/{identity('alpha')}")
    assert (host["containers_running"], host["containers_total"], host["images_total"]) == (3, 4, 2)
    assert host["node"] == {"id": fleet.alpha.pk, "name": "alpha", "state": "healthy"}
    assert host["environment"]["slug"] == "production"
    assert host["load"]["measured"] and 0 < host["load"]["coverage"] < 1
    assert host["load"]["line"] == fleet.production.line
    assert "engine-alpha" in json.dumps(host["document"])
    mine = walk(admin, "/findings", host=host["id"], limit=200)
    assert sum(host["severity_counts"].values()) == len(mine)


def test_a_container_shows_its_settings_and_document(fleet: Fleet, admin: Client) -> None:
    container = get(admin, f"/containers/{identity('alpha-app-000')}")
    assert container["host"] == {"kind": "host", "id": identity("alpha"), "name": "alpha"}
    assert container["image"] == {"id": identity("shop/web:1.0"), "name": "shop/web:1.0"}
    assert {"name": "Privileged", "value": "yes"} in container["settings"]
    assert container["engine_container_id"] in json.dumps(container["document"])
    assert container["published"] == ["0.0.0.0:8080->80/tcp"]


def test_an_image_shows_where_it_is(fleet: Fleet, admin: Client, stager: Client) -> None:
    pk = identity("shop/web:1.0")
    image = get(admin, f"/images/{pk}")
    assert image["digest"] == DIGESTS["web"]
    assert image["references"] == ["shop/web:1.0"]
    assert (image["hosts"], names(image["hosts_list"])) == (3, ["alpha", "beta", "gamma"])
    seen_by_stager = get(stager, f"/images/{pk}")
    assert (seen_by_stager["hosts"], names(seen_by_stager["hosts_list"])) == (1, ["gamma"])
    assert seen_by_stager["containers_running"] < image["containers_running"]


@pytest.mark.parametrize(
    ("resource", "filters", "expected"),
    [
        ("containers", {"privileged": "true"}, ["alpha-app-000", "beta-app-000", "gamma-app-000"]),
        ("containers", {"exposed": "true", "environment": "staging"}, ["gamma-app-000"]),
        (
            "containers",
            {"status": "exited", "environment": "staging,production"},
            ["alpha-app-003", "beta-app-002", "gamma-app-001"],
        ),
        ("containers", {"search": "APP-003"}, ["alpha-app-003"]),
        ("containers", {"search": "ga"}, ["gamma-app-000", "gamma-app-001"]),
        ("containers", {"project": "nothing"}, []),
        ("images", {"in_use": "false"}, ["shop/stray:1.0", "shop/tool:1.0"]),
        ("images", {"environment": "production"}, ["shop/db:1.0", "shop/web:1.0"]),
        ("images", {"repository": "shop/tool"}, ["shop/tool:1.0"]),
        ("images", {"repository": "shop/to"}, []),
        ("hosts", {"environment": "staging"}, ["gamma"]),
        ("hosts", {"swarm_state": "inactive", "search": "bet"}, ["beta"]),
    ],
)
def test_filters(
    resource: str, filters: dict[str, str], expected: list[str], fleet: Fleet, admin: Client
) -> None:
    assert names(walk(admin, f"/{resource}", **filters)) == expected


def test_hosts_and_nodes_lead_to_their_containers(fleet: Fleet, admin: Client) -> None:
    expected = ["gamma-app-000", "gamma-app-001"]
    assert names(walk(admin, "/containers", host=identity("gamma"))) == expected
    assert names(walk(admin, "/containers", node=fleet.gamma.pk)) == expected
    assert names(walk(admin, "/hosts", node=f"{fleet.gamma.pk},{fleet.beta.pk}")) == ["beta", "gamma"]


def test_above_the_line_follows_the_line(fleet: Fleet, admin: Client) -> None:
    Environment.objects.filter(slug="staging").update(line=1.0)
    Environment.objects.filter(slug="production").update(line=9_999.0)
    assert names(walk(admin, "/hosts", above_line="true")) == ["gamma"]
    assert names(walk(admin, "/hosts", above_line="false")) == ["alpha", "beta"]


def test_nodes_are_found_by_label(fleet: Fleet, admin: Client) -> None:
    Node.objects.filter(pk=fleet.alpha.pk).update(labels={"team": "shop", "rack": "r1"})
    Node.objects.filter(pk=fleet.beta.pk).update(labels={"team": "mail"})
    assert names(walk(admin, "/nodes", label="team=shop")) == ["alpha"]
    assert names(walk(admin, "/nodes", label="team")) == ["alpha", "beta"]


def test_unmeasured_loads_come_last_both_ways(fleet: Fleet, admin: Client) -> None:
    Asset.objects.filter(name="alpha").update(load=None)
    for ordering in ("load", "-load"):
        rows = walk(admin, "/hosts", ordering=ordering, limit=1)
        assert [row["name"] for row in rows][-1] == "alpha"
        assert rows[-1]["load"]["measured"] is False
        assert len(rows) == 3


def test_an_export_defuses_formulas(fleet: Fleet, admin: Client) -> None:
    host = Asset.objects.get(name="gamma")
    Asset.objects.filter(pk=host.pk).update(name="=cmd|' /C calc'!A0")
    Environment.objects.filter(slug="staging").update(name="@SUM(A1)")
    exported = admin.get("/api/v1/containers/export", {"host": host.pk})
    body = b"".join(exported.streaming_content).decode()
    assert ",'=cmd|' /C calc'!A0," in body
    assert ",'@SUM(A1)," in body
