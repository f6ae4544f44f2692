"""Trivy Operator's reports, as kubectl prints them: one, a List, an array, or lists by the name of their kind; JSON and YAML.

Written after the operator's `pkg/apis/aquasecurity/v1alpha1`. All reports about one image (vulnerabilities, exposed
secrets, SBOM, one each for every container that runs it) become one subject. Reports about resources and about the
cluster are about no image: one `Skipped` for each resource.

`report.artifact.digest` is a manifest's digest when the image was named by it, and since operator 0.23; from 0.15 to 0.22
it was the image's id beside a tag. The report does not tell the operator's version, so with a tag it is read only when
Trivy is newer than any that those came with.
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
    ProblemKind,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedProblem,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, moment, one, texts, whole
from scanners.reports.kinds import located
from scanners.reports.source import ReportError, Source
from scanners.reports.yaml_documents import as_json

NAME = "Trivy Operator"
TOOL = "trivy-operator"
# NONE is a score of 0; UNKNOWN is no severity.
_SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "NONE": Severity.INFO,
}
_ITSELF = re.compile(
    rb'"apiVersion"\s*:\s*"aquasecurity\.github\.io/|"[a-z]+\.aquasecurity\.github\.io"\s*:'
    rb'|^[- ]*apiVersion:\s*"?aquasecurity\.github\.io/',
    re.MULTILINE,
)
_OF_IMAGES = {
    "SbomReport": "packages",
    "ClusterSbomReport": "packages",
    "VulnerabilityReport": "vulnerabilities",
    "ExposedSecretReport": "problems",
}
_DIGEST_IS_MANIFESTS_SINCE = (0, 59)
_PROPERTY = "aquasecurity:trivy:"
_LIST_DEPTH = 1


class _Owner(Layout):
    name: str | None = None
    namespace: str | None = None
    labels: dict[str, Any] | None = None


class _Registry(Layout):
    server: str | None = None


class _Artifact(Layout):
    repository: str | None = None
    digest: str | None = None
    tag: str | None = None


class _Scanner(Layout):
    version: str | None = None


class _OS(Layout):
    family: str | None = None
    name: str | None = None
    eosl: bool | None = None


class _About(Layout):
    registry: _Registry | None = None
    artifact: _Artifact | None = None
    scanner: _Scanner | None = None
    os: _OS | None = None
    updateTimestamp: str | None = None
    checks: Items = None


class _Summary(Layout):
    passCount: int | None = None
    failCount: int | None = None


class _Status(Layout):
    summary: _Summary | None = None


class _Document(Layout):
    """What tells what a document is about; its findings are read after all documents of an image are known."""

    kind: str
    metadata: _Owner | None = None
    report: _About | None = None
    status: _Status | None = None


class _Cvss(Layout):
    V2Vector: str | None = None
    V3Vector: str | None = None
    V40Vector: str | None = None
    V2Score: float | None = None
    V3Score: float | None = None
    V40Score: float | None = None


class _Vulnerability(Layout):
    vulnerabilityID: str
    resource: str
    installedVersion: str | None = None
    fixedVersion: str | None = None
    publishedDate: str | None = None
    lastModifiedDate: str | None = None
    severity: str | None = None
    title: str | None = None
    description: str | None = None
    primaryLink: str | None = None
    links: list[str] | None = None
    cvss: dict[str, _Cvss] | None = None
    class_: str | None = msgspec.field(default=None, name="class")
    packageType: str | None = None
    packagePath: str | None = None
    packagePURL: str | None = None


class _Secret(Layout):
    # `match` is not read: it holds the secret's surroundings, and sometimes the secret.
    ruleID: str
    target: str | None = None
    title: str | None = None
    severity: str | None = None


class _Check(Layout):
    success: bool | None = None


class _Property(Layout):
    name: str | None = None
    value: str | None = None


class _License(Layout):
    id: str | None = None
    name: str | None = None


class _Choice(Layout):
    license: _License | None = None
    expression: str | None = None


class _Component(Layout):
    name: str
    type: str | None = None
    group: str | None = None
    version: str | None = None
    purl: str | None = None
    licenses: list[_Choice] | None = None
    properties: list[_Property] | None = None


class _BomAbout(Layout):
    component: _Component | None = None


class _Bom(Layout):
    metadata: _BomAbout | None = None
    components: Items = None


class _Findings(Layout):
    vulnerabilities: Items = None
    secrets: Items = None
    components: _Bom | None = None


class _Report(Layout):
    report: _Findings | None = None


class _List(Layout):
    items: Items = None


class _Image:
    """The newest document of each kind about one image."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[str, _Document, msgspec.Raw]] = {}

    def add(self, where: str, document: _Document, raw: msgspec.Raw) -> None:
        said = _OF_IMAGES[document.kind]
        known = self.documents.get(said)
        if known is None or _updated(known[1]) < _updated(document):
            self.documents[said] = (where, document, raw)


def score(source: Source) -> int:
    # The name alone is found much faster than the places where it counts.
    return 90 if b"aquasecurity.github.io" in source.head and _ITSELF.search(source.head) else 0


def read(source: Source) -> Iterator[Reported]:
    layout: Any = dict[str, msgspec.Raw] | list[msgspec.Raw]
    lost: Skipped | None
    if source.head.lstrip()[:1] in (b"{", b"["):
        content, lost = whole(source, layout, _LIST_DEPTH)
    else:
        converted, lost = as_json(source.content)
        content = typed.decode(converted, layout)
    images: dict[tuple[str, ...], _Image] = {}
    others: list[Skipped] = []
    first: _About | None = None
    for where, raw in _raws(content):
        document = one(raw, _Document, where)
        if isinstance(document, Skipped):
            others.append(document)
            continue
        first = first or document.report
        if document.kind in _OF_IMAGES and document.report and document.report.artifact:
            images.setdefault(_key(document.report), _Image()).add(where, document, raw)
        else:
            others += _about_no_image(document)
    about = first or _About()
    yield Origin(
        format=NAME,
        tool=TOOL,
        tool_version=(about.scanner and about.scanner.version) or "",
        created_at=moment(about.updateTimestamp),
    )
    for image in images.values():
        yield from _records(image, is_whole=lost is None)
    yield from others
    if lost is not None:
        yield lost


def _raws(content: dict[str, msgspec.Raw] | list[msgspec.Raw]) -> Iterator[tuple[str, msgspec.Raw]]:
    """Every document, and where it is; raises ReportError."""
    if isinstance(content, list):
        for position, raw in enumerate(content):
            yield from _inside(raw, f"[{position}]")
    elif "kind" in content and "items" not in content:
        yield "the report", msgspec.Raw(msgspec.json.encode(content))
    else:
        lists = {"items": content["items"]} if "items" in content else content
        for name, raw in lists.items():
            try:
                found = typed.decode(raw, list[msgspec.Raw] | _List | None)
            except (msgspec.DecodeError, RecursionError) as error:
                raise ReportError(f"“{name[:100]}” is no list of reports: {error}.") from None
            for position, item in enumerate((found.items if isinstance(found, _List) else found) or ()):
                yield f"{name}[{position}]", item


def _inside(raw: msgspec.Raw, where: str) -> Iterator[tuple[str, msgspec.Raw]]:
    """The documents of one document of a YAML stream or array, which may be a List."""
    try:
        items = typed.decode(raw, _List).items
    except (msgspec.DecodeError, RecursionError):
        items = None  # said when the document itself is read
    if items is None:
        yield where, raw
    for position, item in enumerate(items or ()):
        yield f"{where}.items[{position}]", item


def _key(about: _About) -> tuple[str, ...]:
    artifact, registry = about.artifact or _Artifact(), about.registry or _Registry()
    return (registry.server or "", artifact.repository or "", artifact.tag or "", artifact.digest or "")


def _updated(document: _Document) -> str:
    return (document.report and document.report.updateTimestamp) or ""


def _about_no_image(document: _Document) -> Iterator[Skipped]:
    owner = document.metadata or _Owner()
    labels = owner.labels or {}
    named = [
        labels.get(f"trivy-operator.resource.{part}") or other
        for part, other in (("namespace", owner.namespace), ("kind", document.kind), ("name", owner.name))
    ]
    where = "/".join(str(part) for part in named if part)
    summary = (document.status and document.status.summary) or _Summary()
    checks = document.report.checks if document.report else None
    if document.kind.startswith("ClusterCompliance"):
        failed = summary.failCount or 0
        told = f"controls about the cluster: {failed + (summary.passCount or 0)}, of which fail: {failed}"
    elif checks:
        told = f"checks about the resource and no image: {len(checks)}, of which fail: {_failed(checks)}"
    elif document.kind.endswith(("AuditReport", "AssessmentReport")):
        return  # nothing was found
    else:
        told = f"a {document.kind[:100]} is about no image"
    yield Skipped(kind="unattached", where=where, reason=told)


def _failed(checks: list[msgspec.Raw]) -> int:
    return sum(
        check.success is False for _, check in each(checks, _Check, "") if not isinstance(check, Skipped)
    )


def _records(image: _Image, *, is_whole: bool) -> Iterator[Reported]:
    about = next((d.report for _, d, _ in image.documents.values() if d.report and d.report.os), None)
    about = about or next(iter(image.documents.values()))[1].report or _About()
    findings: dict[str, _Findings] = {}
    for said, (where, _, raw) in image.documents.items():
        report = one(raw, _Report, where)
        if isinstance(report, Skipped):
            yield report
        else:
            findings[said] = report.report or _Findings()
    bom = (findings["packages"].components if "packages" in findings else None) or _Bom()
    os = about.os or _system_of(bom)
    covers = tuple(dict.fromkeys(said for said in _OF_IMAGES.values() if said in findings))
    yield _image(about, os, _told(bom), covers, is_whole)
    known = (os.family or "", os.name or "")
    for _, component in each(bom.components, _Component, "components"):
        if isinstance(component, Skipped):
            yield component
        elif component.purl:
            yield _package(component, *known)
    if "vulnerabilities" in findings:
        for _, found in each(findings["vulnerabilities"].vulnerabilities, _Vulnerability, "vulnerabilities"):
            yield found if isinstance(found, Skipped) else _match(found, *known)
    if "problems" in findings:
        yield from _secrets(findings["problems"].secrets)


def _told(bom: _Bom) -> dict[str, list[str]]:
    """What the SBOM says of the image itself, by the names of Trivy's properties."""
    found: dict[str, list[str]] = {}
    component = bom.metadata.component if bom.metadata else None
    for item in (component and component.properties) or ():
        if item.name and item.value:
            # Trivy before 0.50 joined several values by commas.
            found.setdefault(item.name.removeprefix(_PROPERTY), []).extend(item.value.split(","))
    return found


def _image(
    about: _About, os: _OS, told: dict[str, list[str]], covers: tuple[str, ...], is_whole: bool
) -> ReportedImage:
    server, repository, tag, digest = _key(about)
    # As engines write it: Docker Hub and its library are not named.
    at = "" if server in ("index.docker.io", "docker.io", "") else f"{server}/"
    name = at + (repository.removeprefix("library/") if not at else repository)
    reference = f"{name}:{tag}" if tag else ""
    version = (about.scanner and about.scanner.version) or ""
    is_manifests = digest and (not tag or _numbers(version) >= _DIGEST_IS_MANIFESTS_SINCE)
    manifest = f"{name}@{digest}" if is_manifests else ""
    return ReportedImage(
        name=reference or manifest or name,
        digest=next(iter(told.get("ImageID", ())), ""),
        repo_digests=texts(list(dict.fromkeys([manifest, *told.get("RepoDigest", ())]))),
        references=texts(list(dict.fromkeys([reference, *told.get("RepoTag", ())]))),
        os_family=os.family or "",
        os_version=os.name or "",
        os_is_unsupported=os.eosl,
        layers=texts(told.get("DiffID"), 500),
        is_whole=is_whole,
        covers=covers,
    )


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})", version)
    return (int(found[1]), int(found[2])) if found else (0,)


def _system_of(bom: _Bom) -> _OS:
    for _, component in each(bom.components, _Component, "components"):
        if not isinstance(component, Skipped) and component.type == "operating-system":
            return _OS(family=component.name, name=component.version)
    return _OS()


def _package(component: _Component, family: str, version: str) -> ReportedPackage:
    said = {
        (item.name or "").removeprefix(_PROPERTY): item.value or "" for item in component.properties or ()
    }
    source_version = said.get("SrcVersion", "")
    if said.get("SrcRelease"):
        source_version += f"-{said['SrcRelease']}"
    if said.get("SrcEpoch"):
        source_version = f"{said['SrcEpoch']}:{source_version}"
    licenses = [
        choice.expression or (choice.license and (choice.license.id or choice.license.name)) or ""
        for choice in component.licenses or ()
    ]
    return located(
        component.name,
        component.version or "",
        purl=component.purl or "",
        kind=said.get("PkgType", ""),
        family=family,
        os_version=version,
        source_name=said.get("SrcName", ""),
        source_version=source_version,
        layer=said.get("LayerDiffID", ""),
        paths=texts([said.get("FilePath")]),
        licenses=texts(licenses),
    )


def _match(found: _Vulnerability, family: str, version: str) -> ReportedMatch:
    of_system = found.class_ in (None, "", "os-pkgs")
    fixed = tuple(part.strip() for part in (found.fixedVersion or "").split(",") if part.strip())
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=found.vulnerabilityID,
            title=found.title or "",
            description=clipped(found.description),
            scores=tuple(_scores(found.cvss or {})),
            references=texts(found.links, 20),
            published_at=moment(found.publishedDate),
            modified_at=moment(found.lastModifiedDate),
        ),
        package=located(
            found.resource,
            found.installedVersion or "",
            # Without a class, only the looks of a name and version tell a language's package from the distribution's.
            kind=found.packageType or "",
            purl=found.packagePURL or "",
            family=family if of_system and not _is_of_language(found) else "",
            os_version=version,
            paths=texts([found.packagePath]),
        ),
        severity=_SEVERITIES.get((found.severity or "").upper()),
        status=FixStatus.FIXED if fixed else FixStatus.UNKNOWN,
        fixed_versions=fixed,
        url=found.primaryLink or "",
    )


def _is_of_language(found: _Vulnerability) -> bool:
    return not found.class_ and (":" in found.resource or "/" in found.resource or found.resource == "stdlib")


def _scores(by_source: dict[str, _Cvss]) -> Iterator[Score]:
    for source, found in by_source.items():
        for vector, points in (
            (found.V40Vector, found.V40Score),
            (found.V3Vector, found.V3Score),
            (found.V2Vector, found.V2Score),
        ):
            if vector:
                yield Score(source=source, vector=vector, score=points)


def _secrets(items: Items) -> Iterator[Reported]:
    told = set()
    for _, secret in each(items, _Secret, "secrets"):
        if isinstance(secret, Skipped):
            yield secret
        elif (key := f"{secret.ruleID}:{secret.target or ''}") not in told:
            told.add(key)
            yield ReportedProblem(
                kind=ProblemKind.SECRET,
                key=key,
                title=secret.title or secret.ruleID,
                severity=_SEVERITIES.get((secret.severity or "").upper(), Severity.INFO),
                path=secret.target or "",
            )
