"""Whatever lies under a name on the host, the probe neither blocks, nor leaves its root, nor passes over it in silence."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from scanners.probe import reading
from scanners.probe.reading import Reader

NOBODY = 65534


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Nothing is denied to root, so as root these tests are somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_links_are_followed_as_if_the_root_were_the_world(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "secret").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    (root / "etc" / "absolute").symlink_to("/secret")
    (root / "etc" / "climbing").symlink_to("../../../../secret")
    (root / "etc" / "folder").symlink_to("/")
    (root / "etc" / "circle").symlink_to("circle")
    reader = Reader(str(root))
    for name in ("absolute", "climbing", "folder/secret", "../../secret"):
        assert reader.text(f"/etc/{name}") == "inside"
    assert reader.text("/etc/circle") is None
    assert reader.skipped == [{"where": "/etc/circle", "reason": reading.OUTSIDE}]
    assert reader.link("/etc/absolute") == "/secret" and reader.link("/secret") is None


def test_what_is_no_file_is_skipped_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        reader = Reader(str(tmp_path))
        assert [reader.text(f"/{name}") for name in ("fifo", "folder")] == [None, None]
        assert reader.status("/socket")["kind"] == "socket"
    assert {item["reason"] for item in reader.skipped} == {reading.NOT_A_FILE}


def test_a_file_beyond_the_limit_is_skipped_not_cut(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 101)
    reader = Reader(str(tmp_path))
    assert reader.text("/long", 100) is None and reader.reason("/long") == reading.TOO_LARGE
    assert Reader(str(tmp_path)).text("/long", 101) == "x" * 101


def test_a_missing_file_is_a_fact_and_no_skip(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    reader = Reader(str(tmp_path))
    assert (
        reader.text("/none") is None
        and reader.names("/none") is None
        and reader.status("/file/below") is None
    )
    assert reader.exists("/none") is False and reader.skipped == []


def test_what_is_denied_is_skipped(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "closed").mkdir(mode=0)
    reader = Reader(str(tmp_path))
    with unprivileged():
        said = [reader.exists("/closed/file"), reader.text("/closed/file"), reader.names("/closed")]
    assert said == [None, None, None]
    assert reader.skipped == [
        {"where": "/closed/file", "reason": reading.DENIED},
        {"where": "/closed", "reason": reading.DENIED},
    ]


def test_names_that_no_json_reader_would_take_are_made_printable() -> None:
    assert (
        reading.printable(b"a\xff\n\x1b[31m".decode("utf-8", "surrogateescape")) == "a\ufffd\ufffd\ufffd[31m"
    )


def test_the_same_skip_is_told_once_and_many_are_counted(tmp_path: Path) -> None:
    reader = Reader(str(tmp_path))
    for number in range(reading.SKIPS_SHOWN + 5):
        reader.skip(f"/{number}", "malformed")
        reader.skip(f"/{number}", "malformed")
    assert len(reader.skipped) == reading.SKIPS_SHOWN
    assert reader.skipped_total == reading.SKIPS_SHOWN + 5
