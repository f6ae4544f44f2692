"""Clair 4: vulnerability reports, and index reports (packages only).

Written after claircore's types and Clair's HTTP API. The report names the manifest by its digest and nothing else: the
subject has the name of the file. Layers are not read: `introduced_in` is the digest of the packed layer, which is no diff
id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

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
from scanners.reports.json_items import Layout, clipped, looks_like, moment, one, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import Source

NAME = "Clair 4 report"
TOOL = "clair"
# `normalized_severity`. Negligible does no harm; Unknown is no severity.
_SEVERITIES = {
    "Critical": Severity.CRITICAL,
    "High": Severity.HIGH,
    "Medium": Severity.MEDIUM,
    "Low": Severity.LOW,
    "Negligible": Severity.INFO,
}
# Updaters begin with the name of their data, but for these.
_SOURCES = {"rhel": "redhat", "aws": "amazon"}
_WORD = re.compile(r"[a-z]+")
# Where a package was found, for packages of a language ("python:usr/lib/…", "maven:app.jar").
_DATABASES = {
    "python": "pypi",
    "maven": "maven",
    "jar": "maven",
    "file": "maven",
    "go": "golang",
    "nodejs": "npm",
    "ruby": "gem",
}
_REPOSITORIES = {"pypi": "pypi", "maven": "maven", "go": "golang", "rubygems": "gem", "npm": "npm"}
# dpkg's "Source: util-linux (2.33.1-0.1)", which Clair takes for the name.
_DPKG_SOURCE = re.compile(r"(?P<name>\S+) \((?P<version>[^)]+)\)")

Map = dict[str, msgspec.Raw] | None


class _Source(Layout):
    name: str | None = None
    version: str | None = None


class _Package(Layout):
    name: str
    version: str | None = None
    kind: str | None = None
    source: _Source | None = None
    arch: str | None = None


class _Distribution(Layout):
    did: str | None = None
    version_id: str | None = None
    version_code_name: str | None = None


class _Repository(Layout):
    name: str | None = None


class _Environment(Layout):
    package_db: str | None = None
    distribution_id: str | int | None = None
    repository_ids: list[str | int] | None = None


class _Vulnerability(Layout):
    name: str
    updater: str | None = None
    description: str | None = None
    issued: str | None = None
    links: str | None = None
    severity: str | None = None
    normalized_severity: str | None = None
    fixed_in_version: str | None = None


class _Cvss(Layout):
    vectorString: str | None = None
    baseScore: float | None = None


class _Report(Layout):
    manifest_hash: str | None = None
    state: str | None = None
    err: str | None = None
    packages: Map = None
    distributions: Map = None
    repository: Map = None
    environments: Map = None
    vulnerabilities: Map = None
    package_vulnerabilities: Map = None
    enrichments: Map = None


def score(source: Source) -> int:
    if not looks_like(source, b'"manifest_hash"'):
        return 0
    return 85 if b'"packages"' in source.head or b'"state"' in source.head else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 0, members=2)
    is_index = report.state is not None or report.vulnerabilities is None
    yield Origin(format=f"{NAME}, {'index' if is_index else 'vulnerabilities'}", tool=TOOL)
    is_finished = report.state in (None, "IndexFinished")
    packages = _Packages(report, is_whole=lost is None)
    family, version = packages.system
    yield ReportedImage(
        name=source.name,
        repo_digests=texts([report.manifest_hash]),
        os_family=family,
        os_version=version,
        is_whole=lost is None and is_finished,
        covers=("packages",) if is_index else ("packages", "vulnerabilities"),
    )
    yield from packages.records()
    yield from _matches(report, packages)
    if not is_finished:
        reason = f"Clair did not finish: {report.state} {report.err or ''}".strip()[:300]
        yield Skipped(kind="engine_error", where=report.manifest_hash or source.name, reason=reason)
    if lost is not None:
        yield lost


class _Packages:
    """The packages of a report by their id, each with where it was found."""

    def __init__(self, report: _Report, *, is_whole: bool) -> None:
        self.report = report
        self.is_whole = is_whole
        self.by_id: dict[str, ReportedPackage] = {}
        self.distributions: dict[str, _Distribution] = {}
        for id_, raw in (report.distributions or {}).items():
            known = one(raw, _Distribution, f"distributions.{id_}")
            if not isinstance(known, Skipped):
                self.distributions[id_] = known

    @property
    def system(self) -> tuple[str, str]:
        """(family, version) of the image's distribution: the only one, or the one that most packages are of."""
        if len(self.distributions) == 1:
            return _named(next(iter(self.distributions.values())))
        used = Counter(
            str(found.distribution_id)
            for id_ in self.report.packages or ()
            if (found := self._environment(id_))
        )
        most = next((id_ for id_, _ in used.most_common() if id_ in self.distributions), "")
        return _named(self.distributions[most]) if most else ("", "")

    def records(self) -> Iterator[Reported]:
        for id_, raw in (self.report.packages or {}).items():
            if not self.is_whole and self._environment(id_) is None:
                continue  # where it was found is lost, and with it what kind of package it is
            found = one(raw, _Package, f"packages.{id_}")
            if isinstance(found, Skipped):
                yield found
                continue
            self.by_id[id_] = self._located(id_, found)
            if found.kind in (None, "", "binary"):  # not a source package: that is not what is installed
                yield self.by_id[id_]

    def _environment(self, id_: str) -> _Environment | None:
        raw = (self.report.environments or {}).get(id_)
        if raw is None:
            return None
        found = one(raw, list[_Environment], "")
        return found[0] if not isinstance(found, Skipped) and found else None

    def _located(self, id_: str, found: _Package) -> ReportedPackage:
        where = self._environment(id_) or _Environment()
        kind, path = self._language(where)
        family, version = _named(self.distributions.get(str(where.distribution_id)) or _Distribution())
        source = found.source or _Source()
        said = _DPKG_SOURCE.fullmatch(source.name or "")
        return located(
            found.name,
            found.version or "",
            kind=kind,
            family="" if kind else family,
            os_version=version,
            architecture=found.arch or "",
            source_name=said["name"] if said else source.name or "",
            source_version=said["version"] if said else source.version or "",
            paths=texts([path]) if kind else (),
        )

    def _language(self, where: _Environment) -> tuple[str, str]:
        """(ecosystem, file) of a package of a language; ("", "") for one of the distribution."""
        prefix, separator, path = (where.package_db or "").partition(":")
        if separator and prefix in _DATABASES:
            return _DATABASES[prefix], path
        for id_ in where.repository_ids or ():
            raw = (self.report.repository or {}).get(str(id_))
            known = one(raw, _Repository, "") if raw is not None else None
            if isinstance(known, _Repository) and known.name in _REPOSITORIES:
                return _REPOSITORIES[known.name], where.package_db or ""
        return "", ""


def _named(distribution: _Distribution) -> tuple[str, str]:
    return distribution.did or "", distribution.version_id or distribution.version_code_name or ""


def _matches(report: _Report, packages: _Packages) -> Iterator[Reported]:
    affected: dict[str, list[str]] = {}
    for package, raw in (report.package_vulnerabilities or {}).items():
        ids = one(raw, list[str | int], f"package_vulnerabilities.{package}")
        if isinstance(ids, Skipped):
            yield ids
            continue
        for id_ in ids:
            affected.setdefault(str(id_), []).append(package)
    scores = _scores(report.enrichments or {})
    for id_, raw in (report.vulnerabilities or {}).items():
        if id_ not in affected:
            continue
        found = one(raw, _Vulnerability, f"vulnerabilities.{id_}")
        if isinstance(found, Skipped):
            yield found
            continue
        for package in affected[id_]:
            if package in packages.by_id:
                yield _match(found, packages.by_id[package], scores.get(id_, ()))
            else:
                reason = "it is said of a package that the report does not list"
                yield Skipped(kind="malformed", where=f"{found.name}: package {package}"[:200], reason=reason)


def _match(found: _Vulnerability, package: ReportedPackage, scores: tuple[Score, ...]) -> ReportedMatch:
    id_, _, rest = found.name.partition(" ")
    id_ = id_.rstrip(":")  # "RHSA-2021:4356: kernel security update (Important)"
    word = _WORD.match((found.updater or "").lower())
    source = _SOURCES.get(word.group(), word.group()) if word else TOOL
    level = _SEVERITIES.get(found.normalized_severity or "")
    links = texts((found.links or "").split(), 20)
    fixed = texts([found.fixed_in_version if found.fixed_in_version != "0" else ""])
    vector = found.severity if (found.severity or "").startswith("CVSS:") else ""
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=id_,
            title=rest,
            description=clipped(found.description),
            severities={} if level is None else {source: level},
            scores=(Score(source=source, vector=vector), *scores) if vector else scores,
            references=links,
            published_at=moment(found.issued),
        ),
        package=package,
        severity=level,
        status=FixStatus.FIXED if fixed else FixStatus.UNKNOWN,
        fixed_versions=tuple(version.removeprefix("0:") for version in fixed),
        source=source,
        url=links[0] if links else "",
    )


def _scores(enrichments: dict[str, msgspec.Raw]) -> dict[str, tuple[Score, ...]]:
    """NVD's scores by the ids of vulnerabilities, which the CVSS enricher adds."""
    found: dict[str, tuple[Score, ...]] = {}
    for kind, raw in enrichments.items():
        if "enricher=clair.cvss" not in kind:
            continue
        said = one(raw, list[dict[str, list[_Cvss]]], "")
        for by_id in [] if isinstance(said, Skipped) else said:
            for id_, told in by_id.items():
                found[id_] = tuple(
                    Score(source="nvd", vector=cvss.vectorString, score=cvss.baseScore)
                    for cvss in told
                    if cvss.vectorString
                )
    return found
