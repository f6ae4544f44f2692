"""Amazon ECR's findings of an image: `aws ecr describe-image-scan-findings`, of basic and of enhanced scanning.

Written after ECR's API reference. Basic scanning tells neither the registry's region nor the distribution's release: the
image has the bare name of its repository, and packages have no release. Enhanced scanning is Inspector's.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from scanners.records import Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedVulnerability,
    Score,
)
from scanners.reports.aws_inspector import SEVERITIES, Finding, Resource, image_of, matches_of
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import Source

NAME = "Amazon ECR scan findings"
TOOL = "aws-ecr"
# Whose data a finding is from shows only in the link's host. UNDEFINED is no severity (Inspector's table has the rest).
_SYSTEMS = {
    "people.ubuntu.com": "ubuntu",
    "ubuntu.com": "ubuntu",
    "security-tracker.debian.org": "debian",
    "alas.aws.amazon.com": "amzn",
    "access.redhat.com": "rhel",
    "security.alpinelinux.org": "alpine",
    "linux.oracle.com": "ol",
    "www.suse.com": "sles",
}
_SCANNED = ("COMPLETE", "ACTIVE", "")


class _Attribute(Layout):
    key: str | None = None
    value: str | None = None


class _Found(Layout):
    name: str
    description: str | None = None
    uri: str | None = None
    severity: str | None = None
    attributes: list[_Attribute] | None = None


class _Resources(Layout):
    resources: list[Resource] | None = None


class _Findings(Layout):
    imageScanCompletedAt: str | float | None = None
    vulnerabilitySourceUpdatedAt: str | float | None = None
    findings: Items = None
    enhancedFindings: Items = None


class _ImageId(Layout):
    imageDigest: str | None = None
    imageTag: str | None = None


class _Status(Layout):
    status: str | None = None
    description: str | None = None


class _Report(Layout):
    repositoryName: str | None = None
    imageId: _ImageId | None = None
    imageScanStatus: _Status | None = None
    imageScanFindings: _Findings | None = None
    nextToken: str | None = None


def score(source: Source) -> int:
    if looks_like(source, b'"imageScanFindings"'):
        return 95
    return 85 if looks_like(source, b'"imageScanStatus"', b'"imageId"') else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 1)
    about = report.imageScanFindings or _Findings()
    yield Origin(
        format=f"{NAME}, {'enhanced' if about.enhancedFindings else 'basic'}",
        tool=TOOL,
        created_at=moment(about.imageScanCompletedAt),
        data_at=moment(about.vulnerabilitySourceUpdatedAt),
    )
    status = report.imageScanStatus or _Status()
    is_scanned = (status.status or "") in _SCANNED
    image = _image(report, about, source.name, is_whole=lost is None and not report.nextToken and is_scanned)
    yield image
    for _, found in each(about.findings, _Found, "findings"):
        yield found if isinstance(found, Skipped) else _match(found)
    for _, enhanced in each(about.enhancedFindings, Finding, "enhancedFindings"):
        if isinstance(enhanced, Skipped):
            yield enhanced
        else:
            yield from matches_of(enhanced, image)
    if not is_scanned:
        reason = f"ECR has no whole scan: {status.status}, {status.description or 'without a reason'}"
        yield Skipped(kind="engine_error", where=image.name, reason=reason[:300])
    if lost is not None:
        yield lost


def _image(report: _Report, about: _Findings, file_name: str, *, is_whole: bool) -> ReportedImage:
    for _, found in each(about.enhancedFindings, _Resources, "enhancedFindings"):
        if not isinstance(found, Skipped) and found.resources:
            return image_of(found.resources[0], is_whole=is_whole)
    identity = report.imageId or _ImageId()
    name, digest = report.repositoryName or "", identity.imageDigest or ""
    reference = f"{name}:{identity.imageTag}" if name and identity.imageTag else ""
    manifest = f"{name}@{digest}" if name and digest else digest
    return ReportedImage(
        name=reference or manifest or name or file_name,
        repo_digests=texts([manifest]),
        references=texts([reference]),
        is_whole=is_whole,
        covers=("vulnerabilities",),
    )


def _match(found: _Found) -> ReportedMatch:
    said = {item.key: item.value or "" for item in found.attributes or () if item.key}
    family = _SYSTEMS.get(_host(found.uri or ""), "")
    fixed = texts([said.get("patched_version") or said.get("fixed_in_version")])
    vectors = [
        (said.get(f"CVSS{version}_VECTOR", ""), said.get(f"CVSS{version}_SCORE", "")) for version in (4, 3, 2)
    ]
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=found.name,
            description=clipped(found.description),
            scores=tuple(
                Score(source="nvd", vector=vector, score=_number(points))
                for vector, points in vectors
                if vector
            ),
            references=texts([found.uri]),
        ),
        package=located(
            said.get("package_name", "") or found.name, said.get("package_version", ""), family=family
        ),
        severity=SEVERITIES.get((found.severity or "").upper()),
        status=FixStatus.FIXED if fixed else FixStatus.UNKNOWN,
        fixed_versions=fixed,
        source=family,
        url=found.uri or "",
    )


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
