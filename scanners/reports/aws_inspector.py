"""Amazon Inspector 2: findings as ListFindings gives them, about images in ECR.

Written after Inspector's API reference (`Finding`, `VulnerablePackage`, `AwsEcrContainerImageDetails`). Layers are not read:
`sourceLayerHash` is the digest of the packed layer, which is no diff id. Instances and functions are no images: one
`Skipped` for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, one, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import Source

NAME = "Amazon Inspector findings"
TOOL = "aws-inspector"
# UNTRIAGED is no severity yet.
SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "INFORMATIONAL": Severity.INFO,
}
# What vendors say, as Inspector hands it on. Unimportant and negligible do no harm; "not yet assigned", untriaged and
# end-of-life are no severity.
_VENDORS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "minor": Severity.LOW,
    "unimportant": Severity.INFO,
    "negligible": Severity.INFO,
}
_PLATFORM = re.compile(r"(?P<family>[A-Z]+(?:_[A-Z]+)*)(?:_(?P<version>\d+(?:_\d+)*))?")
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):ecr:(?P<region>[a-z0-9-]+):(?P<account>\d+):"
    r"repository/(?P<name>.+?)/(?P<digest>sha256:[0-9a-f]+)"
)
_NO_VERSION = ("NotAvailable", "Not Available")


class EcrImage(Layout):
    architecture: str | None = None
    imageHash: str | None = None
    imageTags: list[str] | None = None
    platform: str | None = None
    registry: str | None = None
    repositoryName: str | None = None


class _Details(Layout):
    awsEcrContainerImage: EcrImage | None = None


class Resource(Layout):
    id: str | None = None
    type: str | None = None
    details: _Details | None = None


class Package(Layout):
    name: str
    version: str | None = None
    release: str | None = None
    epoch: int | None = None
    arch: str | None = None
    packageManager: str | None = None
    filePath: str | None = None
    fixedInVersion: str | None = None


class _Cvss(Layout):
    baseScore: float | None = None
    scoringVector: str | None = None
    source: str | None = None


class Vulnerability(Layout):
    vulnerabilityId: str
    source: str | None = None
    sourceUrl: str | None = None
    vendorSeverity: str | None = None
    vendorCreatedAt: str | float | None = None
    vendorUpdatedAt: str | float | None = None
    referenceUrls: list[str] | None = None
    relatedVulnerabilities: list[str] | None = None
    cvss: list[_Cvss] | None = None
    vulnerablePackages: list[Package] | None = None


class Finding(Layout):
    title: str | None = None
    description: str | None = None
    severity: str | None = None
    status: str | None = None
    fixAvailable: str | None = None
    packageVulnerabilityDetails: Vulnerability | None = None


class _About(Layout):
    resources: list[Resource] | None = None
    status: str | None = None


class _Report(Layout):
    findings: Items = None
    nextToken: str | None = None


def score(source: Source) -> int:
    if looks_like(source, b'"findings"', b'"findingArn"') and b'"imageScanFindings"' not in source.head:
        return 85
    only = re.fullmatch(rb'\{\s*"findings"\s*:\s*\[\s*\]\s*\}\s*', source.head)
    return 40 if only else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 1)
    yield Origin(format=NAME, tool=TOOL)
    images: dict[str, tuple[Resource, list[int]]] = {}
    others: dict[str, int] = {}
    for position, about in each(report.findings, _About, "findings"):
        if isinstance(about, Skipped):
            yield about
            continue
        for resource in about.resources or [Resource()]:
            if resource.details and resource.details.awsEcrContainerImage:
                images.setdefault(resource.id or f"[{position}]", (resource, []))[1].append(position)
            else:
                where = f"{resource.type or 'resource'} {resource.id or ''}".strip()
                others[where] = others.get(where, 0) + 1
    items = report.findings or []
    is_whole = lost is None and not report.nextToken
    for resource, positions in images.values():
        image = image_of(resource, is_whole=is_whole)
        yield image
        for position in positions:
            found = one(items[position], Finding, f"findings[{position}]")
            if isinstance(found, Skipped):
                yield found
            else:
                yield from matches_of(found, image)
    for where, count in others.items():
        yield Skipped(kind="unattached", where=where, reason=f"findings about what is no image: {count}")
    if lost is not None:
        yield lost


def image_of(resource: Resource, *, is_whole: bool) -> ReportedImage:
    """The image of a resource in ECR; its ARN tells the registry's region, and with it the name that engines use."""
    about = (resource.details and resource.details.awsEcrContainerImage) or EcrImage()
    name, digest = registry_name(resource.id or "", about.repositoryName or "", about.imageHash or "")
    family, version = platform(about.platform or "")
    references = tuple(f"{name}:{tag}" for tag in texts(about.imageTags)) if name else ()
    manifest = f"{name}@{digest}" if name and digest else digest
    return ReportedImage(
        name=next(iter(references), "") or manifest or name or resource.id or "",
        repo_digests=texts([manifest]),
        references=references,
        os_family=family,
        os_version=version,
        architecture=(about.architecture or "").lower(),
        is_whole=is_whole,
        covers=("vulnerabilities",),
    )


def registry_name(arn: str, repository: str, digest: str) -> tuple[str, str]:
    """(name of a repository with its registry, digest of the manifest), from an image's ARN and what is told beside it."""
    found = _ARN.match(arn)
    if found is None:
        return repository, digest
    end = "amazonaws.com.cn" if found["partition"] == "aws-cn" else "amazonaws.com"
    host = f"{found['account']}.dkr.ecr.{found['region']}.{end}"
    return f"{host}/{found['name']}", digest or found["digest"]


def platform(word: str) -> tuple[str, str]:
    """The distribution and version of Inspector's word: ALPINE_LINUX_3_18 is ("alpine linux", "3.18")."""
    found = _PLATFORM.fullmatch(word)
    if found is None:
        return word.lower(), ""
    return found["family"].lower().replace("_", " "), (found["version"] or "").replace("_", ".")


def matches_of(found: Finding, image: ReportedImage) -> Iterator[Reported]:
    """A match for every package of a finding. What Inspector closed is not affected any more; what a rule suppresses is
    only counted."""
    about = found.packageVulnerabilityDetails
    if about is None:
        where = f"{image.name}: {found.title or ''}"
        yield Skipped(kind="unattached", where=where[:200], reason="a finding that is about no package")
        return
    if found.status == "SUPPRESSED":
        where = f"{image.name}: {about.vulnerabilityId}"
        yield Skipped(kind="suppressed", where=where[:200], reason="suppressed by a rule in Inspector")
        return
    others = {other for other in texts(about.relatedVulnerabilities) if other != about.vulnerabilityId}
    vulnerability = ReportedVulnerability(
        id=about.vulnerabilityId,
        # One other id is another name of the same; several are what an advisory mends together.
        aliases=tuple(others) if len(others) == 1 else (),
        description=clipped(found.description),
        severities=_severities(about),
        scores=tuple(_scores(about)),
        references=texts([about.sourceUrl, *(about.referenceUrls or ())], 20),
        published_at=moment(about.vendorCreatedAt),
        modified_at=moment(about.vendorUpdatedAt),
    )
    for package in about.vulnerablePackages or ():
        fixed = texts(
            []
            if package.fixedInVersion in _NO_VERSION
            else [(package.fixedInVersion or "").removeprefix("0:")]
        )
        yield ReportedMatch(
            vulnerability=vulnerability,
            package=package_of(package, image),
            severity=SEVERITIES.get((found.severity or "").upper()),
            status=_status(found, fixed),
            fixed_versions=fixed,
            source=source_of(about.source or ""),
            url=about.sourceUrl or "",
        )


def package_of(package: Package, image: ReportedImage) -> ReportedPackage:
    """A package of the distribution or of a language, as its manager says."""
    version = package.version or ""
    of_system = (package.packageManager or "").upper() in ("OS", "")
    if of_system:
        version = f"{version}-{package.release}" if package.release else version
        version = f"{package.epoch}:{version}" if package.epoch else version
    return located(
        package.name,
        version,
        kind="" if of_system else package.packageManager or "",
        family=image.os_family if of_system else "",
        os_version=image.os_version,
        architecture=(package.arch or "").lower(),
        paths=texts([package.filePath]),
    )


def source_of(word: str) -> str:
    """The data that a finding is from, as the other scanners call it: DEBIAN_CVE is debian."""
    return word.lower().removesuffix("_cve").replace("github", "ghsa")


def _severities(about: Vulnerability) -> dict[str, Severity]:
    level = _VENDORS.get((about.vendorSeverity or "").lower())
    return {} if level is None else {source_of(about.source or TOOL): level}


def _scores(about: Vulnerability) -> Iterator[Score]:
    for cvss in about.cvss or ():
        if cvss.scoringVector:
            yield Score(
                source=source_of(cvss.source or TOOL), vector=cvss.scoringVector, score=cvss.baseScore
            )


def _status(found: Finding, fixed: tuple[str, ...]) -> FixStatus:
    if found.status == "CLOSED":
        return FixStatus.NOT_AFFECTED
    if fixed:
        return FixStatus.FIXED
    return FixStatus.AFFECTED if found.fixAvailable == "NO" else FixStatus.UNKNOWN
