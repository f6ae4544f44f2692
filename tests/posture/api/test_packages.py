"""Packages: who holds them, what is open in them, and their other versions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.posture.api.fleet import Fleet
from tests.posture.api.resources import get, walk

pytestmark = pytest.mark.django_db


def by_name(client: Client, **filters: Any) -> dict[str, Any]:
    return {row["name"]: row for row in walk(client, "/packages", limit=200, **filters)}


@pytest.mark.parametrize("who", ["admin", "stager"])
def test_numbers_are_those_of_what_may_be_seen(
    who: str, fleet: Fleet, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(who)
    findings = walk(client, "/findings", kind="vulnerability", limit=200)
    found = by_name(client)
    assert {row["package"]["name"] for row in findings} <= set(found)
    for row in found.values():
        of = [finding for finding in findings if finding["package"]["id"] == row["id"]]
        held = {image["id"] for image in walk(client, "/images", package=row["id"], limit=200)}
        assert row["findings"] == {"value": len(of), "exact": True}
        assert row["images"] == {"value": len(held), "exact": True}
        assert (row["severity"] is None) == (not of)


def test_the_item_says_what_is_open_and_how_it_is_mended(fleet: Fleet, admin: Client, stager: Client) -> None:
    item = get(admin, f"/packages/{by_name(admin)['libweb0']['id']}")
    assert item["url"].startswith("pkg:deb/debian/libweb0@3.0.1-1?arch=amd64")
    assert [(v["vulnerability"]["key"], v["fix"], v["images"]) for v in item["vulnerabilities"]] == [
        ("CVE-2026-1000", "fixed", 1),
        ("CVE-2026-1003", "affected", 1),
    ]
    assert item["vulnerabilities"][0]["fixed_versions"] == ["3.0.2-1"]
    assert item["versions"] == []
    stray = by_name(admin)["libstray0"]["id"]
    assert stager.get(f"/api/v1/packages/{stray}").status_code == 404


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"search": "LIBWE"}, {"libweb0", "libweb1", "libweb2"}),
        ({"has_findings": "false"}, {"libssl3"}),
        ({"ecosystem": "npm"}, set()),
        ({"distribution": "debian-12", "name": "libssl3"}, {"libssl3"}),
    ],
)
def test_filters(filters: dict[str, str], expected: set[str], fleet: Fleet, admin: Client) -> None:
    assert set(by_name(admin, **filters)) == expected


def test_images_are_found_by_what_is_in_them(fleet: Fleet, admin: Client, stager: Client) -> None:
    def names(client: Client, **filters: Any) -> list[str]:
        return sorted(row["name"] for row in walk(client, "/images", **filters))

    assert names(admin, vulnerability="CVE-2026-1002") == ["shop/tool:1.0", "shop/web:1.0"]
    assert names(admin, vulnerability="CVE-2026-1100") == ["shop/stray:1.0"]
    assert names(stager, vulnerability="CVE-2026-1100") == []
    assert names(admin, vulnerability="CVE-1999-0001") == []
    assert names(admin, package=str(2**40)) == []
