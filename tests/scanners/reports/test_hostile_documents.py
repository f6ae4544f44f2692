"""Reports in which any value may be any other: readers of SBOMs, VEX and audits refuse or skip, and never fall over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.records import Record
from scanners.reported import Origin
from scanners.reports import (
    csaf,
    cyclonedx,
    docker_bench,
    dockle,
    kube_bench,
    openvex,
    spdx,
    spdx3,
    syft,
)
from scanners.reports.source import ReportError, Source

DATA = Path(__file__).parents[2] / "data" / "reports"
SAMPLES = (
    (csaf, "csaf/every-status.json"),
    (cyclonedx, "cyclonedx/vex-embedded-1.6.json"),
    (cyclonedx, "cyclonedx/syft-mongo-1.4.json"),
    (docker_bench, "docker-bench/version-1.3.5.json"),
    (dockle, "dockle/named-image.json"),
    (kube_bench, "kube-bench/list.json"),
    (openvex, "openvex/identifiers.json"),
    (spdx, "spdx/trivy-2.3.json"),
    (spdx3, "spdx3/image-3.0.1.json"),
    (syft, "syft/centos-schema-1.json"),
    (syft, "syft/binary-schema-16.json"),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value of a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in pairs for place in places(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The document with another value in one place."""
    if not path:
        return other
    key, *rest = path
    inner = put(value[key], tuple(rest), other)
    if isinstance(value, dict):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


def read(reader: Any, content: bytes) -> None:
    source = Source(memoryview(content), "report")
    assert isinstance(reader.score(source), int)
    try:
        records = list(reader.read(source))
    except ReportError as error:
        assert str(error).endswith(".")
        return
    assert isinstance(records[0], Origin)
    assert all(isinstance(record, Record) for record in records)


@pytest.mark.parametrize(
    ("reader", "sample"), SAMPLES, ids=lambda value: value if isinstance(value, str) else ""
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_reader_survives_any_value_in_any_place(reader: Any, sample: str, data: st.DataObject) -> None:
    document = json.loads((DATA / sample).read_bytes())
    place = data.draw(st.sampled_from(places(document)))
    read(reader, json.dumps(put(document, place, data.draw(ANYTHING))).encode())


@pytest.mark.parametrize(
    ("reader", "sample"), SAMPLES, ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("other", [None, "", "x", 0, -1.5, 10**30, True, [], {}, [None], [[[]]], {"a": None}])
def test_a_reader_survives_an_odd_value_in_every_place(reader: Any, sample: str, other: Any) -> None:
    document = json.loads((DATA / sample).read_bytes())
    seen: set[tuple[Any, ...]] = set()
    for place in places(document):
        kind = tuple("*" if isinstance(key, int) else key for key in place)
        if kind not in seen:  # items of a list are alike
            seen.add(kind)
            read(reader, json.dumps(put(document, place, other)).encode())


@pytest.mark.parametrize(
    "reader", [csaf, cyclonedx, docker_bench, dockle, kube_bench, openvex, spdx3, syft, spdx]
)
@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[",
        b"null",
        b"{}",
        b"[]",
        b'{"components":' + b"[" * 100_000,
        b'{"product_tree":{"branches":' + b'[{"branches":' * 50_000,
        b"\xff\xfe{\x00}\x00",
        b'{"a":"\xff"}',
        b"[PASS] 1.1",
        b"<bom",
        b"\x00" * 64,
    ],
)
def test_a_reader_survives_what_is_no_report(reader: Any, content: bytes) -> None:
    read(reader, content)


def test_a_log_of_any_text_is_read_or_refused() -> None:
    line = b"[PASS] 1.1.1 Ensure \xff\xfe \n== Remediations \n1.1.1 \n" * 3
    for cut in range(0, len(line), 5):
        read(kube_bench, line[:cut])


def test_tags_of_any_text_are_read() -> None:
    text = (DATA / "spdx" / "several-lines-2.3.spdx").read_bytes()
    for cut in range(0, len(text), 11):
        read(spdx, text[:cut] + b"\xff: \xfe\n<text>\n" + text[cut:])
