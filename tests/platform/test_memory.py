"""The smallest limit on memory is the one that counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.platform import embedded_postgres, memory

MACHINE = memory.available_bytes(())


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("268435456\n", 268_435_456), ("max\n", MACHINE), ("", MACHINE), (str(1 << 63), MACHINE)],
)
def test_a_limit_of_a_control_group_counts_when_it_is_one(tmp_path: Path, text: str, bytes_: int) -> None:
    (tmp_path / "memory.max").write_text(text)
    assert memory.available_bytes((tmp_path / "memory.max", tmp_path / "missing")) == bytes_


@pytest.mark.parametrize(
    ("gibibytes", "shared", "believed"),
    [(0.5, "128MB", "256MB"), (8, "1024MB", "4096MB"), (64, "2048MB", "32768MB")],
)
def test_the_database_takes_its_part(
    monkeypatch: pytest.MonkeyPatch, gibibytes: float, shared: str, believed: str
) -> None:
    monkeypatch.setattr(embedded_postgres, "available_bytes", lambda: int(gibibytes * 1024) * memory.MEBIBYTE)
    found = embedded_postgres._memory_settings(durable=True)
    assert found == {"shared_buffers": shared, "effective_cache_size": believed}
    assert embedded_postgres._memory_settings(durable=False)["shared_buffers"] == "128MB"
