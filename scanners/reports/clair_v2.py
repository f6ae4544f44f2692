"""Clair before 4, as its clients write it: clair-scanner, klar, and the layer of Clair's and Quay's API.

Written after these programs' own structures and Clair's API of version 1. Clair before 4 looks at source packages of
Debian and Ubuntu, so a feature's name is that of the source package. klar and the API do not name the image: the subject
has the name of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

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
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, one, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import Source

NAME = "Clair 2 report"
TOOL = "clair"
# Defcon1 is Clair's word for what needs an answer at once; Negligible does no harm; Unknown is no severity.
_SEVERITIES = {
    "defcon1": Severity.CRITICAL,
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFO,
}
# Names that the other scanners use for the data of a distribution.
_SOURCES = {"centos": "redhat", "rhel": "redhat", "amzn": "amazon", "oracle": "oracle"}

_LISTED: Any = Items


class _Scanners(Layout):
    """One finding of clair-scanner."""

    vulnerability: str
    featurename: str
    featureversion: str | None = None
    namespace: str | None = None
    description: str | None = None
    link: str | None = None
    severity: str | None = None
    fixedby: str | None = None


class _Points(Layout):
    Score: float | None = None
    Vectors: str | None = None


class _Nvd(Layout):
    CVSSv2: _Points | None = None
    CVSSv3: _Points | None = None


class _Metadata(Layout):
    NVD: _Nvd | None = None


class _Found(Layout):
    """One finding of Clair's API, which klar adds the feature to."""

    Name: str
    NamespaceName: str | None = None
    Description: str | None = None
    Link: str | None = None
    Severity: str | None = None
    FixedBy: str | None = None
    FeatureName: str | None = None
    FeatureVersion: str | None = None
    Metadata: _Metadata | None = None


class _Feature(Layout):
    Name: str
    NamespaceName: str | None = None
    Version: str | None = None
    Vulnerabilities: Items = None


class _Layer(Layout):
    Features: Items = None


class _Data(Layout):
    Layer: _Layer | None = None


class _Report(Layout):
    image: str | None = None
    vulnerabilities: Items = None
    Vulnerabilities: dict[str, msgspec.Raw] | None = None  # klar's, by severity
    Layer: _Layer | None = None
    data: _Data | None = None  # Quay


def score(source: Source) -> int:
    if looks_like(source, b'"unapproved"', b'"vulnerabilities"', b'"image"'):
        return 80
    if looks_like(source, b'"LayerCount"', b'"Vulnerabilities"'):
        return 80
    return 75 if looks_like(source, b'"Layer"', b'"Features"', b'"NamespaceName"') else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 1)
    yield Origin(format=f"{NAME}, {_program(report)}", tool=TOOL)
    yield ReportedImage(
        name=report.image or source.name,
        references=texts([report.image]) if report.image and "@" not in report.image else (),
        repo_digests=texts([report.image]) if report.image and "@" in report.image else (),
        is_whole=lost is None,
        covers=("packages", "vulnerabilities") if report.Layer or report.data else ("vulnerabilities",),
    )
    for _, found in each(report.vulnerabilities, _Scanners, "vulnerabilities"):
        yield found if isinstance(found, Skipped) else _of_scanner(found)
    for severity, raw in (report.Vulnerabilities or {}).items():
        items = one(raw, _LISTED, f"Vulnerabilities.{severity}")
        if isinstance(items, Skipped):
            yield items
            continue
        for _, listed in each(items, _Found, f"Vulnerabilities.{severity}"):
            yield listed if isinstance(listed, Skipped) else _match(listed, _feature(listed))
    layer = report.Layer or (report.data and report.data.Layer) or _Layer()
    for _, feature in each(layer.Features, _Feature, "Features"):
        if isinstance(feature, Skipped):
            yield feature
        else:
            yield from _of_feature(feature)
    if lost is not None:
        yield lost


def _program(report: _Report) -> str:
    if report.Vulnerabilities is not None:
        return "klar"
    return "API" if report.Layer or report.data else "clair-scanner"


def _package(name: str, version: str | None, namespace: str | None) -> ReportedPackage:
    family, _, release = (namespace or "").partition(":")
    return located(name, version or "", family=family, os_version=release)


def _feature(found: _Found) -> ReportedPackage:
    return _package(found.FeatureName or "", found.FeatureVersion, found.NamespaceName)


def _of_feature(feature: _Feature) -> Iterator[Reported]:
    package = _package(feature.Name, feature.Version, feature.NamespaceName)
    yield package
    for _, found in each(feature.Vulnerabilities, _Found, f"{feature.Name}.Vulnerabilities"):
        yield found if isinstance(found, Skipped) else _match(found, package)


def _of_scanner(found: _Scanners) -> ReportedMatch:
    return _match(
        _Found(
            Name=found.vulnerability,
            NamespaceName=found.namespace,
            Description=found.description,
            Link=found.link,
            Severity=found.severity,
            FixedBy=found.fixedby,
        ),
        _package(found.featurename, found.featureversion, found.namespace),
    )


def _match(found: _Found, package: ReportedPackage) -> ReportedMatch:
    level = _SEVERITIES.get((found.Severity or "").lower())
    family = (found.NamespaceName or "").partition(":")[0].lower()
    source = _SOURCES.get(family, family)
    # Clair writes "#MAXV#" for a version that is above all others: there is none.
    fixed = texts([(found.FixedBy or "").removeprefix("0:")]) if found.FixedBy != "#MAXV#" else ()
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=found.Name,
            description=clipped(found.Description),
            severities={} if level is None or not source else {source: level},
            scores=tuple(_scores((found.Metadata and found.Metadata.NVD) or _Nvd())),
            references=texts([found.Link]),
        ),
        package=package,
        severity=level,
        status=FixStatus.FIXED if fixed else FixStatus.UNKNOWN,
        fixed_versions=fixed,
        source=source,
        url=found.Link or "",
    )


def _scores(nvd: _Nvd) -> Iterator[Score]:
    for points in (nvd.CVSSv3, nvd.CVSSv2):
        if points is not None and points.Vectors:
            yield Score(source="nvd", vector=points.Vectors, score=points.Score)
