"""Findings say who reports them, whether the tools agree and how they are mended; and they are found by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from posture.accounts.choices import Role
from posture.collection.reports import import_file
from posture.vulnerabilities import ingest
from tests.posture.api.resources import get, walk
from tests.posture.collection.test_reports import grype_like, saved, trivy, vulnerability
from tests.posture.people import person, program

pytestmark = pytest.mark.django_db
SOURCE = "debian:distro:debian:12"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """1 is agreed on, 2 is Trivy's alone, 3 is Grype's alone, and of 4 they give severities far apart."""
    ingest.forget()
    import_file(
        saved(
            tmp_path,
            trivy(
                vulnerability(1),
                vulnerability(2, Status="will_not_fix", FixedVersion=""),
                vulnerability(4, Severity="CRITICAL"),
            ),
        )
    )
    import_file(grype_like(tmp_path, 1, 3, 4, severity="Medium", source=SOURCE))
    yield program(person("ann", Role.ANALYST))
    ingest.forget()


def numbers(client: Client, **filters: Any) -> set[int]:
    rows = walk(client, "/findings", kind="vulnerability", **filters)
    return {int(row["vulnerability"]["key"].rpartition("-")[2]) - 1000 for row in rows}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {1, 2, 3, 4}),
        ({"agreement": "agreed"}, {1}),
        ({"agreement": "disputed"}, {2, 3, 4}),
        ({"agreement": "single_source"}, set()),
        ({"sources": "trivy"}, {1, 2, 4}),
        ({"sources": "grype"}, {1, 3, 4}),
        ({"sources": "grype,trivy"}, {1, 2, 3, 4}),
        ({"sources": "nobody"}, set()),
        ({"fixable": "true"}, {1, 4}),
        ({"fixable": "false"}, {2, 3}),
        ({"fix": "will_not_fix,unknown"}, {2, 3}),
    ],
)
def test_filters(filters: dict[str, str], expected: set[int], client: Client) -> None:
    assert numbers(client, **filters) == expected


def test_facets_count_what_the_filters_find(client: Client) -> None:
    facets = {facet["name"]: facet["values"] for facet in get(client, "/findings/facets")["facets"]}
    counted = {
        name: {value["value"]: value["count"]["value"] for value in facets[name] if value["count"]["value"]}
        for name in ("agreement", "sources", "fix", "fixable")
    }
    assert counted == {
        "agreement": {"agreed": 1, "disputed": 3},
        "sources": {"grype": 3, "trivy": 3},
        "fix": {"fixed": 2, "will_not_fix": 1, "unknown": 1},
        "fixable": {"true": 2, "false": 2},
    }


@pytest.mark.parametrize(
    ("number", "advice"),
    [(1, "Upgrade libssl3 to 3.0.2-1, and build the image anew."), (2, "will not be mended"), (3, "")],
)
def test_a_finding_says_what_to_do(number: int, advice: str, client: Client) -> None:
    row = walk(client, "/findings", vulnerability=f"CVE-2026-{1000 + number}")[0]
    item = get(client, f"/findings/{row['id']}")
    assert advice in item["remediation"] and bool(advice) == bool(item["remediation"])
    assert row["fixed_versions"] == (["3.0.2-1"] if number == 1 else [])
    assert {word["tool"] for word in item["words"]} == ({"trivy"} if number == 2 else {"grype"} if number == 3
        else {"trivy", "grype"})  # fmt: skip


def test_a_word_of_the_past_is_shown_as_of_then(client: Client, tmp_path: Path) -> None:
    row = walk(client, "/findings", vulnerability="CVE-2026-1001")[0]
    import_file(saved(tmp_path, trivy(vulnerability(1, FixedVersion="3.0.9-1"))))
    assert get(client, f"/findings/{row['id']}")["fixed_versions"] == ["3.0.9-1"]
    then = get(client, f"/findings/{row['id']}", as_of=row["opened_at"])
    assert then["fixed_versions"] == ["3.0.2-1"]
    assert [word["tool"] for word in then["words"]] == ["trivy"]
