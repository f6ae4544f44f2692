"""CycloneDX in XML that means harm, or is not what it says: refused in words, quickly, and without opening anything."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from scanners.records import Skipped
from scanners.reported import ReportedImage, ReportedPackage
from scanners.reports.read import read
from scanners.reports.source import ReportError, opened

NAMESPACE = 'xmlns="http://cyclonedx.org/schema/bom/1.6"'


def records(tmp_path: Path, text: str) -> list[object]:
    path = tmp_path / "bom.xml"
    path.write_text(text)
    with opened(path) as source:
        return list(read(source))


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE bom [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE bom [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE bom SYSTEM "http://localhost:1/bom.dtd">',
        "<!DOCTYPE bom>",
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, declaration: str) -> None:
    body = "<components><component><name>&a;</name></component></components>"
    with pytest.raises(ReportError, match="declares a document type or entities"):
        records(tmp_path, f'<?xml version="1.0"?>{declaration}<bom {NAMESPACE}>{body}</bom>')


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="nests deeper than 64"):
        records(tmp_path, f"<bom {NAMESPACE}>" + "<components><component>" * 100_000)


def test_what_is_no_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="This is not XML"):
        records(tmp_path, f"<bom {NAMESPACE} <<< ]]>")


def test_a_component_without_a_name_is_skipped_and_the_next_one_read(tmp_path: Path) -> None:
    components = "<component type='library'/><component type='library'><name>a</name></component>"
    found = records(tmp_path, f"<bom {NAMESPACE}><components>{components}</components></bom>")
    assert [type(record) for record in found[1:]] == [ReportedImage, Skipped, ReportedPackage]


def test_metadata_that_do_not_fit_leave_the_components(tmp_path: Path) -> None:
    metadata = "<metadata><component><version>1</version></component></metadata>"
    components = "<components><component type='library'><name>a</name></component></components>"
    found = records(tmp_path, f"<bom {NAMESPACE}>{metadata}{components}</bom>")
    assert [record.name for record in found if isinstance(record, ReportedPackage)] == ["a"]


def test_what_is_not_needed_of_a_big_report_takes_no_memory(tmp_path: Path) -> None:
    description = f"<description>{'x' * 4_000}</description>"
    component = f"<component type='library'><name>a</name>{description}</component>"
    path = tmp_path / "bom.xml"
    path.write_text(f"<bom {NAMESPACE}><components>{component * 2_000}</components></bom>")
    with opened(path) as source:
        tracemalloc.start()
        found = sum(isinstance(record, ReportedPackage) for record in read(source))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == 2_000
    assert peak < path.stat().st_size / 4
