"""Words of databases and CVSS vectors say how bad a vulnerability is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import severities
from scanners.records import Severity


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL),
        ("Important", Severity.HIGH),
        ("moderate", Severity.MEDIUM),
        ("low**", Severity.LOW),
        ("negligible", Severity.INFO),
        ("untriaged", None),
        ("", None),
        (None, None),
        (9.8, None),
    ],
)
def test_words(word: object, severity: Severity | None) -> None:
    assert severities.of_word(word) == severity


@pytest.mark.parametrize(
    ("vector", "points", "severity"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Severity.CRITICAL),
        ("CVSS:3.0/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", 4.0, Severity.MEDIUM),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity.INFO),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, Severity.CRITICAL),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5, Severity.HIGH),
    ],
)
def test_vectors(vector: str, points: float, severity: Severity) -> None:
    assert severities.points(vector) == points
    assert severities.of_points(points) == severity


@given(
    st.text(max_size=60),
    st.sampled_from(["", "CVSS:3.1/", "CVSS:4.0/", "CVSS:4.0/AV:N/", "CVSS:3.0/AV:N/AC:"]),
)
def test_any_text_is_a_vector_or_none(text: str, start: str) -> None:
    found = severities.points(start + text)
    assert found is None or 0 <= found <= 10
