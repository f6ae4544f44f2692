"""How bad a vulnerability is, from the words of databases and distributions and from CVSS vectors."""

from __future__ import annotations

from functools import lru_cache

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from scanners.records import Severity

# GitHub's words and those of the distributions that put theirs into OSV. Negligible and unimportant are what Ubuntu and
# Debian will not mend because it does no harm; "untriaged" and the like are no severity.
_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFO,
    "unimportant": Severity.INFO,
}
# CVSS 3.1 and 4.0, "Qualitative Severity Rating Scale": the lowest score of each.
_SCALE = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
    (0.0, Severity.INFO),
)
_LONGEST_VECTOR = 500


def of_word(said: object) -> Severity | None:
    """The severity that a word stands for; None for one that is none. Debian marks with asterisks what it took from NVD."""
    return _WORDS.get(said.strip(" *").lower()) if isinstance(said, str) else None


def of_points(points: float) -> Severity | None:
    """The severity of a CVSS base score."""
    return next((level for least, level in _SCALE if points >= least), None)


@lru_cache(maxsize=16_384)  # there are few: most vulnerabilities are bad in one of some hundred ways
def points(vector: str) -> float | None:
    """The base score of a CVSS vector of any version; None for one that is none."""
    if len(vector) > _LONGEST_VECTOR:
        return None
    try:
        if vector.startswith("CVSS:4"):
            return float(CVSS4(vector).base_score)
        return float((CVSS3 if vector.startswith("CVSS:3") else CVSS2)(vector).base_score)
    except (CVSSError, ValueError, KeyError):
        return None
