"""Grype's JSON, from 0.7 to the newest.

Written after Grype's presenter (`grype/presenter/models`). Layers are diff ids: Syft and Grype name a layer by the digest
of its unpacked content (stereoscope, `LayerMetadata`). `source.target.manifestDigest` is not read: for an image of an
engine or an archive it is made up on the way, and no registry knows it.
"""

from __future__ import annotations

import base64
import binascii
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
    ReportedPackage,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, texts, whole
from scanners.reports.kinds import OF_SYSTEMS, located
from scanners.reports.source import Source

NAME = "Grype JSON"
TOOL = "grype"
# Negligible is what a distributor does not intend to mend because it does no harm; unknown is no severity.
_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFO,
}
_STATUSES = {"fixed": FixStatus.FIXED, "not-fixed": FixStatus.AFFECTED, "wont-fix": FixStatus.WILL_NOT_FIX}
# Names that the other scanners use for the same data. A namespace begins with the name of its data, but for GitHub.
_SOURCES = {"github": "ghsa", "nvd@nist.gov": "nvd"}
_SYSTEMS = frozenset(OF_SYSTEMS.values())
_ITSELF = re.compile(rb'"name"\s*:\s*"grype"')
_MOST_PATHS = 5


class _Metrics(Layout):
    baseScore: float | None = None


class _Cvss(Layout):
    source: str | None = None
    vector: str | None = None
    metrics: _Metrics | None = None
    baseScore: float | None = None  # before 0.14


class _Weakness(Layout):
    cwe: str | None = None


class _Fix(Layout):
    versions: list[str] | None = None
    state: str | None = None


class _About(Layout):
    """A vulnerability, and one that is related to it: the other feeds' word on it."""

    id: str
    dataSource: str | None = None
    namespace: str | None = None
    severity: str | None = None
    urls: list[str] | None = None
    links: list[str] | None = None  # before 0.14
    description: str | None = None
    cvss: list[_Cvss] | None = None
    cvssV2: _Cvss | None = None  # before 0.14, as is cvssV3
    cvssV3: _Cvss | None = None
    cwes: list[_Weakness] | None = None
    fix: _Fix | None = None
    fixedInVersion: str | None = None  # before 0.14


class _Location(Layout):
    path: str | None = None
    layerID: str | None = None
    annotations: dict[str, Any] | None = None


class _Upstream(Layout):
    name: str | None = None
    version: str | None = None


class _Details(Layout):
    """What a package's own data base says of it; old reports have the source package only here."""

    Source: str | None = None
    architecture: str | None = None


class _Artifact(Layout):
    name: str
    version: str | None = None
    type: str | None = None
    purl: str | None = None
    locations: list[_Location] | None = None
    licenses: list[str] | None = None
    upstreams: list[_Upstream] | None = None
    metadata: _Details | None = None


class _Rule(Layout):
    vex_status: str | None = msgspec.field(default=None, name="vex-status")


class _Match(Layout):
    vulnerability: _About
    artifact: _Artifact
    relatedVulnerabilities: list[_About] | None = None
    appliedIgnoreRules: list[_Rule] | None = None


class _SearchedDistro(Layout):
    type: str | None = None
    version: str | None = None


class _Search(Layout):
    distro: _SearchedDistro | None = None


class _Detail(Layout):
    searchedBy: _Search | None = None
    searchKey: _Search | None = None  # before 0.14


class _Searched(Layout):
    matchDetails: list[_Detail] | _Detail | None = None


class _Layer(Layout):
    digest: str | None = None


class _Target(Layout):
    userInput: str | None = None
    name: str | None = None
    path: str | None = None
    imageID: str | None = None
    tags: list[str] | None = None
    repoDigests: list[str] | None = None
    imageSize: int | None = None
    architecture: str | None = None
    layers: list[_Layer] | None = None
    config: str | None = None


class _Source(Layout):
    type: str | None = None
    target: _Target | str | None = None


class _Distro(Layout):
    name: str | None = None
    version: str | None = None


class _Built(Layout):
    built: str | None = None


class _Database(Layout):
    built: str | None = None  # before data base 6
    status: _Built | None = None


class _Configuration(Layout):
    only_fixed: bool | None = msgspec.field(default=None, name="only-fixed")
    only_notfixed: bool | None = msgspec.field(default=None, name="only-notfixed")


class _Descriptor(Layout):
    version: str | None = None
    timestamp: str | None = None
    configuration: _Configuration | None = None
    db: _Database | None = None


class _Report(Layout):
    matches: Items = None
    ignoredMatches: Items = None
    alertsByPackage: Items = None
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor | None = None


class _ImageConfiguration(Layout):
    # Nothing else of it is read: it holds the image's environment.
    architecture: str | None = None
    created: str | None = None


class _Alert(Layout):
    type: str | None = None


class _Alerts(Layout):
    alerts: list[_Alert] | None = None


def score(source: Source) -> int:
    if not looks_like(source, b'"matches"'):
        return 0
    if _ITSELF.search(source.head):
        return 95
    return 80 if looks_like(source, b'"matchDetails"', b'"artifact"') else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 1)
    about = report.descriptor or _Descriptor()
    data = about.db or _Database()
    yield Origin(
        format=NAME,
        tool=TOOL,
        tool_version=about.version or "",
        created_at=moment(about.timestamp),
        data_at=moment(data.built or (data.status.built if data.status else None)),
    )
    image = _image(report, source.name, is_whole=lost is None)
    yield image
    known = (image.os_family, image.os_version)
    for _, found in each(report.matches, _Match, "matches"):
        yield found if isinstance(found, Skipped) else _match(found, *known)
    yield from _ignored(report.ignoredMatches, *known)
    if lost is not None:
        yield lost


def _image(report: _Report, file_name: str, *, is_whole: bool) -> ReportedImage:
    said = (report.source and report.source.target) or _Target()
    target = _Target(path=said) if isinstance(said, str) else said
    os = report.distro or _searched_distro(report.matches)
    config = _configuration(target.config)
    asked = (report.descriptor and report.descriptor.configuration) or _Configuration()
    return ReportedImage(
        name=target.userInput or target.name or target.path or file_name,
        digest=target.imageID or "",
        repo_digests=texts(target.repoDigests),
        references=texts(target.tags),
        os_family=os.name or "",
        os_version=os.version or "",
        os_is_unsupported=_is_unsupported(report.alertsByPackage) or None,
        architecture=target.architecture or config.architecture or "",
        created_at=moment(config.created),
        size_bytes=target.imageSize,
        layers=texts([layer.digest for layer in target.layers or ()], 500),
        is_whole=is_whole and not (asked.only_fixed or asked.only_notfixed),
        covers=("vulnerabilities",),
    )


def _configuration(encoded: str | None) -> _ImageConfiguration:
    try:
        return typed.decode(base64.b64decode(encoded or "", validate=True), _ImageConfiguration)
    except (binascii.Error, ValueError, RecursionError):
        return _ImageConfiguration()


def _searched_distro(items: Items) -> _Distro:
    """The distribution by which packages were looked up: for a report that broke off before it says so itself."""
    for _, found in each(items, _Searched, "matches"):
        if isinstance(found, Skipped):
            continue
        details = found.matchDetails or []
        for detail in [details] if isinstance(details, _Detail) else details:
            search = detail.searchedBy or detail.searchKey
            if search is not None and search.distro is not None and search.distro.type:
                return _Distro(name=search.distro.type, version=search.distro.version)
    return _Distro()


def _is_unsupported(items: Items) -> bool:
    """Whether an alert says that the distribution is out of support (from 0.104)."""
    return any(
        alert.type == "distro-eol"
        for _, package in each(items, _Alerts, "alertsByPackage")
        if not isinstance(package, Skipped)
        for alert in package.alerts or ()
    )


def _ignored(items: Items, family: str, version: str) -> Iterator[Reported]:
    """What a VEX document took away is not affected; what a rule of the user or Grype keeps back is only counted."""
    kept_back = 0
    for _, found in each(items, _Match, "ignoredMatches"):
        if isinstance(found, Skipped):
            yield found
        elif any(rule.vex_status in ("not_affected", "fixed") for rule in found.appliedIgnoreRules or ()):
            yield msgspec.structs.replace(_match(found, family, version), status=FixStatus.NOT_AFFECTED)
        else:
            kept_back += 1
    if kept_back:
        yield Skipped(
            kind="suppressed",
            where="ignoredMatches",
            reason=f"matches that Grype's ignore rules keep back: {kept_back}",
        )


def _match(found: _Match, family: str, version: str) -> ReportedMatch:
    about = found.vulnerability
    related = found.relatedVulnerabilities or []
    others = {other.id: other for other in related if other.id != about.id}
    fixed = texts(about.fix.versions if about.fix else [about.fixedInVersion])
    said = [about, *related]
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=about.id,
            # One other id is another name of the same; several are what an advisory mends together.
            aliases=tuple(others) if len(others) == 1 else (),
            description=clipped(
                about.description or next((r.description for r in related if r.description), "")
            ),
            severities={
                _source(each_said): _SEVERITIES[word]
                for each_said in reversed(said)
                if (word := (each_said.severity or "").lower()) in _SEVERITIES
            },
            scores=tuple(_scores(said)),
            weaknesses=tuple(
                dict.fromkeys(texts([w.cwe for each_said in said for w in each_said.cwes or ()]))
            ),
            references=_references(said),
        ),
        package=_package(found.artifact, family, version),
        severity=_SEVERITIES.get((about.severity or "").lower()),
        status=_STATUSES.get((about.fix and about.fix.state) or "")
        or (FixStatus.FIXED if fixed else FixStatus.UNKNOWN),
        fixed_versions=fixed,
        source=_source(about),
        url=about.dataSource or next(iter(_references([about])), ""),
    )


def _source(about: _About) -> str:
    """The data that a namespace names: "debian:distro:debian:12" is debian, "github:language:python" ghsa."""
    first = (about.namespace or "").partition(":")[0].lower()
    return _SOURCES.get(first, first) or TOOL


def _references(said: list[_About]) -> tuple[str, ...]:
    urls = [url for about in said for url in [about.dataSource, *(about.urls or about.links or [])]]
    return texts(list(dict.fromkeys(urls)), 20)


def _scores(said: list[_About]) -> Iterator[Score]:
    told = set()
    for about in said:
        for cvss in [*(about.cvss or ()), about.cvssV3, about.cvssV2]:
            if cvss is None or not cvss.vector:
                continue
            found = Score(
                source=_SOURCES.get(cvss.source or "", cvss.source or _source(about)),
                vector=cvss.vector,
                score=cvss.metrics.baseScore if cvss.metrics else cvss.baseScore,
            )
            if (key := (found.source, found.vector)) not in told:
                told.add(key)
                yield found


def _package(artifact: _Artifact, family: str, version: str) -> ReportedPackage:
    details = artifact.metadata or _Details()
    upstream = next((u for u in artifact.upstreams or () if u.name), None) or _Upstream(name=details.Source)
    places = artifact.locations or []
    # "primary" marks the file that shows the package, beside those that only support it.
    shown = [p for p in places if (p.annotations or {}).get("evidence") == "primary"] or places
    package = located(
        artifact.name,
        artifact.version or "",
        kind=artifact.type or "",
        purl=artifact.purl or "",
        family=family,
        os_version=version,
        architecture=details.architecture or "",
        source_name=upstream.name or "",
        source_version=_source_version(upstream, artifact),
        layer=next((place.layerID for place in shown if place.layerID), ""),
        licenses=texts(artifact.licenses),
    )
    if package.ecosystem in _SYSTEMS:
        return package
    paths = tuple(dict.fromkeys(texts([place.path for place in shown])))[:_MOST_PATHS]
    return msgspec.structs.replace(package, paths=paths)


def _source_version(upstream: _Upstream, artifact: _Artifact) -> str:
    """A source without a version of its own has the package's (deb-control(5), "Source"); a source RPM has its epoch."""
    if not upstream.name:
        return ""
    version, own = artifact.version or "", upstream.version or ""
    epoch, separator, _ = version.partition(":")
    if artifact.type == "rpm" and own and ":" not in own and separator and epoch != "0":
        return f"{epoch}:{own}"
    return own or version
