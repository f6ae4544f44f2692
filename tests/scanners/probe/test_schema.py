"""The published schema of the probe's document is that of the records, and holds for what the probe says."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scanners import host, probe, probe_schema
from scanners.probe.collect import document
from tests.scanners.probe import roots

PUBLISHED = Path(__file__).parents[3] / "docs" / "probe-schema.json"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return dict(json.loads(PUBLISHED.read_text()))


def problems(schema: dict[str, Any], found: dict[str, Any]) -> list[str]:
    as_read = json.loads(json.dumps(found))
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in Draft202012Validator(schema).iter_errors(as_read)
    ]


def test_the_published_schema_is_that_of_the_records() -> None:
    assert PUBLISHED.read_text() == probe_schema.text(), "docs/probe-schema.json is stale: make probe-schema"


def test_it_is_a_schema_that_says_its_version(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(":" + host.SCHEMA.rpartition("/")[2])
    assert schema["$defs"]["HostFacts"]["properties"]["schema"]["const"] == host.SCHEMA == probe.SCHEMA


def test_fields_are_explained(schema: dict[str, Any]) -> None:
    kernel = schema["$defs"]["Kernel"]["properties"]
    assert kernel["lockdown"]["description"] == "none, integrity, confidentiality"
    assert kernel["options"]["description"].endswith("null: not known to the kernel")
    assert [item["title"] for item in schema["$defs"]["Package"]["prefixItems"]][:2] == ["name", "version"]


@pytest.mark.parametrize("situation", roots.SITUATIONS, ids=lambda path: path.stem)
def test_documents_of_recorded_hosts_are_valid(
    situation: Path, schema: dict[str, Any], tmp_path: Path
) -> None:
    described = roots.described(situation)
    found = roots.read(roots.make(tmp_path, described["files"], described.get("links")))
    assert problems(schema, found) == []


@pytest.mark.skipif(platform.system() != "Linux", reason="the probe reads Linux hosts")
def test_the_document_of_this_host_is_valid(schema: dict[str, Any]) -> None:
    assert problems(schema, document()) == []


def test_a_document_of_another_version_or_with_a_wrong_fact_is_not(schema: dict[str, Any]) -> None:
    found = document(seconds=0.0)
    assert problems(schema, {**found, "schema": "plimsoll.probe/0"})
    assert problems(schema, {**found, "kernel": {"release": 6}})
    assert problems(schema, {**found, "packages": {"installed": [["openssl"]]}})
    assert problems(schema, {**found, "something_new": 1}) == []
