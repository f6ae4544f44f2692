"""Harbor's vulnerability reports: an artifact's addition (reports by media type), and a scanner adapter's own, 1.0 to 1.2.

Written after Harbor's `src/pkg/scan/vuln` and the pluggable scanner specification. An addition does not name its
repository: the subject has the name of the file and the digest of the manifest, one subject for each manifest of an index.
Layers are diff ids (`layer.diff_id`), which only adapters tell. No kind of package is told: it is what name and version
can only be, else generic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from scanners import typed
from scanners.records import Severity, Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import ReportError, Source

NAME = "Harbor vulnerability report"
TOOL = "harbor"
# Negligible does no harm; None and Unknown are no severity.
_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFO,
}
_STATUSES = {status.value: status for status in FixStatus}
_MEDIA_TYPE = re.compile(
    rb'"application/vnd\.(?:security\.vulnerability\.report|scanner\.adapter\.vuln\.report\.harbor\+json)'
)
_SEPARATORS = re.compile(r"[,\s]+")


class _Scanner(Layout):
    name: str | None = None
    version: str | None = None


class _Artifact(Layout):
    repository: str | None = None
    digest: str | None = None
    tag: str | None = None


class _Report(Layout):
    generated_at: str | None = None
    scanner: _Scanner | None = None
    artifact: _Artifact | None = None
    vulnerabilities: Items = None


class _Layer(Layout):
    diff_id: str | None = None


class _Preferred(Layout):
    score_v3: float | None = None
    score_v2: float | None = None
    vector_v3: str | None = None
    vector_v2: str | None = None


class _Cvss(Layout):
    V2Vector: str | None = None
    V3Vector: str | None = None
    V40Vector: str | None = None
    V2Score: float | None = None
    V3Score: float | None = None
    V40Score: float | None = None


class _Where(Layout):
    artifact_digests: list[str] | None = None
    artifact_digest: str | None = None  # before Harbor 2.4


class _Vulnerability(Layout):
    id: str
    package: str
    version: str | None = None
    fix_version: str | None = None
    severity: str | None = None
    status: str | None = None
    description: str | None = None
    links: list[str] | None = None
    layer: _Layer | None = None
    preferred_cvss: _Preferred | None = None
    cwe_ids: list[str] | None = None
    vendor_attributes: dict[str, Any] | None = None


def score(source: Source) -> int:
    if _MEDIA_TYPE.search(source.head[:4096]) and looks_like(source):
        return 95
    told = looks_like(source, b'"generated_at"', b'"scanner"', b'"severity"', b'"vulnerabilities"')
    return 70 if told else 0


def read(source: Source) -> Iterator[Reported]:
    content, lost = whole(source, dict[str, msgspec.Raw], 1)
    report, media_type = _report(content)
    scanner = report.scanner or _Scanner()
    yield Origin(
        format=f"{NAME}, {media_type.partition('version=')[2] or 'as of an adapter'}",
        tool=TOOL,
        tool_version=" ".join(texts([scanner.name, scanner.version])),
        created_at=moment(report.generated_at),
    )
    about = report.artifact or _Artifact()
    groups = {about.digest or "": None} if report.artifact else _by_manifest(report.vulnerabilities)
    for number, (digest, positions) in enumerate(groups.items()):
        yield _image(about, digest, source.name, is_whole=lost is None)
        for position, found in each(report.vulnerabilities, _Vulnerability, "vulnerabilities"):
            if isinstance(found, Skipped):
                if number == 0:
                    yield found
            elif positions is None or position in positions:
                yield _match(found, scanner)
    if lost is not None:
        yield lost


def _report(content: dict[str, msgspec.Raw]) -> tuple[_Report, str]:
    """The report, and its media type when it lies under one. Of several, which say the same, the newest."""
    named = sorted(name for name in content if _MEDIA_TYPE.match(f'"{name}'.encode()))
    try:
        if named:
            return typed.decode(content[named[-1]], _Report | None) or _Report(), named[-1]
        return typed.decode(msgspec.json.encode(content), _Report), ""
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReportError(f"The report has another layout than expected: {error}.") from None


def _by_manifest(items: Items) -> dict[str, set[int] | None]:
    """The positions of what was found in each manifest; one nameless group when the report tells none."""
    groups: dict[str, set[int]] = {}
    for position, found in each(items, _Where, "vulnerabilities"):
        if isinstance(found, Skipped):
            continue
        told = texts([*(found.artifact_digests or ()), found.artifact_digest])
        digests = [digest for digest in told if digest.startswith("sha256:")]
        for digest in digests or [""]:
            groups.setdefault(digest, set()).add(position)
    return dict(groups) if groups else {"": None}


def _image(about: _Artifact, digest: str, file_name: str, *, is_whole: bool) -> ReportedImage:
    name = about.repository or ""
    reference = f"{name}:{about.tag}" if name and about.tag else ""
    manifest = f"{name}@{digest}" if name and digest else digest
    return ReportedImage(
        name=reference or (manifest if name else "") or file_name,
        repo_digests=texts([manifest]),
        references=texts([reference]),
        is_whole=is_whole,
        covers=("vulnerabilities",),
    )


def _match(found: _Vulnerability, scanner: _Scanner) -> ReportedMatch:
    fixed = texts(_SEPARATORS.split(found.fix_version or ""))
    links = texts(found.links, 20)
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=found.id,
            description=clipped(found.description),
            scores=tuple(_scores(found, (scanner.name or TOOL).lower())),
            weaknesses=texts(found.cwe_ids),
            references=links,
        ),
        package=located(
            found.package,
            found.version or "",
            layer=(found.layer and found.layer.diff_id) or "",
        ),
        severity=_SEVERITIES.get((found.severity or "").lower()),
        status=_STATUSES.get((found.status or "").lower())
        or (FixStatus.FIXED if fixed else FixStatus.UNKNOWN),
        fixed_versions=fixed,
        url=links[0] if links else "",
    )


def _scores(found: _Vulnerability, scanner: str) -> Iterator[Score]:
    preferred = found.preferred_cvss or _Preferred()
    for vector, points in (
        (preferred.vector_v3, preferred.score_v3),
        (preferred.vector_v2, preferred.score_v2),
    ):
        if vector:
            yield Score(source=scanner, vector=vector, score=points)
    try:
        # Trivy's adapter hands its own table through.
        by_source = typed.convert((found.vendor_attributes or {}).get("CVSS") or {}, dict[str, _Cvss])
    except msgspec.ValidationError:
        return
    for source, cvss in by_source.items():
        for vector, points in (
            (cvss.V40Vector, cvss.V40Score),
            (cvss.V3Vector, cvss.V3Score),
            (cvss.V2Vector, cvss.V2Score),
        ):
            if vector:
                yield Score(source=source, vector=vector, score=points)
