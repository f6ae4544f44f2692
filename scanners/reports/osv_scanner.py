"""osv-scanner's JSON, versions 1 and 2: lock files, and images with their layers.

Written after osv-scanner's `pkg/models` and the OSV schema. The report does not name an image: the subject has the name
of the file. Layers are diff ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scanners import severities as scale
from scanners.records import Severity, Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    ProblemKind,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedProblem,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import Source

NAME = "osv-scanner JSON"
TOOL = "osv-scanner"
_SYSTEM = re.compile(r"^(.*?)\s+v?(\d[\w.]*)")
_EMPTY = re.compile(rb'\{\s*"results"\s*:\s*(\[\s*\]|null)\s*\}\s*')
_MALICIOUS = "MAL-"


class _Origin(Layout):
    index: int | None = None


class _Package(Layout):
    name: str | None = None
    os_package_name: str | None = None
    version: str | None = None
    ecosystem: str | None = None
    commit: str | None = None
    image_origin_details: _Origin | None = None


class _Event(Layout):
    fixed: str | None = None


class _Range(Layout):
    type: str | None = None
    events: list[_Event] | None = None


class _Affected(Layout):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    ecosystem_specific: dict[str, Any] | None = None


class _Severity(Layout):
    type: str | None = None
    score: str | None = None


class _Reference(Layout):
    url: str | None = None


class _Vulnerability(Layout):
    id: str
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    published: str | None = None
    modified: str | None = None
    affected: list[_Affected] | None = None
    severity: list[_Severity] | None = None
    references: list[_Reference] | None = None
    database_specific: dict[str, Any] | None = None


class _Analysis(Layout):
    called: bool | None = None
    unimportant: bool | None = None


class _Group(Layout):
    ids: list[str] | None = None
    aliases: list[str] | None = None
    max_severity: str | None = None
    experimental_analysis: dict[str, _Analysis] | None = None
    experimentalAnalysis: dict[str, _Analysis] | None = None  # before 1.4


class _Found(Layout):
    package: _Package
    vulnerabilities: Items = None
    groups: list[_Group] | None = None
    licenses: list[str] | None = None


class _Where(Layout):
    path: str | None = None
    type: str | None = None


class _Result(Layout):
    source: _Where | None = None
    packageSource: _Where | None = None  # before 1.0
    packages: Items = None


class _Layer(Layout):
    diff_id: str | None = None


class _ImageMetadata(Layout):
    os: str | None = None
    layer_metadata: list[_Layer] | None = None


class _Report(Layout):
    results: Items = None
    image_metadata: _ImageMetadata | None = None


def score(source: Source) -> int:
    if not looks_like(source, b'"results"'):
        return 0
    if looks_like(source, b'"packages"', b'"package"', b'"ecosystem"'):
        return 80
    if looks_like(source, b'"experimental_config"'):
        return 75
    return 30 if _EMPTY.fullmatch(source.head) else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 2)
    yield Origin(format=NAME, tool=TOOL)
    about = report.image_metadata or _ImageMetadata()
    layers = [layer.diff_id or "" for layer in about.layer_metadata or ()]
    system = _SYSTEM.match((about.os or "")[:200])
    yield ReportedImage(
        name=source.name,
        os_family=system.group(1) if system else about.os or "",
        os_version=system.group(2) if system else "",
        layers=texts(layers, 500),
        is_whole=lost is None,
        covers=("vulnerabilities",),
    )
    for position, result in each(report.results, _Result, "results"):
        if isinstance(result, Skipped):
            yield result
            continue
        path = ((result.source or result.packageSource or _Where()).path) or ""
        for _, found in each(result.packages, _Found, f"results[{position}].packages"):
            if isinstance(found, Skipped):
                yield found
            else:
                yield from _found(found, path, layers)
    if lost is not None:
        yield lost


def _found(found: _Found, path: str, layers: list[str]) -> Iterator[Reported]:
    package = _package(found, path, layers)
    known: dict[str, _Vulnerability] = {}
    for _, told in each(found.vulnerabilities, _Vulnerability, f"{package.name}.vulnerabilities"):
        if isinstance(told, Skipped):
            yield told
        else:
            known.setdefault(told.id, told)
    if not known:
        yield package  # listed with --all-packages
        return
    if any(id_.startswith(_MALICIOUS) for id_ in known):
        yield package  # a problem does not carry it
    grouped: set[str] = set()
    for group in found.groups or ():
        said = [known[id_] for id_ in group.ids or () if id_ in known and id_ not in grouped]
        grouped.update(told.id for told in said)
        if said:
            yield _of_group(said, group, package, found.package)
    for told in known.values():
        if told.id not in grouped:
            yield _of_group([told], _Group(), package, found.package)


def _package(found: _Found, path: str, layers: list[str]) -> ReportedPackage:
    about = found.package
    name = about.os_package_name or about.name or about.commit or ""
    family, _, release = (about.ecosystem or "").partition(":")
    origin = about.image_origin_details.index if about.image_origin_details else None
    return located(
        name,
        about.version or about.commit or "",
        kind=about.ecosystem or "generic",
        family=family,
        os_version=release,
        # OSV knows packages of a distribution by the name of their source package.
        source_name=about.name or "" if about.os_package_name and about.os_package_name != about.name else "",
        layer=layers[origin] if origin is not None and 0 <= origin < len(layers) else "",
        licenses=texts([text for text in found.licenses or () if text != "UNKNOWN"]),
        paths=(path,) if path and not about.os_package_name else (),
    )


def _of_group(
    said: list[_Vulnerability], group: _Group, package: ReportedPackage, about: _Package
) -> ReportedMatch | ReportedProblem:
    """One match for all that osv-scanner takes for the same vulnerability."""
    first = said[0]
    if first.id.startswith(_MALICIOUS):
        return ReportedProblem(
            kind=ProblemKind.MALWARE,
            key=f"{first.id}:{package.ecosystem}/{package.namespace}/{package.name}@{package.version}",
            title=first.summary or f"Malicious package {package.name}",
            severity=Severity.CRITICAL,
            detail=clipped(first.details),
            path=next(iter(package.paths), ""),
            remediation="Remove the package, and take what ran it for compromised.",
            layer=package.layer,
        )
    names = [*(group.aliases or ()), *(group.ids or ()), *(name for told in said for name in _names(told))]
    fixed = tuple(dict.fromkeys(version for told in said for version in _fixed(told, about)))
    severities = {source: level for told in reversed(said) for source, level in _severities(told)}
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=first.id,
            aliases=tuple(name for name in dict.fromkeys(texts(names)) if name != first.id),
            title=next((told.summary for told in said if told.summary), ""),
            description=clipped(next((told.details for told in said if told.details), "")),
            severities=severities,
            scores=tuple(dict.fromkeys(score for told in said for score in _scores(told))),
            weaknesses=tuple(dict.fromkeys(w for told in said for w in _weaknesses(told))),
            references=texts([link.url for told in said for link in told.references or ()], 20),
            published_at=moment(first.published),
            modified_at=moment(first.modified),
        ),
        package=package,
        severity=_settled(said, group, severities),
        status=_status(group, fixed),
        fixed_versions=fixed,
        source=_source(first),
        url=f"https://osv.dev/vulnerability/{first.id}",
    )


def _names(told: _Vulnerability) -> list[str]:
    # Of what it is derived from, only ALPINE-CVE-2017-6349's CVE-2017-6349 is the same; an advisory mends several.
    return [*(told.aliases or ()), *(up for up in told.upstream or () if told.id.endswith(f"-{up}"))]


def _source(told: _Vulnerability) -> str:
    """The data that an id is from: GHSA-… is ghsa, DEBIAN-CVE-… debian, a bare CVE-… OSV's own copy of the CVE list."""
    first = told.id.partition("-")[0].lower()
    return "osv" if first == "cve" else first


def _severities(told: _Vulnerability) -> Iterator[tuple[str, Severity]]:
    words = [(_source(told), (told.database_specific or {}).get("severity"))]
    for affected in told.affected or ():
        words.append((_source(told), (affected.ecosystem_specific or {}).get("urgency")))
    words += [(rating.type.lower(), rating.score) for rating in told.severity or () if rating.type]
    for source, word in words:
        if (level := scale.of_word(word)) is not None:
            yield source, level


def _scores(told: _Vulnerability) -> Iterator[Score]:
    for rating in told.severity or ():
        if rating.score and (rating.type or "").startswith("CVSS_"):
            yield Score(source=_source(told), vector=rating.score)


def _weaknesses(told: _Vulnerability) -> tuple[str, ...]:
    listed = (told.database_specific or {}).get("cwe_ids")
    return texts(listed) if isinstance(listed, list) else ()


def _settled(said: list[_Vulnerability], group: _Group, severities: dict[str, Severity]) -> Severity | None:
    """What Debian holds for unimportant; else the group's highest score, which reports of before 1.5 do not have, so that
    the words and then the vectors must do."""
    analyses = (group.experimental_analysis or group.experimentalAnalysis or {}).values()
    if analyses and all(analysis.unimportant for analysis in analyses):
        return Severity.INFO
    highest = _number(group.max_severity)
    if highest is None and severities:
        return max(severities.values())
    points = [highest] if highest is not None else [scale.points(s.vector) for t in said for s in _scores(t)]
    told = [point for point in points if point is not None]
    return scale.of_points(max(told)) if told else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _status(group: _Group, fixed: tuple[str, ...]) -> FixStatus:
    analyses = (group.experimental_analysis or group.experimentalAnalysis or {}).values()
    if analyses and all(analysis.called is False for analysis in analyses):
        return FixStatus.NOT_AFFECTED  # call analysis: the program never calls what is vulnerable
    return FixStatus.FIXED if fixed else FixStatus.UNKNOWN


def _fixed(told: _Vulnerability, about: _Package) -> Iterator[str]:
    """The fixed versions for this package in this release; a range of commits has none."""
    for affected in told.affected or ():
        of = affected.package
        if of is None or of.name != about.name or (of.ecosystem or "") != (about.ecosystem or ""):
            continue
        for range_ in affected.ranges or ():
            if range_.type != "GIT":
                yield from (event.fixed for event in range_.events or () if event.fixed)
