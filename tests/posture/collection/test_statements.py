"""VEX documents: kept as they are said, replaced by the newer word of the same author, shown on what they are about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from posture.accounts.choices import Role
from posture.collection import uploads
from posture.collection.choices import UploadSource
from posture.collection.reports import import_file
from posture.findings.models import Finding
from posture.findings.vex import is_about
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Package, Statement
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment
from tests.posture.collection.test_feeds import hold
from tests.posture.collection.test_reports import DIGEST, vulnerability
from tests.posture.people import person, signed_in

pytestmark = pytest.mark.django_db
REPORTS = Path(__file__).parents[2] / "data" / "reports"


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def client() -> Client:
    return signed_in(person())


def openvex(
    status: str = "not_affected", at: str = "2026-11-01T00:00:00Z", **statement: Any
) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://shop.example/vex/1",
        "author": "Shop",
        "timestamp": at,
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-1001"},
                "products": [
                    {"@id": DIGEST, "subcomponents": [{"@id": "pkg:deb/debian/libssl3"}]},
                ],
                "status": status,
                "justification": "vulnerable_code_not_in_execute_path",
                **statement,
            }
        ],
    }


def send(tmp_path: Path, document: dict[str, Any]) -> Any:
    path = tmp_path / "vex.json"
    path.write_text(json.dumps(document))
    return import_file(path)


def shown(client: Client) -> list[dict[str, Any]]:
    finding = Finding.objects.get(vulnerability__key="CVE-2026-1001")
    found: list[dict[str, Any]] = get(client, f"/findings/{finding.pk}")["statements"]
    return found


def test_a_statement_is_shown_on_what_it_is_about(tmp_path: Path, client: Client) -> None:
    hold(tmp_path, found=(vulnerability(1), vulnerability(2)))
    imported = send(tmp_path, openvex())
    assert (imported.status, imported.statements, imported.images) == ("imported", 1, 0)
    (one,) = shown(client)
    assert (one["author"], one["status"]) == ("Shop", "not_affected")
    other = Finding.objects.get(vulnerability__key="CVE-2026-1002")
    assert get(client, f"/findings/{other.pk}")["statements"] == []
    assert send(tmp_path, openvex()).status == "unchanged"
    assert Statement.objects.count() == 1


def test_the_newer_word_of_an_author_stands_and_an_older_one_changes_nothing(
    tmp_path: Path, client: Client
) -> None:
    hold(tmp_path, found=(vulnerability(1),))
    send(tmp_path, openvex("under_investigation", at="2026-11-02T00:00:00Z"))
    assert send(tmp_path, openvex("affected", at="2026-11-01T00:00:00Z")).status == "unchanged"
    assert [one["status"] for one in shown(client)] == ["under_investigation"]
    send(tmp_path, openvex("fixed", at="2026-11-03T00:00:00Z"))
    assert [one["status"] for one in shown(client)] == ["fixed"]
    assert Statement.objects.filter(closed_at__isnull=False).count() == 1, "the past is kept"


@pytest.mark.parametrize(
    ("product", "parts", "applies"),
    [
        (DIGEST, [], True),
        (DIGEST, ["pkg:deb/debian/libssl3@3.0.1-1"], True),
        (DIGEST, ["pkg:deb/debian/libssl3@3.0.2-1"], False),
        (DIGEST, ["pkg:deb/debian/openssl"], True),
        (DIGEST, ["pkg:deb/ubuntu/libssl3"], False),
        ("sha256:" + "b" * 64, [], False),
        (f"pkg:oci/web@{DIGEST.replace(':', '%3A')}", [], True),
        ("pkg:oci/web?repository_url=shop%2Fweb&tag=1.0", [], True),
        ("pkg:oci/web?repository_url=shop%2Fweb&tag=2.0", [], False),
        ("shop/web:1.0", [], True),
        ("shop/web", ["pkg:deb/debian/libssl3"], True),
        ("pkg:deb/debian/libssl3?distro=debian-12", [], True),
        ("pkg:deb/debian/libssl3?distro=debian-11", [], False),
        ("pkg:npm/libssl3", [], False),
        ("cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*", [], False),
    ],
)
def test_what_a_statement_is_about(product: str, parts: list[str], applies: bool) -> None:
    package = Package(
        ecosystem="deb",
        namespace="debian",
        name="libssl3",
        version="3.0.1-1",
        architecture="amd64",
        distribution="debian-12",
        source_name="openssl",
        source_version="3.0.1-1",
    )
    names = {DIGEST, "shop/web:1.0", "shop/web"}
    assert is_about(product, parts, names, package) is applies


def test_who_sees_some_environments_makes_no_statement_for_all(tmp_path: Path) -> None:
    sam = person("sam", Role.ANALYST)
    sam.environments.set([environment("staging")])
    content = json.dumps(openvex()).encode()
    upload = uploads.accept([content], name="vex", source=UploadSource.UPLOAD, by=sam)
    uploads.run(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.skipped_total) == ("partial", 1)
    assert not Statement.objects.exists()


@pytest.mark.parametrize("kind", ["openvex", "csaf"])
def test_real_documents_are_kept(kind: str, tmp_path: Path) -> None:
    for path in sorted((REPORTS / kind).iterdir()):
        if path.name.endswith(".expected.json") or path.name == "none.json":
            continue
        imported = import_file(path)
        assert imported.status in ("imported", "partial"), (path.name, imported.error)
        assert imported.statements > 0
    assert Statement.objects.exists()
