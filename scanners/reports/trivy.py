"""Trivy's JSON of images: schema 2, and the bare list of before 0.20 (schema 1).

Written after Trivy's documentation ("Reporting", "JSON") and its `types.Report`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanners.distributions import release
from scanners.purl import Coordinates, coordinates
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
    ReportedVerdict,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, texts, whole
from scanners.reports.source import Source

NAME = "Trivy JSON"
TOOL = "trivy"
_SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
}
# `VendorSeverity` has numbers (trivy-db, types.Severity): 0 unknown, 1 low … 4 critical.
_NUMBERED = {1: Severity.LOW, 2: Severity.MEDIUM, 3: Severity.HIGH, 4: Severity.CRITICAL}
# Of `VendorIDs`, which also holds a distribution's advisories (DSA, RHSA …): those repair many vulnerabilities at once and
# are the name of none.
_NAMES = ("CVE-", "GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "OSV-", "GMS-", "NSWG-")
_STATUSES = {status.value: status for status in FixStatus}
# The type of a package URL by Trivy's own names, for reports from before PkgIdentifier (0.48).
_ECOSYSTEMS = {
    "debian": "deb", "ubuntu": "deb", "alpine": "apk", "wolfi": "apk", "chainguard": "apk",
    "redhat": "rpm", "centos": "rpm", "rocky": "rpm", "alma": "rpm", "amazon": "rpm", "oracle": "rpm", "fedora": "rpm",
    "photon": "rpm", "opensuse.leap": "rpm", "suse linux enterprise server": "rpm", "cbl-mariner": "rpm",
    "node-pkg": "npm", "npm": "npm", "yarn": "npm", "pnpm": "npm", "python-pkg": "pypi", "pip": "pypi", "poetry": "pypi",
    "pipenv": "pypi", "gemspec": "gem", "bundler": "gem", "gobinary": "golang", "gomod": "golang", "jar": "maven",
    "pom": "maven", "rustbinary": "cargo", "cargo": "cargo", "nuget": "nuget", "dotnet-core": "nuget",
    "composer": "composer",
}  # fmt: skip


class OS(Layout):
    Family: str | None = None
    Name: str | None = None
    EOSL: bool | None = None


class Metadata(Layout):
    OS: OS | None = None
    Size: int | None = None
    ImageID: str | None = None
    DiffIDs: list[str] | None = None
    RepoTags: list[str] | None = None
    RepoDigests: list[str] | None = None
    ImageConfig: dict[str, Any] | None = None


class _Tool(Layout):
    Version: str | None = None


class Result(Layout):
    Target: str | None = None
    Class: str | None = None
    Type: str | None = None
    Packages: Items = None
    Vulnerabilities: Items = None
    Misconfigurations: Items = None
    Secrets: Items = None


class _Report(Layout):
    SchemaVersion: int | None = None
    Trivy: _Tool | None = None
    CreatedAt: str | None = None
    ArtifactName: str | None = None
    ArtifactType: str | None = None
    Metadata: Metadata | None = None
    Results: Items = None


class _Identifier(Layout):
    PURL: str | None = None


class _Layer(Layout):
    DiffID: str | None = None


class _Package(Layout):
    Name: str
    Version: str | None = None
    Release: str | None = None
    Epoch: int | None = None
    Arch: str | None = None
    SrcName: str | None = None
    SrcVersion: str | None = None
    SrcRelease: str | None = None
    SrcEpoch: int | None = None
    Identifier: _Identifier | None = None
    Licenses: list[str] | None = None
    Layer: _Layer | None = None
    FilePath: str | None = None


class _Cvss(Layout):
    V2Vector: str | None = None
    V3Vector: str | None = None
    V40Vector: str | None = None
    V2Score: float | None = None
    V3Score: float | None = None
    V40Score: float | None = None


class _Source(Layout):
    ID: str | None = None


class _Vulnerability(Layout):
    VulnerabilityID: str
    PkgName: str
    InstalledVersion: str = ""
    FixedVersion: str | None = None
    Status: str | None = None
    VendorIDs: list[str] | None = None
    PkgIdentifier: _Identifier | None = None
    PkgPath: str | None = None
    Layer: _Layer | None = None
    SeveritySource: str | None = None
    PrimaryURL: str | None = None
    DataSource: _Source | None = None
    Title: str | None = None
    Description: str | None = None
    Severity: str | None = None
    CweIDs: list[str] | None = None
    VendorSeverity: dict[str, int] | None = None
    CVSS: dict[str, _Cvss] | None = None
    References: list[str] | None = None
    PublishedDate: str | None = None
    LastModifiedDate: str | None = None


class _Misconfiguration(Layout):
    ID: str
    Title: str | None = None
    Message: str | None = None
    Resolution: str | None = None
    Severity: str | None = None
    Status: str | None = None


class _Secret(Layout):
    RuleID: str
    Title: str | None = None
    Severity: str | None = None
    StartLine: int | None = None
    Layer: _Layer | None = None


def score(source: Source) -> int:
    if looks_like(source, b'"SchemaVersion"') and looks_like(source, b'"ArtifactName"'):
        return 90 if b'"Resources"' not in source.head[:4096] else 0
    if source.head.lstrip()[:1] == b"[" and b'"Target"' in source.head[:4096]:
        return 60
    return 0


def read(source: Source) -> Iterator[Reported]:
    if source.head.lstrip()[:1] == b"[":
        results, lost = whole(source, list[Result], 2)
        yield Origin(format="Trivy JSON, schema 1", tool=TOOL)
        first = next((result.Target for result in results if result.Target), "") or source.name
        yield ReportedImage(name=first.partition(" (")[0], is_whole=lost is None)
        for result in results:
            yield from result_of(result, "", "")
    else:
        report, lost = whole(source, _Report, 2)
        yield from report_of(report, is_whole=lost is None)
    if lost is not None:
        yield lost


def report_of(report: _Report, *, is_whole: bool) -> Iterator[Reported]:
    """What one document of schema 2 says."""
    yield Origin(
        format=f"Trivy JSON, schema {report.SchemaVersion or 2}",
        tool=TOOL,
        tool_version=(report.Trivy and report.Trivy.Version) or "",
        created_at=moment(report.CreatedAt),
    )
    image = image_of(report.ArtifactName or "", report.Metadata or Metadata(), is_whole=is_whole)
    yield image
    for _, result in each(report.Results, Result, "Results"):
        if isinstance(result, Skipped):
            yield result
        else:
            yield from result_of(result, image.os_family, image.os_version)


def image_of(name: str, about: Metadata, *, is_whole: bool) -> ReportedImage:
    """The image that a report or a resource of Kubernetes is about."""
    os = about.OS or OS()
    config = about.ImageConfig or {}
    architecture, created = config.get("architecture"), config.get("created")
    return ReportedImage(
        name=name,
        digest=about.ImageID or "",
        repo_digests=texts(about.RepoDigests),
        references=texts(about.RepoTags),
        os_family=os.Family or "",
        os_version=os.Name or "",
        os_is_unsupported=os.EOSL,
        architecture=architecture if isinstance(architecture, str) else "",
        created_at=moment(created if isinstance(created, str) else None),
        size_bytes=about.Size,
        layers=texts(about.DiffIDs, 500),
        is_whole=is_whole,
    )


def result_of(result: Result, family: str, version: str) -> Iterator[Reported]:
    """What one result of an image says; `family` and `version` are the image's distribution."""
    where = f"Results “{result.Target or result.Type or ''}”"
    of_system = result.Class == "os-pkgs"
    known = (
        result.Type or "",
        family if of_system else "",
        version if of_system else "",
        result.Target or "",
    )
    for _, package in each(result.Packages, _Package, f"{where}.Packages"):
        yield package if isinstance(package, Skipped) else _package(package, *known)
    for _, found in each(result.Vulnerabilities, _Vulnerability, f"{where}.Vulnerabilities"):
        yield found if isinstance(found, Skipped) else _match(found, *known)
    for _, wrong in each(result.Misconfigurations, _Misconfiguration, f"{where}.Misconfigurations"):
        yield wrong if isinstance(wrong, Skipped) else _verdict(wrong)
    secrets: dict[str, list[_Secret]] = {}
    for _, secret in each(result.Secrets, _Secret, f"{where}.Secrets"):
        if isinstance(secret, Skipped):
            yield secret
        else:
            secrets.setdefault(secret.RuleID, []).append(secret)
    for rule in sorted(secrets):
        yield _secrets(secrets[rule], result.Target or "")


def _package(found: _Package, kind: str, family: str, version: str, target: str) -> ReportedPackage:
    return _located(
        (found.Identifier and found.Identifier.PURL) or "",
        found.Name,
        _evr(found.Epoch, found.Version, found.Release),
        (kind, family, version),
        architecture=found.Arch or "",
        source_name=found.SrcName or "",
        source_version=_evr(found.SrcEpoch, found.SrcVersion, found.SrcRelease),
        layer=(found.Layer and found.Layer.DiffID) or "",
        paths=_paths(found.FilePath, family, target),
        licenses=texts(found.Licenses),
    )


def _evr(epoch: int | None, version: str | None, release: str | None) -> str:
    """Epoch, version and release as deb and rpm write them."""
    text = f"{version or ''}-{release}" if release else version or ""
    return f"{epoch}:{text}" if epoch else text


def _paths(path: str | None, family: str, target: str) -> tuple[str, ...]:
    # Packages of the distribution have no file of their own; those of a language lie in the target when that is a file.
    if path:
        return (path,)
    return (target,) if not family and "/" in target and " " not in target else ()


def _located(
    purl: str, name: str, version: str, known: tuple[str, str, str], *, architecture: str = "", **more: Any
) -> ReportedPackage:
    """The package with the coordinates of its URL; of the report's other fields where it has none."""
    kind, family, os_version = known
    place = coordinates(purl)
    if place is None:
        ecosystem = _ECOSYSTEMS.get(family or kind, kind or "generic")
        group, _, last = name.rpartition(":" if ecosystem == "maven" else "/")
        is_grouped = ecosystem in ("maven", "npm", "golang", "composer")
        place = Coordinates(
            ecosystem=ecosystem,
            namespace=family if family else group if is_grouped else "",
            name=last if is_grouped else name,
            architecture=architecture,
        )
    return ReportedPackage(
        ecosystem=place.ecosystem,
        namespace=place.namespace,
        name=place.name,
        version=version or place.version,
        architecture=place.architecture,
        distribution=release(family, os_version) if family else "",
        **more,
    )


def _match(found: _Vulnerability, kind: str, family: str, version: str, target: str) -> ReportedMatch:
    package = _located(
        (found.PkgIdentifier and found.PkgIdentifier.PURL) or "",
        found.PkgName,
        found.InstalledVersion,
        (kind, family, version),
        layer=(found.Layer and found.Layer.DiffID) or "",
        paths=_paths(found.PkgPath, family, target),
    )
    severities = {
        source: _NUMBERED[number]
        for source, number in (found.VendorSeverity or {}).items()
        if number in _NUMBERED
    }
    fixed = tuple(part.strip() for part in (found.FixedVersion or "").split(",") if part.strip())
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=found.VulnerabilityID,
            aliases=tuple(name for name in texts(found.VendorIDs) if name.startswith(_NAMES)),
            title=found.Title or "",
            description=clipped(found.Description),
            severities=severities,
            scores=tuple(_scores(found.CVSS or {})),
            weaknesses=texts(found.CweIDs),
            references=texts(found.References, 20),
            published_at=moment(found.PublishedDate),
            modified_at=moment(found.LastModifiedDate),
        ),
        package=package,
        severity=_SEVERITIES.get(found.Severity or ""),
        status=_status(found.Status, fixed),
        fixed_versions=fixed,
        source=(found.DataSource and found.DataSource.ID) or found.SeveritySource or "",
        url=found.PrimaryURL or "",
    )


def _status(said: str | None, fixed: tuple[str, ...]) -> FixStatus:
    return _STATUSES.get(said or "") or (FixStatus.FIXED if fixed else FixStatus.UNKNOWN)


def _scores(by_source: dict[str, _Cvss]) -> Iterator[Score]:
    for source, found in by_source.items():
        for vector, points in (
            (found.V40Vector, found.V40Score),
            (found.V3Vector, found.V3Score),
            (found.V2Vector, found.V2Score),
        ):
            if vector:
                yield Score(source=source, vector=vector, score=points)


def _verdict(wrong: _Misconfiguration) -> ReportedVerdict:
    return ReportedVerdict(
        check=wrong.ID,
        title=wrong.Title or wrong.ID,
        severity=_SEVERITIES.get(wrong.Severity or "", Severity.INFO),
        passed={"PASS": True, "FAIL": False}.get(wrong.Status or ""),
        detail=wrong.Message or "",
        remediation=wrong.Resolution or "",
    )


def _secrets(alike: list[_Secret], path: str) -> ReportedProblem:
    """The secrets of one rule in one file as one problem: lines move, and would make each of them another one."""
    # Neither `Match` nor `Code` is read: they hold the secret's surroundings, and sometimes the secret.
    first = alike[0]
    lines = ", ".join(
        str(line) for line in sorted({secret.StartLine for secret in alike if secret.StartLine})
    )
    return ReportedProblem(
        kind=ProblemKind.SECRET,
        key=f"{first.RuleID}:{path}",
        title=first.Title or first.RuleID,
        severity=_SEVERITIES.get(first.Severity or "", Severity.INFO),
        detail=f"line {lines}" if lines else "",
        path=path,
        layer=(first.Layer and first.Layer.DiffID) or "",
    )
