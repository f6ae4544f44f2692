"""Vulnerabilities: how far each reaches, as the findings themselves say it, for whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from posture.vulnerabilities.models import Alias, Vulnerability
from tests.posture.api.fleet import Fleet
from tests.posture.api.resources import get, walk

pytestmark = pytest.mark.django_db
KNOWN = "CVE-2026-1001"  # in web, which all hold; exploited
SHARED = "CVE-2026-1002"  # in web and in tool, which staging holds alone
STRAY = "CVE-2026-1100"  # in an image that no host of ours holds


def by_key(client: Client, **filters: Any) -> dict[str, Any]:
    return {row["key"]: row for row in walk(client, "/vulnerabilities", limit=200, **filters)}


@pytest.mark.parametrize(
    ("who", "environment"),
    [
        ("admin", None),
        ("admin", "production"),
        ("admin", "staging"),
        ("admin", "production,staging"),
        ("stager", None),
        ("stager", "staging"),
        ("stager", "production,staging"),
    ],
)
def test_numbers_are_those_of_the_findings_that_may_be_seen(
    who: str, environment: str | None, fleet: Fleet, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(who)
    filters = {"environment": environment} if environment else {}
    found = by_key(client, **filters)
    findings = walk(client, "/findings", kind="vulnerability", limit=200, **filters)
    assert set(found) == {row["vulnerability"]["key"] for row in findings}
    for key, row in found.items():
        of = [finding for finding in findings if finding["vulnerability"]["key"] == key]
        assert row["findings"] == len(of)
        assert row["images"] == len({finding["asset"]["id"] for finding in of})
        assert {name: n for name, n in row["severity_counts"].items() if n} == {
            name: sum(f["severity"] == name for f in of) for name in {f["severity"] for f in of}
        }


def test_it_says_where_and_what_runs(fleet: Fleet, admin: Client, stager: Client) -> None:
    row = by_key(admin)[SHARED]
    assert [place["slug"] for place in row["environments"]] == ["production", "staging"]
    assert row["images"] == 2 and row["hosts"] == {"value": 3, "exact": True}
    running = get(admin, "/containers", image=",".join(image_ids(admin, SHARED)), status="running")["count"]
    assert row["containers_running"] == running
    mine = by_key(stager)[SHARED]
    assert [place["slug"] for place in mine["environments"]] == ["staging"]
    assert mine["images"] == 2 and mine["hosts"]["value"] == 1
    assert by_key(stager, environment="production") == {}
    assert STRAY in by_key(admin) and STRAY not in by_key(stager)


def image_ids(client: Client, key: str) -> list[str]:
    return sorted(
        {str(row["asset"]["id"]) for row in walk(client, "/findings", vulnerability=key, limit=200)}
    )


def test_what_is_known_of_it(fleet: Fleet, admin: Client) -> None:
    row = by_key(admin, exploited="true")
    assert list(row) == [KNOWN]
    item = get(admin, f"/vulnerabilities/{row[KNOWN]['id']}")
    assert (item["exploited_since"], item["fix_due_at"], item["epss"]) == ("2026-10-01", "2026-11-01", 0.4)
    assert item["severities"] == [{"source": "nvd", "severity": "high"}]
    assert [package["name"] for package in item["packages"]] == ["libweb1"]
    assert item["packages"][0]["fix"] == "affected" and item["fixed_in"] == "none"
    assert [moment["what"] for moment in item["timeline"]][0] == "Exploited"
    assert {place["environment"]["slug"]: place["images"] for place in item["affected_environments"]} == {
        "production": 1,
        "staging": 1,
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"severity": "critical"}, {"CVE-2026-1000", SHARED, STRAY}),
        ({"epss_min": "0.4"}, {KNOWN}),
        ({"epss_min": "0.41"}, set()),
        ({"fixed_in": "some"}, set()),
        ({"fixed_in": "all", "severity": "critical"}, {"CVE-2026-1000", SHARED, STRAY}),
        ({"search": "2026-1100"}, {STRAY}),
        ({"search": "cve-2026-1100"}, {STRAY}),
        ({"search": "ghsa-ABCD"}, {KNOWN}),
        ({"search": "abcd"}, set()),
        ({"search": "FLAW 1001"}, set()),
        ({"search": "flaw 10"}, {"CVE-2026-1100", "CVE-2026-1101", "CVE-2026-1102"}),
        ({"ecosystem": "npm"}, set()),
        ({"has_findings": "false"}, set()),
        ({"disputed": "true"}, set()),
    ],
)
def test_filters(filters: dict[str, str], expected: set[str], fleet: Fleet, admin: Client) -> None:
    Alias.objects.create(name="GHSA-abcd-1234", vulnerability=Vulnerability.objects.get(key=KNOWN))
    assert set(by_key(admin, **filters)) == expected


def test_an_advisory_that_touches_nothing_is_not_listed_nor_has_a_page(fleet: Fleet, admin: Client) -> None:
    known = Vulnerability.objects.create(key="CVE-1999-0001", first_seen_at=timezone.now())
    for filters in ({}, {"has_findings": "false"}, {"search": known.key}):
        assert known.key not in by_key(admin, **filters)
    assert admin.get(f"/api/v1/vulnerabilities/{known.pk}").status_code == 404


def test_those_in_most_images_come_first(fleet: Fleet, admin: Client) -> None:
    images = [row["images"] for row in walk(admin, "/vulnerabilities", ordering="-images", limit=2)]
    assert images == sorted(images, reverse=True) and images[0] == 2


@pytest.mark.parametrize("text", ["2", "-0.1", "much", "nan"])
def test_a_share_that_is_none_is_refused(text: str, admin: Client) -> None:
    response = admin.get("/api/v1/vulnerabilities", {"epss_min": text})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "epss_min")
