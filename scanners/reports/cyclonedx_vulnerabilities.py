"""The vulnerabilities of a CycloneDX document: matches with its components, and VEX statements where somebody analysed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from scanners.purl import coordinates
from scanners.records import Severity, Skipped
from scanners.reported import (
    FixStatus,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedVulnerability,
    Score,
    VexStatement,
    VexStatus,
)
from scanners.reports.cyclonedx_layout import Affected, Analysis, Component, Rating, Source, Vulnerability
from scanners.reports.json_items import Items, each, moment, texts

_LONGEST_DESCRIPTION = 20_000
# "none" is a rating of no harm; "unknown" is no rating.
_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFO,
    "none": Severity.INFO,
}
_STATUSES = {
    "resolved": VexStatus.FIXED,
    "resolved_with_pedigree": VexStatus.FIXED,
    "exploitable": VexStatus.AFFECTED,
    "in_triage": VexStatus.UNDER_INVESTIGATION,
    "false_positive": VexStatus.NOT_AFFECTED,
    "not_affected": VexStatus.NOT_AFFECTED,
}
# What an analysis means for the finding itself: one that is resolved or not affected is none.
_FIX_STATUSES = {
    VexStatus.FIXED: FixStatus.NOT_AFFECTED,
    VexStatus.NOT_AFFECTED: FixStatus.NOT_AFFECTED,
    VexStatus.UNDER_INVESTIGATION: FixStatus.UNDER_INVESTIGATION,
}
_JUSTIFICATIONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
_PREFIXES = {"CVSSv3": "CVSS:3.0/", "CVSSv31": "CVSS:3.1/", "CVSSv4": "CVSS:4.0/"}
_NAMES = {"github": "ghsa", "github advisory database": "ghsa", "national vulnerability database": "nvd"}
_UPGRADE = re.compile(r"Upgrade (\S+) to version ([^;\n]+)")
_VERSION = re.compile(r"[0-9A-Za-z][\w.+:~^-]*")


class Subject:
    """What the document is about, and the components that its vulnerabilities refer to."""

    def __init__(
        self, *, component: Component | None, image: ReportedImage, author: str, tool: str, serial: str
    ) -> None:
        self.component, self.image, self.author, self.tool = component, image, author, tool
        self._own_link = f"urn:cdx:{serial.removeprefix('urn:uuid:')}/"
        self._known: dict[str, tuple[ReportedPackage, str]] = {}

    def know(self, component: Component, package: ReportedPackage) -> None:
        if component.bom_ref:
            self._known[component.bom_ref] = package, component.purl or ""

    def local(self, ref: str) -> str:
        """The reference, without the link to the very document that it stands in."""
        return _inside(ref) if ref.startswith(self._own_link) else ref

    def package(self, ref: str) -> ReportedPackage | None:
        """The component with this reference; else what the reference says when it is a package URL itself.

        A document that lists components says nothing of what other documents list.
        """
        if ref in self._known:
            return self._known[ref][0]
        if ref.startswith("urn:cdx:") and self.image.is_whole:
            return None
        place = coordinates(_inside(ref))
        if place is None:
            return None
        return ReportedPackage(
            ecosystem=place.ecosystem,
            namespace=place.namespace,
            name=place.name,
            version=place.version,
            architecture=place.architecture,
            distribution=place.distribution,
            source_name=place.source_name,
            source_version=place.source_version,
        )

    def products(self, ref: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(products, subcomponents) of a VEX statement on this reference.

        A component of this document is a part of what the document is about. A link into another document (BOM-Link)
        names that document as the product when it ends in a package URL, else it is the product itself.
        """
        if ref in self._known:
            purl = self._known[ref][1] or _named(self._known[ref][0])
            if self.component is None:
                return (purl,), ()
            return self._names(), () if ref == self.component.bom_ref else (purl,)
        bom, _, _ = ref.partition("#")
        if ref.startswith("urn:cdx:") and _inside(ref).startswith("pkg:"):
            return (bom,), (_inside(ref),)
        return (ref,), ()

    def _names(self) -> tuple[str, ...]:
        root, image = self.component or Component(name=""), self.image
        names = (root.purl or "", image.digest, *image.repo_digests, *image.references)
        return tuple(dict.fromkeys(name for name in names if name)) or (image.name,)


def vulnerabilities(items: Items, subject: Subject) -> Iterator[Reported]:
    """Matches and statements. In a document without components an analysed vulnerability is a statement only."""
    for position, found in each(items, Vulnerability, "vulnerabilities"):
        if isinstance(found, Skipped):
            yield found
            continue
        status = _STATUSES.get(((found.analysis and found.analysis.state) or "").lower())
        affected = found.affects or []
        if not affected and subject.component is not None:
            affected = [Affected(ref=subject.component.bom_ref or "")]
        affected = [Affected(ref=subject.local(one.ref), versions=one.versions) for one in affected]
        if status is not None and found.analysis is not None:
            yield from _statements(found, found.analysis, status, affected, subject)
        if status is None or subject.image.is_whole:
            yield from _matches(found, status, affected, subject, f"vulnerabilities[{position}]")


def _matches(
    found: Vulnerability, status: VexStatus | None, affected: list[Affected], subject: Subject, where: str
) -> Iterator[Reported]:
    about = _about(found, subject.tool)
    severity = _severity(found)
    for one in affected:
        package = subject.package(one.ref)
        if package is None and status is not None and one.ref.startswith("urn:cdx:"):
            continue  # the statement says it, of another document
        if package is None:
            reason = f"{found.id} refers to a component that the report does not list: {one.ref[:200]}"
            yield Skipped(kind="malformed", where=f"{where}.affects", reason=reason)
            continue
        fixed = _fixed(found.recommendation or "", package.name)
        yield ReportedMatch(
            vulnerability=about,
            package=package,
            severity=severity,
            status=_fix_status(found.analysis, status, one, package.version, fixed),
            fixed_versions=fixed,
            source=_source_name(found.source),
            url=(found.source and found.source.url) or next(iter(about.references), ""),
        )


def _fix_status(
    analysis: Analysis | None,
    status: VexStatus | None,
    affected: Affected,
    version: str,
    fixed: tuple[str, ...],
) -> FixStatus:
    if status in _FIX_STATUSES:
        return _FIX_STATUSES[status]
    if any(one.version == version and one.status == "unaffected" for one in affected.versions or ()):
        return FixStatus.NOT_AFFECTED
    if analysis is not None and {"will_not_fix", "can_not_fix"} & set(analysis.response or ()):
        return FixStatus.WILL_NOT_FIX
    if fixed:
        return FixStatus.FIXED
    return FixStatus.AFFECTED if status is VexStatus.AFFECTED else FixStatus.UNKNOWN


def _statements(
    found: Vulnerability, analysis: Analysis, status: VexStatus, affected: list[Affected], subject: Subject
) -> Iterator[VexStatement]:
    """One statement for all references that are products themselves, one for the parts of each product."""
    parts: dict[tuple[str, ...], list[str]] = {}
    products: list[str] = []
    for one in affected:
        of, inside = subject.products(one.ref)
        if inside:
            parts.setdefault(of, []).extend(inside)
        else:
            products += of
    applies = [(tuple(products), ())] if products else []
    for of, inside_ in [*applies, *((of, tuple(inside)) for of, inside in parts.items())]:
        yield VexStatement(
            vulnerability=found.id,
            aliases=_aliases(found),
            status=status,
            products=of,
            subcomponents=inside_,
            justification=_JUSTIFICATIONS.get((analysis.justification or "").lower(), ""),
            detail=(analysis.detail or "")[:_LONGEST_DESCRIPTION],
            action=found.recommendation or ", ".join(texts(analysis.response)),
            author=subject.author,
            stated_at=moment(analysis.lastUpdated) or moment(analysis.firstIssued) or moment(found.updated),
        )


def _about(found: Vulnerability, tool: str) -> ReportedVulnerability:
    severities: dict[str, Severity] = {}
    for rating in found.ratings or ():
        severity = _SEVERITIES.get((rating.severity or "").lower())
        if severity is not None:
            severities.setdefault(_source_name(rating.source) or tool, severity)
    return ReportedVulnerability(
        id=found.id,
        aliases=_aliases(found),
        description=(found.description or found.detail or "")[:_LONGEST_DESCRIPTION],
        severities=severities,
        scores=tuple(_scores(found.ratings or [], tool)),
        weaknesses=tuple(f"CWE-{number}" for number in found.cwes or ()),
        references=texts([advisory.url for advisory in found.advisories or ()], 20),
        published_at=moment(found.published),
        modified_at=moment(found.updated),
    )


def _aliases(found: Vulnerability) -> tuple[str, ...]:
    names = texts([reference.id for reference in found.references or ()])
    return tuple(dict.fromkeys(name for name in names if name != found.id))


def _severity(found: Vulnerability) -> Severity | None:
    """The rating of whom the vulnerability comes from; else of NVD; else the highest."""
    ratings = [
        (_source_name(rating.source), _SEVERITIES[(rating.severity or "").lower()])
        for rating in found.ratings or ()
        if (rating.severity or "").lower() in _SEVERITIES
    ]
    for name in (_source_name(found.source), "nvd"):
        for source, severity in ratings:
            if name and source == name:
                return severity
    return max((severity for _, severity in ratings), default=None)


def _scores(ratings: list[Rating], tool: str) -> Iterator[Score]:
    for rating in ratings:
        if vector := rating.vector:
            prefix = _PREFIXES.get(rating.method or "", "")
            yield Score(
                source=_source_name(rating.source) or tool,
                vector=vector if vector.startswith("CVSS:") else prefix + vector,
                score=rating.score,
            )


def _source_name(source: Source | None) -> str:
    lowered = ((source and source.name) or "").strip().lower()
    return _NAMES.get(lowered, lowered)


def _fixed(recommendation: str, name: str) -> tuple[str, ...]:
    """The fixed versions in a recommendation as Trivy writes it: "Upgrade libxml2 to version 2.10.4-r0"."""
    found: list[str] = []
    for of, versions in _UPGRADE.findall(recommendation[:_LONGEST_DESCRIPTION]):
        if re.split(r"[:/]", of)[-1] == name:
            found += [
                match[0].rstrip(".")
                for part in versions.split(",")
                if (match := _VERSION.match(part.strip()))
            ]
    return tuple(dict.fromkeys(found))


def _inside(ref: str) -> str:
    """The package URL that a reference is, or that a BOM-Link ends in; else the reference."""
    return unquote(ref.partition("#")[2]) if ref.startswith("urn:cdx:") else ref


def _named(package: ReportedPackage) -> str:
    name = f"{package.namespace}/{package.name}" if package.namespace else package.name
    return f"{name}@{package.version}" if package.version else name
