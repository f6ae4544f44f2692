"""Every reader on real reports: the right reader is chosen, and gives exactly the records that are expected."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanners.records import Skipped
from scanners.reported import Origin, ReportedImage
from scanners.reports.read import READERS, reader_of
from scanners.reports.source import ReportError, opened

DATA = Path(__file__).parents[2] / "data" / "reports"
SHARED = Path(__file__).parents[4] / "shared" / "data"
SAMPLES = sorted(
    path for path in DATA.glob("*/*") if not path.name.endswith(".expected.json") and path.suffix != ".md"
)
# Real reports of every size, where they are at hand.
BIG = sorted(
    path for folder in ("image-vulns", "sboms", "vex", "audits") for path in (SHARED / folder).glob("*")
)


def said(path: Path) -> list[dict[str, Any]]:
    """The records of a report as JSON values, each with its type's name."""
    with opened(path) as source:
        records = list(reader_of(source).read(source))
    return [
        {"record": type(record).__name__, **json.loads(msgspec.json.encode(record))} for record in records
    ]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_report_gives_exactly_these_records(path: Path) -> None:
    with opened(path) as source:
        assert reader_of(source).__name__.rpartition(".")[2] == path.parent.name.replace("-", "_")
    expected = path.with_name(path.name + ".expected.json")
    found = said(path)
    if os.environ.get("READERS") == "write":
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.rpartition(".")[2])
def test_every_reader_has_samples(reader: Any) -> None:
    folder = DATA / reader.__name__.rpartition(".")[2].replace("_", "-")
    assert list(folder.glob("*.expected.json")), f"no samples in {folder}"
    assert reader.NAME


@pytest.mark.parametrize("path", BIG, ids=lambda path: path.name)
def test_a_report_of_any_size_is_read_or_refused_in_words(path: Path) -> None:
    with opened(path) as source:
        try:
            records = list(reader_of(source).read(source))
        except ReportError as error:
            assert str(error).endswith(".")
            return
    assert isinstance(records[0], Origin)
    assert not [record for record in records if isinstance(record, Skipped) and record.kind == "malformed"]


def told(record: dict[str, Any]) -> tuple[Any, ...]:
    """What a record is about. The rest may stand further down in the report: the distribution, a time, a remedy."""
    about = record.get("vulnerability")
    package = record.get("package") or record
    return (
        record["record"],
        about["id"] if isinstance(about, dict) else about,
        *(package.get(name) for name in ("ecosystem", "namespace", "name", "version")),
        *(record.get(name) for name in ("kind", "key", "check", "passed", "status", "products")),
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_report_that_breaks_off_is_read_up_to_there(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    whole = [told(record) for record in said(path)]
    for share in (0.3, 0.6, 0.9):
        cut = tmp_path / path.name
        cut.write_bytes(content[: int(len(content) * share)])
        try:
            found = said(cut)
        except ReportError:
            continue  # nothing of it was whole
        kept = [record for record in found if record["record"] not in ("Skipped", "Origin")]
        assert all(told(record) in whole for record in kept if record["record"] != ReportedImage.__name__)
        assert any(record["record"] == "Skipped" for record in found)
