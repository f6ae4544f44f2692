"""AWS Security Finding Format (ASFF), as Security Hub gives it and as Trivy's template makes it: findings about images.

Written after the ASFF syntax of the Security Hub user guide and Trivy's `contrib/asff.tpl`. Findings about other resources
(instances, functions, accounts) are one `Skipped` for each. Trivy names the image only in the target of the distribution's
packages; its other findings are of the same image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from scanners.records import Severity, Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    ProblemKind,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedProblem,
    ReportedVerdict,
    ReportedVulnerability,
    Score,
)
from scanners.reports.aws_inspector import (
    SEVERITIES,
    Package,
    package_of,
    platform,
    registry_name,
    source_of,
)
from scanners.reports.json_items import Items, Layout, clipped, each, moment, one, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import Source

NAME = "AWS Security Finding Format"
TOOL = "security-hub"
_VENDORS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "unimportant": Severity.INFO,  # does no harm, as negligible; "not yet assigned" and untriaged are no severity
    "negligible": Severity.INFO,
}
# Severity.Normalized (0 to 100), where no label is given.
_NORMALIZED = (
    (90, Severity.CRITICAL),
    (70, Severity.HIGH),
    (40, Severity.MEDIUM),
    (1, Severity.LOW),
    (0, Severity.INFO),
)
_VERDICTS = {"PASSED": True, "FAILED": False, "WARNING": None, "NOT_AVAILABLE": None}
_ITSELF = (b'"ProductArn"', b'"Resources"', b'"SchemaVersion"')
_SYSTEM = "aws/inspector/resources/1/resourceDetails/awsEcrContainerImageDetails/platform"
_LONGEST_TARGET = 500  # the pattern takes the square of the length
_TARGET = re.compile(r"(?P<name>\S+) \((?P<family>.+?)(?: (?P<version>\S+))?\)")


class _Image(Layout):
    RegistryId: str | None = None
    RepositoryName: str | None = None
    Architecture: str | None = None
    ImageDigest: str | None = None
    ImageTags: list[str] | None = None


class _Container(Layout):
    ImageName: str | None = None
    ImageId: str | None = None


class _Details(Layout):
    AwsEcrContainerImage: _Image | None = None
    Container: _Container | None = None
    Other: dict[str, Any] | None = None


class _Resource(Layout):
    Id: str = ""
    Type: str | None = None
    Details: _Details | None = None


class _Severity(Layout):
    Label: str | None = None
    Normalized: float | None = None


class _Package(Layout):
    Name: str | None = None
    Version: str | None = None
    Epoch: str | int | None = None
    Release: str | None = None
    Architecture: str | None = None
    PackageManager: str | None = None
    FilePath: str | None = None
    FixedInVersion: str | None = None


class _Cvss(Layout):
    BaseScore: float | None = None
    BaseVector: str | None = None
    Source: str | None = None


class _Vendor(Layout):
    Name: str | None = None
    Url: str | None = None
    VendorSeverity: str | None = None
    VendorCreatedAt: str | None = None
    VendorUpdatedAt: str | None = None


class _Vulnerability(Layout):
    Id: str
    VulnerablePackages: list[_Package] | None = None
    Cvss: list[_Cvss] | None = None
    RelatedVulnerabilities: list[str] | None = None
    Vendor: _Vendor | None = None
    ReferenceUrls: list[str] | None = None
    FixAvailable: str | None = None


class _Compliance(Layout):
    Status: str | None = None


class _Workflow(Layout):
    Status: str | None = None


class _Recommendation(Layout):
    Text: str | None = None
    Url: str | None = None


class _Remediation(Layout):
    Recommendation: _Recommendation | None = None


class _Finding(Layout):
    Resources: list[_Resource] | None = None
    GeneratorId: str | None = None
    ProductName: str | None = None
    Title: str | None = None
    Description: str | None = None
    UpdatedAt: str | None = None
    Types: list[str] | None = None
    Severity: _Severity | None = None
    Remediation: _Remediation | None = None
    ProductFields: dict[str, Any] | None = None
    RecordState: str | None = None
    Workflow: _Workflow | None = None
    Compliance: _Compliance | None = None
    Vulnerabilities: list[_Vulnerability] | None = None


class _About(Layout):
    """What tells which image a finding is about."""

    Resources: list[_Resource] | None = None
    GeneratorId: str | None = None
    ProductFields: dict[str, Any] | None = None


class _Event(Layout):
    findings: Items = None


class _Report(Layout):
    Findings: Items = None
    findings: Items = None
    detail: _Event | None = None  # an event of EventBridge
    NextToken: str | None = None


def score(source: Source) -> int:
    head = source.head.lstrip()
    if head[:1] in (b"{", b"[") and all(mark in head for mark in _ITSELF):
        return 90
    return 40 if re.fullmatch(rb'\{\s*"Findings"\s*:\s*\[\s*\]\s*\}\s*', head) else 0


def read(source: Source) -> Iterator[Reported]:
    layout: Any = list[msgspec.Raw] | _Report
    content, lost = whole(source, layout, 1)
    report = _Report(Findings=content) if isinstance(content, list) else content
    items = report.Findings or report.findings or (report.detail and report.detail.findings) or []
    yield Origin(format=NAME, tool=TOOL)
    images: dict[str, ReportedImage] = {}
    positions: dict[str, list[int]] = {}
    others: dict[str, int] = {}
    for position, about in each(items, _About, "Findings"):
        if isinstance(about, Skipped):
            yield about
            continue
        for resource in about.Resources or [_Resource()]:
            is_trivys = _is_trivys(about.GeneratorId)
            image = _image(resource, about.ProductFields or {}, is_trivys=is_trivys)
            if image is None and not is_trivys:
                where = f"{resource.Type or 'resource'} {resource.Id}".strip()[:200]
                others[where] = others.get(where, 0) + 1
                continue
            key = "trivy" if is_trivys else resource.Id
            if image is not None and (key not in images or not images[key].os_family):
                images[key] = image
            positions.setdefault(key, []).append(position)
    for key, found in positions.items():
        image = images.get(key) or ReportedImage(name=source.name)
        is_whole = lost is None and not report.NextToken
        yield msgspec.structs.replace(image, is_whole=is_whole)
        for position in dict.fromkeys(found):
            finding = one(items[position], _Finding, f"Findings[{position}]")
            if isinstance(finding, Skipped):
                yield finding
            else:
                yield from _records(finding, image)
    for where, count in others.items():
        yield Skipped(kind="unattached", where=where, reason=f"findings about what is no image: {count}")
    if lost is not None:
        yield lost


def _is_trivys(generator: str | None) -> bool:
    return (generator or "").partition("/")[0] == "Trivy"


def _image(resource: _Resource, fields: dict[str, Any], *, is_trivys: bool) -> ReportedImage | None:
    details = resource.Details or _Details()
    if details.AwsEcrContainerImage is not None:
        about = details.AwsEcrContainerImage
        name, digest = registry_name(resource.Id, about.RepositoryName or "", about.ImageDigest or "")
        family, version = platform(str(fields.get(_SYSTEM) or ""))
        references = tuple(f"{name}:{tag}" for tag in texts(about.ImageTags)) if name else ()
        manifest = f"{name}@{digest}" if name and digest else digest
        return ReportedImage(
            name=next(iter(references), "") or manifest or resource.Id,
            repo_digests=texts([manifest]),
            references=references,
            os_family=family,
            os_version=version,
            architecture=(about.Architecture or "").lower(),
        )
    if details.Container is None or resource.Type != "Container":
        return None
    name = details.Container.ImageName or resource.Id
    target = _TARGET.fullmatch(name[:_LONGEST_TARGET])
    if target is None:
        # A file in the image, when it is Trivy's target.
        return None if is_trivys else ReportedImage(name=name, references=texts([name]))
    return ReportedImage(
        name=target["name"],
        references=(target["name"],),
        os_family=target["family"],
        os_version=target["version"] or "",
    )


def _records(finding: _Finding, image: ReportedImage) -> Iterator[Reported]:
    if finding.Workflow is not None and finding.Workflow.Status == "SUPPRESSED":
        where = f"{image.name}: {finding.Title or ''}"[:200]
        yield Skipped(kind="suppressed", where=where, reason="suppressed in Security Hub")
        return
    if finding.Vulnerabilities:
        for vulnerability in finding.Vulnerabilities:
            yield from _matches(finding, vulnerability, image)
    elif _is_trivys(finding.GeneratorId):
        yield _of_trivy(finding, image)
    else:
        yield _verdict(finding, finding.GeneratorId or finding.Title or "")


def _severity(finding: _Finding) -> Severity | None:
    said = finding.Severity or _Severity()
    if said.Label:
        return SEVERITIES.get(said.Label.upper())
    points = said.Normalized
    return None if points is None else next((level for least, level in _NORMALIZED if points >= least), None)


def _status(finding: _Finding, fixed: tuple[str, ...]) -> FixStatus:
    if finding.RecordState == "ARCHIVED" or (finding.Workflow and finding.Workflow.Status == "RESOLVED"):
        return FixStatus.NOT_AFFECTED
    return FixStatus.FIXED if fixed else FixStatus.UNKNOWN


def _matches(finding: _Finding, told: _Vulnerability, image: ReportedImage) -> Iterator[ReportedMatch]:
    vendor = told.Vendor or _Vendor()
    source = source_of(vendor.Name or "")
    level = _VENDORS.get((vendor.VendorSeverity or "").lower())
    others = {other for other in texts(told.RelatedVulnerabilities) if other != told.Id}
    vulnerability = ReportedVulnerability(
        id=told.Id,
        # One other id is another name of the same; several are what an advisory mends together.
        aliases=tuple(others) if len(others) == 1 else (),
        description=clipped(finding.Description),
        severities={} if level is None else {source: level},
        scores=tuple(
            dict.fromkeys(
                Score(source=source_of(cvss.Source or source), vector=cvss.BaseVector, score=cvss.BaseScore)
                for cvss in told.Cvss or ()
                if cvss.BaseVector
            )
        ),
        references=texts([vendor.Url, *(told.ReferenceUrls or ())], 20),
        published_at=moment(vendor.VendorCreatedAt),
        modified_at=moment(vendor.VendorUpdatedAt),
    )
    for said in told.VulnerablePackages or ():
        if not said.Name:
            continue
        fixed = texts(
            [] if said.FixedInVersion == "NotAvailable" else [(said.FixedInVersion or "").removeprefix("0:")]
        )
        package = Package(
            name=said.Name,
            version=said.Version,
            release=said.Release,
            epoch=int(str(said.Epoch)) if str(said.Epoch).isdecimal() and len(str(said.Epoch)) < 10 else None,
            arch=said.Architecture,
            packageManager=said.PackageManager,
            filePath=said.FilePath,
        )
        yield ReportedMatch(
            vulnerability=vulnerability,
            package=package_of(package, image),
            severity=_severity(finding),
            status=_status(finding, fixed),
            fixed_versions=fixed,
            source=source,
            url=vendor.Url or "",
        )


def _of_trivy(finding: _Finding, image: ReportedImage) -> ReportedMatch | ReportedProblem | ReportedVerdict:
    resource = finding.Resources[0] if finding.Resources else _Resource()
    said = (resource.Details and resource.Details.Other) or {}
    other = {key: str(value) for key, value in said.items() if isinstance(value, str | int | float)}
    link = (finding.Remediation and finding.Remediation.Recommendation) or _Recommendation()
    if "CVE ID" not in other:
        return _trivys_other(finding, other.get("Filename") or resource.Id)
    is_systems = _TARGET.fullmatch(resource.Id[:_LONGEST_TARGET]) is not None
    fixed = texts([part.strip() for part in other.get("Patched Package", "").split(",")])
    vectors = (
        (other.get(f"NvdCvssVectorV{version}", ""), other.get(f"NvdCvssScoreV{version}", ""))
        for version in (3, 2)
    )
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=other["CVE ID"],
            title=other.get("CVE Title", ""),
            description=clipped(finding.Description),
            scores=tuple(
                Score(source="nvd", vector=vector, score=_number(points))
                for vector, points in vectors
                if vector
            ),
            references=texts([link.Url]),
        ),
        package=located(
            other.get("PkgName", ""),
            other.get("Installed Package", ""),
            family=image.os_family if is_systems else "",
            os_version=image.os_version,
            paths=() if is_systems or "/" not in resource.Id else (resource.Id,),
        ),
        severity=_severity(finding),
        status=_status(finding, fixed),
        fixed_versions=fixed,
        url=link.Url or "",
    )


def _trivys_other(finding: _Finding, path: str) -> ReportedProblem | ReportedVerdict:
    if any("Sensitive Data" in kind for kind in finding.Types or ()):
        title = finding.Title or "Secret"
        return ReportedProblem(
            kind=ProblemKind.SECRET,
            key=f"{title}:{path}",
            title=title,
            severity=_severity(finding) or Severity.INFO,
            path=path,
        )
    return _verdict(finding, (finding.GeneratorId or "").removeprefix("Trivy/"))


def _verdict(finding: _Finding, check: str) -> ReportedVerdict:
    status = (finding.Compliance and finding.Compliance.Status) or "FAILED"
    advice = (finding.Remediation and finding.Remediation.Recommendation) or _Recommendation()
    return ReportedVerdict(
        check=check,
        title=finding.Title or check,
        severity=_severity(finding) or Severity.INFO,
        passed=_VERDICTS.get(status),
        detail=clipped(finding.Description),
        remediation=" ".join(texts([advice.Text, advice.Url])),
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
