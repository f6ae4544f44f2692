"""Every report that we have is claimed by one reader more surely than by any other, or by none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanners.reports.read import READERS
from scanners.reports.source import opened
from tests.scanners.reports.test_readers import BIG, SAMPLES


@pytest.mark.parametrize("path", [*SAMPLES, *BIG], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_two_readers_claim_a_report_alike(path: Path) -> None:
    with opened(path) as source:
        scores = sorted((reader.score(source) for reader in READERS), reverse=True)
    assert scores[0] == 0 or scores[0] > scores[1]
