"""SARIF 2.1.0: an image's vulnerabilities, a rule for each vulnerability and a result for each package that has it.

What a code-scanning service needs beside the standard's required fields (GitHub, "SARIF support for code scanning"): a
physical location in every result, a stable fingerprint, and "security-severity" in every rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from scanners.records import Severity
from scanners.reported import FixStatus, ReportedImage, ReportedMatch, ReportedVulnerability

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
    None: "warning",  # nobody rated it yet
}
# The middle of CVSS 3.1's bands, for a vulnerability without a score.
_POINTS = {
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 5.5,
    Severity.LOW: 2.0,
    Severity.INFO: 0.0,
}
_LONGEST_TEXT = 4_000


def log(image: ReportedImage, matches: Iterable[ReportedMatch], *, version: str) -> dict[str, Any]:
    """The log with one run. A match that its tool calls not affected is no result."""
    found = sorted(
        (match for match in matches if match.status is not FixStatus.NOT_AFFECTED),
        key=lambda match: (match.vulnerability.id, match.package.key, match.package.paths),
    )
    positions: dict[str, int] = {}
    rules: list[dict[str, Any]] = []
    for match in found:
        if match.vulnerability.id not in positions:
            positions[match.vulnerability.id] = len(rules)
            rules.append(_rule(match))
    properties = {
        "imageID": image.digest,
        "imageName": image.name,
        "repoDigests": list(image.repo_digests),
        "repoTags": list(image.references),
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Plimsoll", "version": version, "rules": rules}},
                "columnKind": "utf16CodeUnits",
                "results": [_result(match, image, positions[match.vulnerability.id]) for match in found],
                "properties": {name: value for name, value in properties.items() if value},
            }
        ],
    }


def _rule(match: ReportedMatch) -> dict[str, Any]:
    about = match.vulnerability
    title = about.title or f"{about.id} in {match.package.name}"
    text = about.description or title
    help_ = [text, *([f"See {match.url or about.references[0]}"] if match.url or about.references else [])]
    severity = match.severity.label if match.severity is not None else "unknown"
    rule: dict[str, Any] = {
        "id": about.id,
        "shortDescription": {"text": title[:_LONGEST_TEXT]},
        "fullDescription": {"text": text[:_LONGEST_TEXT]},
        "help": {"text": "\n".join(help_)[:_LONGEST_TEXT]},
        "defaultConfiguration": {"level": _LEVELS[match.severity]},
        "properties": {
            "tags": ["vulnerability", "security", severity, *about.weaknesses],
            "security-severity": f"{_points(about, match.severity):.1f}",
        },
    }
    if match.url.startswith(("http://", "https://")):
        rule["helpUri"] = quote(match.url, safe=":/?#[]@!$&'()*+,;=%~")
    return rule


def _points(about: ReportedVulnerability, severity: Severity | None) -> float:
    scores = [score.score for score in about.scores if score.score is not None and 0 <= score.score <= 10]
    if scores:
        return scores[0]
    return _POINTS[severity] if severity is not None else 0.0


def _result(match: ReportedMatch, image: ReportedImage, position: int) -> dict[str, Any]:
    package = match.package
    fixed = ", ".join(match.fixed_versions)
    place = package.paths[0].lstrip("/") if package.paths else image.name or image.digest or "image"
    message = (
        f"{match.vulnerability.id} in {package.name} {package.version}"
        f"{f': fixed in {fixed}' if fixed else ''} (image {image.name or image.digest})"
    )
    fingerprint = "\0".join(
        (image.digest or image.name, match.vulnerability.id, *package.key, *package.paths)
    )
    return {
        "ruleId": match.vulnerability.id,
        "ruleIndex": position,
        "level": _LEVELS[match.severity],
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place, safe="/@"), "uriBaseId": "ROOTPATH"},
                    "region": {"startLine": 1},
                },
                "message": {"text": f"{package.name} {package.version}"},
            }
        ],
        "partialFingerprints": {
            "plimsoll/v1": hashlib.sha256(fingerprint.encode(errors="replace")).hexdigest()
        },
    }
