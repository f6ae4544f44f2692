"""SPDX 2.2 and 2.3, JSON and tag-value, of any tool: an image's packages. The package described is the image.

Written after the SPDX specification. Layers are named where Trivy names them, by diff id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanners.records import Skipped
from scanners.reported import Origin, Reported
from scanners.reports.json_items import Items, Layout, each, looks_like, moment, whole
from scanners.reports.source import Source
from scanners.reports.spdx_package import Element, records, tool
from scanners.reports.spdx_tags import Tags

NAME = "SPDX 2"
_DOCUMENT = "SPDXRef-DOCUMENT"
_VERSION_TAG = re.compile(rb"^SPDXVersion:\s*SPDX-2", re.MULTILINE)


class _Creation(Layout):
    created: str | None = None
    creators: list[str] | None = None


class _ExternalRef(Layout):
    referenceType: str | None = None
    referenceLocator: str | None = None


class _Annotation(Layout):
    comment: str | None = None


class _Package(Layout):
    name: str
    SPDXID: str | None = None
    versionInfo: str | None = None
    primaryPackagePurpose: str | None = None
    externalRefs: list[_ExternalRef] | None = None
    sourceInfo: str | None = None
    licenseConcluded: str | None = None
    licenseDeclared: str | None = None
    attributionTexts: list[str] | None = None
    annotations: list[_Annotation] | None = None


class _Relationship(Layout):
    spdxElementId: str | None = None
    relatedSpdxElement: str | None = None
    relationshipType: str | None = None


class _Document(Layout):
    spdxVersion: str | None = None
    name: str | None = None
    creationInfo: _Creation | None = None
    documentDescribes: list[str] | None = None
    packages: Items = None
    relationships: Items = None


def score(source: Source) -> int:
    if looks_like(source, b'"spdxVersion"', b"SPDX-2"):
        return 95
    if looks_like(source, b'"SPDXID"'):
        return 60
    return 90 if _VERSION_TAG.search(source.head[:4096]) else 0


def read(source: Source) -> Iterator[Reported]:
    if source.head.lstrip()[:1] != b"{":
        tags = Tags(source)
        yield _origin(f"SPDX {tags.version} tag-value", tags.creators, tags.created)
        yield from records(tags.name or source.name, set(tags.described()), tags.packages)
        if tags.lost is not None:
            yield tags.lost
        return
    document, lost = whole(source, _Document, 1)
    about = document.creationInfo or _Creation()
    version = (document.spdxVersion or "").removeprefix("SPDX-")
    yield _origin(f"SPDX {version} JSON", about.creators or [], about.created or "")
    yield from records(
        document.name or source.name,
        _described(document),
        lambda marks: _elements(document.packages, marks),
    )
    if lost is not None:
        yield lost


def _origin(layout: str, creators: list[str], created: str) -> Origin:
    name, version = tool(creators)
    return Origin(format=layout, tool=name, tool_version=version, created_at=moment(created))


def _described(document: _Document) -> set[str]:
    found = set(document.documentDescribes or ())
    for raw in document.relationships or ():
        if b"DESCRIBE" not in bytes(raw):
            continue
        for _, relation in each([raw], _Relationship, "relationships"):
            if isinstance(relation, Skipped):
                continue
            ends = (relation.spdxElementId, relation.relatedSpdxElement)
            if relation.relationshipType == "DESCRIBES" and ends[0] == _DOCUMENT and ends[1]:
                found.add(ends[1])
            elif relation.relationshipType == "DESCRIBED_BY" and ends[1] == _DOCUMENT and ends[0]:
                found.add(ends[0])
    return found


def _elements(items: Items, marks: tuple[bytes, ...]) -> Iterator[Element | Skipped]:
    if marks:
        items = [raw for raw in items or () if any(mark in bytes(raw) for mark in marks)]
    for _, found in each(items, _Package, "packages"):
        if isinstance(found, Skipped):
            yield found
            continue
        refs = (ref for ref in found.externalRefs or () if (ref.referenceType or "").endswith("purl"))
        notes = [note.comment for note in found.annotations or ()] + (found.attributionTexts or [])
        yield Element(
            id=found.SPDXID or "",
            name=found.name,
            version=found.versionInfo or "",
            purl=next((ref.referenceLocator or "" for ref in refs), ""),
            purpose=(found.primaryPackagePurpose or "").upper().replace("_", "-"),
            source_info=found.sourceInfo or "",
            notes=tuple(note for note in notes if note),
            license=_license(found.licenseDeclared) or _license(found.licenseConcluded),
        )


def _license(said: str | None) -> str:
    return "" if said in (None, "NONE", "NOASSERTION") else said or ""
