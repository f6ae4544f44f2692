"""Reports of scanners with anything in place of any value: they are read or refused in words, and never raise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.records import Skipped
from scanners.reported import (
    Origin,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedProblem,
    ReportedVerdict,
)
from scanners.reports import (
    anchore,
    aws_ecr,
    aws_inspector,
    clair,
    clair_v2,
    grype,
    harbor,
    osv_scanner,
    sarif,
    security_hub,
    trivy_kubernetes,
    trivy_operator,
)
from scanners.reports.read import READERS
from scanners.reports.source import ReportError, Source, opened

DATA = Path(__file__).parents[2] / "data" / "reports"
SHARED = Path(__file__).parents[4] / "shared" / "data"
OURS = (
    anchore,
    aws_ecr,
    aws_inspector,
    clair,
    clair_v2,
    grype,
    harbor,
    osv_scanner,
    sarif,
    security_hub,
    trivy_kubernetes,
    trivy_operator,
)
SAMPLES = [
    (reader, json.loads(path.read_text()))
    for reader in OURS
    for path in sorted((DATA / reader.__name__.rpartition(".")[2].replace("_", "-")).glob("*"))
    if not path.name.endswith(".expected.json") and path.suffix != ".yaml"
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", " ", "sha256:", "pkg:deb/", "pkg:%", "CVSS:3.1/", "0:", "9999-99-99", "a:b@c", "[", "1e999"]
    )
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a JSON document is."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from places(inner, (*path, position))


def put(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The document with another value at a place."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], other)
    return copy


PLACES = [list(places(document)) for _, document in SAMPLES]


def read_or_refused(reader: Any, content: bytes) -> list[Any]:
    """The records of a report; none when it is refused in words."""
    try:
        records = list(reader.read(Source(memoryview(content), "report.json")))
    except ReportError as error:
        assert str(error).endswith(".")
        return []
    assert isinstance(records[0], Origin)
    assert [record for record in records if isinstance(record, Origin)] == records[:1]
    of_images = (ReportedMatch, ReportedPackage, ReportedProblem, ReportedVerdict)
    first = next((position for position, record in enumerate(records) if isinstance(record, of_images)), None)
    assert first is None or any(isinstance(record, ReportedImage) for record in records[:first])
    return records


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_value_in_place_of_any_other_raises_nothing(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(SAMPLES) - 1))
    reader, document = SAMPLES[number]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(PLACES[number]))
        try:
            document = put(document, path, data.draw(VALUES))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    read_or_refused(reader, json.dumps(document).encode())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(range(len(SAMPLES))), st.floats(0, 1))
def test_a_report_cut_anywhere_raises_nothing(number: int, share: float) -> None:
    reader, document = SAMPLES[number]
    content = json.dumps(document).encode()
    read_or_refused(reader, content[: int(len(content) * share)])


@pytest.mark.parametrize("reader", OURS, ids=lambda reader: reader.__name__.rpartition(".")[2])
@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"[[[",
        b"{" * 5000,
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"\xff\xfe{",
        b'"\\ud800"',
        b"a: *b",
    ],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_no_report_is_refused_in_words(reader: Any, content: bytes) -> None:
    source = Source(memoryview(content), "x")
    assert 0 <= reader.score(source) <= 100
    read_or_refused(reader, content)


REPORTS = sorted(
    path
    for folder in [*DATA.glob("*"), *SHARED.glob("*")]
    for path in folder.glob("*")
    if path.is_file() and not path.name.endswith((".expected.json", ".md"))
)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_two_readers_claim_a_report_alike(path: Path) -> None:
    with opened(path) as source:
        scores = sorted(((reader.score(source), reader.NAME) for reader in READERS), reverse=True)
    assert scores[0][0] == 0 or scores[0][0] > scores[1][0], scores[:3]


def test_a_secrets_surroundings_are_never_read() -> None:
    kept = []
    for reader, folder in (
        (trivy_operator, "trivy-operator"),
        (sarif, "sarif"),
        (trivy_kubernetes, "trivy-kubernetes"),
    ):
        for path in (DATA / folder).glob("*"):
            if not path.name.endswith(".expected.json"):
                with opened(path) as source:
                    kept += [
                        repr(record) for record in reader.read(source) if isinstance(record, ReportedProblem)
                    ]
    assert kept
    assert not [text for text in kept if "****" in text or "AKIA" in text or "BEGIN" in text]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x [1]\nkind: *x\napiVersion: aquasecurity.github.io/v1alpha1\n", "aliases"),
        ("apiVersion: aquasecurity.github.io/v1alpha1\nkind: " + "[" * 200 + "\n", "levels deep"),
        ("apiVersion: aquasecurity.github.io/v1alpha1\nkind: !!python/object:os.system x\n", "constructor"),
        ("apiVersion: aquasecurity.github.io/v1alpha1\nkind: [\n", "not YAML"),
    ],
)
def test_yaml_that_would_do_harm_is_refused(text: str, reason: str) -> None:
    source = Source(memoryview(text.encode()), "x.yaml")
    with pytest.raises(ReportError, match=reason):
        list(trivy_operator.read(source))


def test_yaml_says_the_same_as_json() -> None:
    path = DATA / "trivy-operator" / "list.json"
    document = json.loads(path.read_text())
    as_yaml = yaml.safe_dump(document, sort_keys=False).encode()
    said = [r for r in read_or_refused(trivy_operator, as_yaml) if not isinstance(r, Skipped)]
    assert said == [
        r for r in read_or_refused(trivy_operator, path.read_bytes()) if not isinstance(r, Skipped)
    ]
