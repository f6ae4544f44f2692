"""Findings: groups, shares, factors; and the filters that reach assets through where they lie."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from posture.fleet.models import Asset
from tests.posture.api.fleet import Fleet
from tests.posture.api.resources import get, walk

pytestmark = pytest.mark.django_db
PRIVILEGED = "docker.container.not-privileged"


def identity(name: str) -> int:
    return Asset.objects.get(name=name).pk


def assets(rows: list[Any]) -> set[str]:
    return {row["asset"]["name"] for row in rows}


def test_groups_by_check_say_x_of_y(fleet: Fleet, admin: Client) -> None:
    groups = {group["key"]: group for group in get(admin, "/findings/groups", by="check")["results"]}
    group = groups[PRIVILEGED]
    assert (group["findings"], group["assets"], group["assets_total"]) == (3, 3, 9)
    assert group["severity"] == get(admin, f"/checks/{PRIVILEGED}")["severity"]
    in_staging = get(admin, "/findings/groups", by="check", environment="staging", check=PRIVILEGED)[
        "results"
    ]
    assert [(g["assets"], g["assets_total"]) for g in in_staging] == [(1, 2)]


@pytest.mark.parametrize(
    "by", ["check", "host", "image", "severity", "vulnerability", "package", "fix", "owner"]
)
def test_the_key_of_a_group_leads_to_its_findings(by: str, fleet: Fleet, admin: Client) -> None:
    groups = get(admin, "/findings/groups", by=by)["results"]
    assert groups
    for group in groups[:10]:
        filters = {"mended_by" if by == "fix" else by: group["key"]} | (
            {"asset_kind": "host,container"} if by == "host" else {}
        )
        rows = walk(admin, "/findings", **filters, limit=200)
        assert len(rows) == group["findings"]
        assert len(assets(rows)) == group["assets"]
        assert max(row["points"] for row in rows) == group["points_max"]


def test_groups_by_something_else_are_refused(admin: Client) -> None:
    response = admin.get("/api/v1/findings/groups", {"by": "colour"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "by")


def test_a_host_shows_its_own_its_containers_and_its_images_findings(fleet: Fleet, admin: Client) -> None:
    rows = walk(admin, "/findings", host=identity("gamma"), limit=200)
    names = assets(rows)
    assert {"gamma", "gamma-app-000", "shop/web:1.0", "shop/tool:1.0"} <= names
    assert not any(name.startswith(("alpha", "beta")) for name in names)
    by_node = walk(admin, "/findings", node=fleet.gamma.pk, limit=200)
    assert {row["id"] for row in by_node} == {row["id"] for row in rows}


def test_an_environment_holds_the_findings_of_its_hosts_images(fleet: Fleet, admin: Client) -> None:
    production = assets(walk(admin, "/findings", environment="production", limit=200))
    assert "shop/web:1.0" in production
    assert "shop/tool:1.0" not in production
    rows = {row["slug"]: row for row in get(admin, "/environments")["results"]}
    for slug, row in rows.items():
        total = get(admin, "/findings", environment=slug, limit=1)["count"]["value"]
        assert sum(row["open_findings"].values()) == total
        assert row["hosts"] == get(admin, "/hosts", environment=slug)["count"]["value"]
        assert row["containers"] == get(admin, "/containers", environment=slug)["count"]["value"]
        assert row["load"]["load"] == pytest.approx(get(admin, f"/environments/{row['id']}/ledger")["load"])


def test_a_finding_says_why_what_to_do_and_its_share(fleet: Fleet, admin: Client) -> None:
    row = walk(admin, "/findings", check=PRIVILEGED, search="gamma-app")[0]
    item = get(admin, f"/findings/{row['id']}")
    assert item["evidence"] and item["rationale"] and item["remediation"] and item["requirements"]
    product = 1.0
    for factor in item["factors"]:
        product *= factor["factor"]
    assert item["points"] == pytest.approx(min(product, 100.0))
    assert [interval["closed_at"] for interval in item["intervals"]] == [None]
    assert item["share"]["of"]["name"] == "gamma"
    host = get(admin, f"/hosts/{identity('gamma')}")
    assert item["share"]["load"] == host["load"]["load"]
    lines = get(admin, f"/hosts/{identity('gamma')}/ledger")["lines"]
    line = next(line for line in lines if line["finding"]["id"] == row["id"])
    assert line["share"] == pytest.approx(item["share"]["share"])


def test_a_ledger_adds_up_to_the_load(fleet: Fleet, admin: Client) -> None:
    for kind, name in (("hosts", "alpha"), ("containers", "alpha-app-000"), ("images", "shop/web:1.0")):
        ledger = get(admin, f"/{kind}/{identity(name)}/ledger")
        assert sum(line["share"] for line in ledger["lines"]) + ledger["rest"] == pytest.approx(
            ledger["load"]
        )
        assert ledger["missing"], "no engine shows everything"


def test_an_image_filter_shows_the_images_own_findings(fleet: Fleet, admin: Client) -> None:
    rows = walk(admin, "/findings", image=identity("shop/web:1.0"))
    assert assets(rows) == {"shop/web:1.0"}


def test_search_finds_by_check_and_by_asset(fleet: Fleet, admin: Client) -> None:
    by_asset = walk(admin, "/findings", search="GAMMA-app-0", limit=200)
    assert assets(by_asset) == {"gamma-app-000"}
    by_check = walk(admin, "/findings", search="not-privileged", limit=200)
    assert {row["check"] for row in by_check} == {PRIVILEGED}


@pytest.mark.parametrize("ordering", ["-points", "-severity", "-opened_at", "opened_at", "asset"])
@pytest.mark.parametrize(
    "filters",
    [
        {"severity": "critical,medium,low"},
        {"check": PRIVILEGED},
        {"environment": "production"},
        {"environment": "production,staging", "severity": "high,low"},
        {"state": "open,resolved", "severity": "high,info"},
        {"vulnerability": "CVE-2026-1002,CVE-2026-1001"},
        {"vulnerability": "CVE-2026-1002,CVE-2026-1001", "severity": "critical,high"},
    ],
)
def test_ranges_read_apart_are_shown_as_one_list(
    filters: dict[str, str], ordering: str, fleet: Fleet, admin: Client
) -> None:
    everything = walk(admin, "/findings", ordering=ordering, limit=200, state=filters.get("state", "open"))
    chosen = {row["id"] for row in walk(admin, "/findings", **filters, limit=200)}
    expected = [row["id"] for row in everything if row["id"] in chosen]
    assert expected
    assert [row["id"] for row in walk(admin, "/findings", **filters, ordering=ordering, limit=3)] == expected
    count = get(admin, "/findings", **filters, ordering=ordering, limit=1)["count"]
    assert count == {"value": len(expected), "exact": True}
