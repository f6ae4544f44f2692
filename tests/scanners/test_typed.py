"""Layouts are described by one thread at a time: two at once end the process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from scanners import typed

ROOT = Path(__file__).parents[2]
# Layouts that nobody met before, each with many others inside, and threads that all meet them at the same time.
MET = """
import sys
from threading import Barrier, Thread
import msgspec
from scanners import typed

sys.setswitchinterval(1e-6)
decode = {decode}
for number in range(60):
    inner = [msgspec.defstruct(f"Inner{{place}}", [("a", list[int] | None, None)]) for place in range(40)]
    outer = msgspec.defstruct("Outer", [(f"f{{place}}", one | None, None) for place, one in enumerate(inner)])
    start, found = Barrier(4), []

    def meet():
        start.wait()
        found.append(decode(b'{{"f39": {{"a": [1]}}}}', outer).f39.a)

    threads = [Thread(target=meet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[1]] * 4, found
"""


def test_a_layout_is_met_by_many_threads_at_once() -> None:
    subprocess.run(
        [sys.executable, "-c", MET.format(decode="typed.decode")], cwd=ROOT, check=True, timeout=120
    )


def test_plain_values_and_json_are_held_against_the_layout() -> None:
    assert typed.decode(b"[1, 2]", list[int]) == typed.convert([1, 2], list[int]) == [1, 2]
    for wrong in (lambda: typed.decode(b'["1"]', list[int]), lambda: typed.convert(["1"], list[int])):
        with pytest.raises(msgspec.ValidationError):
            wrong()


def test_nobody_goes_past_it() -> None:
    past = re.compile(r"msgspec\.convert\(|json\.decode\([^\n]*\btype=|json\.Decoder\(")
    found = [
        str(path.relative_to(ROOT))
        for folder in ("scanners", "posture")
        for path in (ROOT / folder).rglob("*.py")
        if past.search(path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == [
        "scanners/advisories/osv.py",
        "scanners/typed.py",
    ]  # the first when it is imported
