"""Files of OSV's records: archives and JSON, whole, damaged, and larger than allowed."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path

import pytest

from scanners.advisories import osv
from scanners.advisories.records import Entry, FeedError, Limits
from scanners.records import Skipped
from tests.scanners.advisories.osv_samples import (
    archive,
    document,
    entries,
    skipped,
)


def test_a_member_that_did_not_change_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "all.zip", {"A.json": json.dumps(document(id="A")), "B.json": json.dumps(document(id="B"))}
    )
    marks = {one.name: one.mark for one in entries(path)}
    content = path.read_bytes()
    packed = zipfile.ZipFile(path).getinfo("A.json")
    at = packed.header_offset + 30 + len("A.json")
    path.write_bytes(content[:at] + b"\xff" * packed.compress_size + content[at + packed.compress_size :])
    assert entries(path, marks) == [Entry(name=name, mark=mark) for name, mark in marks.items()]
    assert [one.where for one in skipped(path)] == ["A.json"]
    assert [one.name for one in entries(path) if one.advisory] == ["B.json"]


def test_a_changed_member_has_another_mark(tmp_path: Path) -> None:
    before = entries(archive(tmp_path / "a.zip", {"A.json": json.dumps(document(id="A"))}))
    after = entries(
        archive(tmp_path / "b.zip", {"A.json": json.dumps(document(id="B"))}),
        {before[0].name: before[0].mark},
    )
    assert before[0].mark != after[0].mark
    assert after[0].advisory is not None
    assert after[0].advisory.id == "B"


def test_one_bad_member_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "all.zip",
        {
            "good.json": json.dumps(document(id="good")),
            "not-json.json": "{",
            "no-object.json": "[1]",
            "no-id.json": "{}",
            "empty-id.json": '{"id": ""}',
            "long-id.json": json.dumps(document(id="X" * 81)),
            "odd-id.json": json.dumps(document(id="CVE-2024-1\n")),
            "long-name.json": json.dumps(document(package="x" * 301)),
            "m" * 301 + ".json": json.dumps(document(id="member")),
            "wrong.json": json.dumps({**document(), "affected": 3}),
            "latin.json": b'{"id": "\xff"}',
            "deep.json": '{"id": "x", "more": ' + "[" * 50_000 + "]" * 50_000 + "}",
            "folder/": "",
            "last.json": json.dumps(document(id="last")),
        },
    )
    assert [one.name for one in entries(path) if one.advisory] == ["good.json", "last.json"]
    assert {one.where for one in skipped(path)} == {
        "not-json.json", "no-object.json", "no-id.json", "empty-id.json", "wrong.json", "latin.json", "deep.json",
        "long-id.json", "odd-id.json", "long-name.json", "m" * 200,
    }  # fmt: skip


def test_a_bomb_is_refused_unopened(tmp_path: Path) -> None:
    good = json.dumps(document(id="good"))
    path = archive(
        tmp_path / "all.zip",
        {"bomb.json": b" " * 20_000_000, "large.json": os.urandom(3_000), "good.json": good},
    )
    said = skipped(path, limits=Limits(member_bytes=30_000_000))
    assert "bomb.json" in [one.where for one in said if one.kind == "too_large"]
    assert [
        one.where for one in skipped(path, limits=Limits(member_bytes=2_000)) if one.kind == "too_large"
    ] == [
        "bomb.json",
        "large.json",
    ]
    assert [one.name for one in entries(path, limits=Limits(member_bytes=2_000))] == ["good.json"]


def test_an_archive_beyond_the_limits_is_refused_after_what_came_before(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", {f"{n}.json": json.dumps(document(id=str(n))) for n in range(10)})
    with pytest.raises(FeedError, match="10 members; 5 are allowed"):
        entries(path, limits=Limits(members=5))
    found: list[Entry | Skipped] = []
    with pytest.raises(FeedError, match="unpacks to more than"):
        found.extend(osv.read_file(path, {}, Limits(total_bytes=1_000)))
    assert [one.name for one in found if isinstance(one, Entry)] == [f"{number}.json" for number in range(5)]


def test_a_member_that_lies_about_its_size_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", {"A.json": json.dumps(document(id="A")) + " " * 5_000})
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(bytes(content))
    assert [(one.where, one.kind) for one in skipped(path)] == [("A.json", "malformed")]


def test_the_same_name_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as packed, pytest.warns(UserWarning, match="Duplicate name"):
        packed.writestr("A.json", json.dumps(document(id="A")))
        packed.writestr("A.json", json.dumps(document(id="B")))
    assert [one.advisory.id for one in entries(path) if one.advisory] == ["A"]
    assert [one.where for one in skipped(path)] == ["A.json"]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 500, b"PK\x05\x06", b"hello", b"\x1f\x8b", b"   "]
)
def test_what_is_no_feed_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "feed"
    path.write_bytes(content)
    with pytest.raises(FeedError):
        list(osv.read_file(path, {}))


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", {"A.json": json.dumps(document(id="A"))})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FeedError, match="not a ZIP archive"):
        list(osv.read_file(path, {}))


# Files of JSON


@pytest.mark.parametrize("form", ["array", "lines", "one", "indented"])
def test_files_of_json_are_read_as_archives_are(tmp_path: Path, form: str) -> None:
    told = [document(id="A"), document(id="B")][: 1 if form in ("one", "indented") else 2]
    text = {
        "array": json.dumps(told, indent=1),
        "lines": "\n".join(json.dumps(one) for one in told) + "\n\n",
        "one": json.dumps(told[0]),
        "indented": json.dumps(told[0], indent=2),
    }[form]
    path = tmp_path / "feed.json"
    path.write_text("\ufeff" + text)
    found = entries(path)
    assert [one.name for one in found] == [f"{one['id']}.json" for one in told]
    assert all(one.advisory is not None for one in found)
    again = entries(path, {one.name: one.mark for one in found})
    assert [(one.name, one.mark, one.advisory) for one in again] == [
        (one.name, one.mark, None) for one in found
    ]


def test_a_bad_line_and_a_list_that_breaks_off_are_named(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(document(id="A")) + "\n{nonsense}\n" + json.dumps(document(id="B")))
    assert [one.name for one in entries(path)] == ["A.json", "B.json"]
    assert [one.where for one in skipped(path)] == ["line 2"]
    path.write_text(json.dumps([document(id="A"), document(id="B")])[:-60])
    assert [one.name for one in entries(path)] == ["A.json"]
    assert ["breaks off" in one.reason for one in skipped(path)] == [True]


def test_a_document_that_is_too_large_is_named(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    told = [document(id="A"), document(id="B", details="x" * 5_000), document(id="C")]
    limits = Limits(member_bytes=1_000)
    path.write_text("\n".join(json.dumps(one) for one in told))
    assert [one.name for one in entries(path, limits=limits)] == ["A.json", "C.json"]
    assert [(one.kind, one.where) for one in skipped(path, limits=limits)] == [("too_large", "line 2")]
    path.write_text(json.dumps(told))
    assert [one.name for one in entries(path, limits=limits)] == ["A.json", "C.json"]
    path.write_text(json.dumps(told[1]))
    assert [one.kind for one in skipped(path, limits=limits)] == ["too_large"]
    with pytest.raises(FeedError, match="more than 100 bytes"):
        entries(path, limits=Limits(total_bytes=100))


def test_a_reader_may_be_left_before_the_end(tmp_path: Path) -> None:
    for text in (
        json.dumps([document(id="A"), document(id="B")]),
        "\n".join(json.dumps(document(id=name)) for name in "AB"),
    ):
        path = tmp_path / "feed.json"
        path.write_text(text)
        stream = osv.read_file(path, {})
        assert isinstance(next(stream), Entry)
        stream.close()  # type: ignore[attr-defined]


def test_a_document_that_is_none_is_refused() -> None:
    for content in (b"", b"{", b"[]", b"3", b"{}", b'{"id": 3}', b"\xff"):
        with pytest.raises(FeedError):
            osv.read_document(content)
