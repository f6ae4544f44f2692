"""OpenVEX 0.0.1 and 0.2.0: what somebody says of vulnerabilities in products.

Written after the OpenVEX specification. Version 0.0.1 has a vulnerability and products as texts, 0.2.0 as objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from scanners.records import Skipped
from scanners.reported import Origin, Reported, VexStatement, VexStatus
from scanners.reports.json_items import Items, Layout, each, looks_like, moment, texts, whole
from scanners.reports.source import Source

NAME = "OpenVEX"
TOOL = "openvex"
_STATUSES = {status.value: status for status in VexStatus}
_MOST = 100_000  # identifiers of one statement


class _Document(Layout):
    author: str | None = None
    timestamp: str | None = None
    last_updated: str | None = None
    tooling: str | None = None
    statements: Items = None


class _Identifiers(Layout):
    purl: str | None = None
    cpe22: str | None = None
    cpe23: str | None = None


class _Component(Layout, rename={"id": "@id"}):
    id: str | None = None
    identifiers: _Identifiers | None = None
    subcomponents: list[_Component | str] | None = None


class _Vulnerability(Layout, rename={"id": "@id"}):
    id: str | None = None
    name: str | None = None
    aliases: list[str] | None = None


class _Statement(Layout):
    vulnerability: _Vulnerability | str
    status: str
    timestamp: str | None = None
    last_updated: str | None = None
    products: list[_Component | str] | None = None
    subcomponents: list[_Component | str] | None = None  # of all products: version 0.0.1
    justification: str | None = None
    impact_statement: str | None = None
    status_notes: str | None = None
    action_statement: str | None = None


def score(source: Source) -> int:
    return 95 if looks_like(source, b'"@context"', b"openvex.dev/ns") else 0


def read(source: Source) -> Iterator[Reported]:
    document, lost = whole(source, _Document, 1)
    stated_at = moment(document.last_updated) or moment(document.timestamp)
    yield Origin(format=NAME, tool=TOOL, tool_version=document.tooling or "", created_at=stated_at)
    author = document.author or ""
    for position, statement in each(document.statements, _Statement, "statements"):
        if isinstance(statement, Skipped):
            yield statement
        else:
            yield from _statements(statement, f"statements[{position}]", author, stated_at)
    if lost is not None:
        yield lost


def _statements(
    found: _Statement, where: str, author: str, document_at: datetime | None
) -> Iterator[Reported]:
    """One statement; one for each list of subcomponents when the products have different ones."""
    status = _STATUSES.get(found.status.lower())
    said = found.vulnerability
    about = said if isinstance(said, _Vulnerability) else _Vulnerability(name=said)
    name = about.name or (about.id or "").rpartition("/")[2]
    if status is None or not name:
        reason = (
            "it names no vulnerability" if status is not None else f"unknown status “{found.status[:50]}”"
        )
        yield Skipped(kind="malformed", where=where, reason=reason)
        return
    shared = _named(found.subcomponents)
    products: dict[tuple[str, ...], list[str]] = {}
    for product in found.products or ():
        inside = _named(product.subcomponents) if isinstance(product, _Component) else ()
        products.setdefault(inside or shared, []).extend(_named([product]))
    if not products:
        yield Skipped(kind="malformed", where=where, reason="it names no product")
    for subcomponents, identifiers in products.items():
        yield VexStatement(
            vulnerability=name,
            aliases=texts(about.aliases),
            status=status,
            products=tuple(identifiers),
            subcomponents=subcomponents,
            justification=found.justification or "",
            detail=found.impact_statement or found.status_notes or "",
            action=found.action_statement or "",
            author=author,
            stated_at=moment(found.last_updated) or moment(found.timestamp) or document_at,
        )


def _named(components: list[_Component | str] | None) -> tuple[str, ...]:
    """Every identifier of some components: the package URL before the others."""
    names: list[str | None] = []
    for component in components or ():
        if isinstance(component, str):
            names.append(component)
        else:
            known = component.identifiers or _Identifiers()
            names += [known.purl, component.id, known.cpe23, known.cpe22]
    return tuple(dict.fromkeys(texts(names, _MOST)))
