"""What this product reads of a CycloneDX document, in its JSON's names (CycloneDX specification 1.2 to 1.7)."""

from __future__ import annotations

from typing import Any

from msgspec import field

from scanners.reports.json_items import Items, Layout


class Property(Layout):
    name: str | None = None
    value: Any = None


class Component(Layout):
    name: str
    bom_ref: str | None = field(name="bom-ref", default=None)
    type: str | None = None
    group: str | None = None
    version: str | None = None
    purl: str | None = None
    licenses: list[Any] | None = None
    properties: list[Property] | None = None
    components: Items = None

    def said(self) -> dict[str, list[str]]:
        """The properties by name; several may have one name."""
        found: dict[str, list[str]] = {}
        for one in self.properties or ():
            if one.name and isinstance(one.value, str) and one.value:
                found.setdefault(one.name, []).append(one.value)
        return found


class Party(Layout):
    name: str | None = None


class Tool(Layout):
    name: str | None = None
    version: str | None = None


class Tools(Layout):
    """Since 1.5; a list of tools before."""

    components: list[Tool] | None = None
    services: list[Tool] | None = None


class Metadata(Layout):
    timestamp: str | None = None
    tools: list[Tool] | Tools | None = None
    authors: list[Party] | None = None
    manufacture: Party | None = None
    manufacturer: Party | None = None
    supplier: Party | None = None
    component: Component | None = None


class Dependency(Layout):
    ref: str
    dependsOn: list[str] | None = None


class Document(Layout):
    specVersion: str | None = None
    serialNumber: str | None = None
    metadata: Metadata | None = None
    components: Items = None
    dependencies: Items = None
    vulnerabilities: Items = None


class Source(Layout):
    name: str | None = None
    url: str | None = None


class Reference(Layout):
    id: str | None = None


class Rating(Layout):
    source: Source | None = None
    score: float | None = None
    severity: str | None = None
    method: str | None = None
    vector: str | None = None


class Advisory(Layout):
    url: str | None = None


class Analysis(Layout):
    state: str | None = None
    justification: str | None = None
    response: list[str] | None = None
    detail: str | None = None
    firstIssued: str | None = None
    lastUpdated: str | None = None


class AffectedVersion(Layout):
    version: str | None = None
    status: str | None = None


class Affected(Layout):
    ref: str
    versions: list[AffectedVersion] | None = None


class Vulnerability(Layout):
    id: str
    source: Source | None = None
    references: list[Reference] | None = None
    ratings: list[Rating] | None = None
    cwes: list[int] | None = None
    description: str | None = None
    detail: str | None = None
    recommendation: str | None = None
    advisories: list[Advisory] | None = None
    published: str | None = None
    updated: str | None = None
    analysis: Analysis | None = None
    affects: list[Affected] | None = None
