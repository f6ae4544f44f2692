"""SPDX 3.0 in JSON-LD: an image's packages. The root element of the document's SBOM is the image.

Written after the SPDX 3.0.1 model ("software" profile). Licences are relationships there, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from scanners.records import Skipped
from scanners.reported import Origin, Reported
from scanners.reports.json_items import Items, Layout, each, looks_like, moment, whole
from scanners.reports.source import Source
from scanners.reports.spdx_package import Element, records, tool

NAME = "SPDX 3"
_PURPOSES = {"operatingSystem": "OPERATING-SYSTEM"}


class _Document(Layout, rename={"graph": "@graph"}):
    graph: Items = None


class _Node(Layout):
    """What tells one kind of element from another."""

    type: str | None = None
    spdxId: str | None = None
    name: str | None = None
    created: str | None = None
    specVersion: str | None = None
    rootElement: list[str] | None = None


class _Identifier(Layout):
    externalIdentifierType: str | None = None
    identifier: str | None = None


class _Package(Layout):
    name: str
    spdxId: str | None = None
    version: str | None = msgspec.field(name="software_packageVersion", default=None)
    purl: str | None = msgspec.field(name="software_packageUrl", default=None)
    purpose: str | None = msgspec.field(name="software_primaryPurpose", default=None)
    source_info: str | None = msgspec.field(name="software_sourceInfo", default=None)
    externalIdentifier: list[_Identifier] | None = None


def score(source: Source) -> int:
    return 95 if looks_like(source, b'"@context"', b"spdx.org/rdf/3") else 0


def read(source: Source) -> Iterator[Reported]:
    document, lost = whole(source, _Document, 1)
    creation, name = _Node(), ""
    tools: list[str] = []
    roots: set[str] = set()
    about = _of_kinds(document.graph, b"CreationInfo", b'Tool"', b'Sbom"', b'Bom"', b'Document"')
    for _, node in each(about, _Node, "@graph"):
        if isinstance(node, Skipped):
            continue
        kind = (node.type or "").rpartition("_")[2]
        if kind == "CreationInfo" and not creation.created:
            creation = node
        elif kind == "Tool" and node.name:
            tools.append(f"Tool: {node.name}")
        elif kind in ("Sbom", "Bom", "SpdxDocument"):
            roots.update(node.rootElement or ())
            name = (node.name or name) if kind == "SpdxDocument" else name
    tool_name, tool_version = tool(tools)
    yield Origin(
        format=f"SPDX {creation.specVersion or '3'} JSON-LD",
        tool=tool_name,
        tool_version=tool_version,
        created_at=moment(creation.created),
    )
    yield from records(name or source.name, roots, lambda marks: _elements(document.graph, marks))
    if lost is not None:
        yield lost


def _of_kinds(items: Items, *marks: bytes) -> list[msgspec.Raw]:
    return [raw for raw in items or () if any(mark in bytes(raw) for mark in marks)]


def _elements(items: Items, marks: tuple[bytes, ...]) -> Iterator[Element | Skipped]:
    for raw in items or ():
        text = bytes(raw)
        if b'Package"' not in text or marks and not any(mark in text for mark in marks):
            continue
        for _, kind in each([raw], _Node, "@graph"):
            if not isinstance(kind, _Node) or kind.type not in ("software_Package", "Package"):
                continue
            for _, found in each([raw], _Package, f"@graph “{kind.spdxId or ''}”"):
                yield found if isinstance(found, Skipped) else _element(found)


def _element(found: _Package) -> Element:
    others = (one for one in found.externalIdentifier or () if one.externalIdentifierType == "packageUrl")
    return Element(
        id=found.spdxId or "",
        name=found.name,
        version=found.version or "",
        purl=found.purl or next((one.identifier or "" for one in others), ""),
        purpose=_PURPOSES.get(found.purpose or "", (found.purpose or "").upper()),
        source_info=found.source_info or "",
    )
