"""Truncated, hostile and non-UTF-8 files: the probe never fails, and what it could not understand is listed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.probe.collect import SUBJECTS
from tests.scanners.probe import roots

PATHS = sorted({path for situation in roots.SITUATIONS for path in roots.described(situation)["files"]})
FILES = {
    path: content
    for situation in roots.SITUATIONS
    for path, content in roots.described(situation)["files"].items()
}
PATHS += ["/proc/config.gz", "/proc/1/status", "/proc/uptime", "/sys/firmware/efi/efivars/x"]
HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"\x00" * 100, b"9" * 5000, b"=" * 50, b"ID='unclosed", b"\xff\xfe", b"[", b"1 1 1\n" * 500]
    ),
)


@settings(max_examples=150, deadline=None)
@given(changed=st.dictionaries(st.sampled_from(PATHS), HOSTILE, max_size=12))
def test_no_content_of_a_file_stops_the_probe(changed: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = roots.read(roots.make(Path(folder), {**FILES, **changed}))
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    failed = {
        pointer: reason for pointer, reason in found["not_measured"].items() if "probe failed" in reason
    }
    assert failed == {}
    assert all(found[name] is not None for name, _ in SUBJECTS)


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(sorted(FILES)), share=st.floats(0, 1))
def test_a_file_that_was_cut_is_read_as_far_as_it_goes(path: str, share: float) -> None:
    content = FILES[path].encode()
    with tempfile.TemporaryDirectory() as folder:
        found = roots.read(roots.make(Path(folder), {**FILES, path: content[: int(len(content) * share)]}))
    assert all(found[name] is not None for name, _ in SUBJECTS)


def test_a_number_that_is_none_is_listed(tmp_path: Path) -> None:
    found = roots.read(roots.make(tmp_path, {"/proc/sys/kernel/tainted": "many"}))
    assert found["kernel"]["tainted"] is None
    assert found["skipped"] == [{"where": "/proc/sys/kernel/tainted", "reason": "cannot be understood"}]
    assert "ValueError" in found["not_measured"]["/kernel/tainted"]


def test_every_null_that_is_not_measured_stands_where_its_pointer_says(tmp_path: Path) -> None:
    found = roots.read(roots.make(tmp_path, dict.fromkeys(FILES, b"\xff not what it should be")))
    assert found["not_measured"]
    for pointer in found["not_measured"]:
        assert roots.at(found, pointer) is None, pointer
