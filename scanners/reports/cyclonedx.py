"""CycloneDX 1.2 to 1.7, JSON and XML, of any tool: an image's packages, what affects them, and VEX.

Written after the CycloneDX specification, and Trivy's and Syft's documentation for the properties they add. Layers are
named by diff id: Trivy's `LayerDiffID`, and Syft's `layerID`, which is one too. A document without components is VEX: it
is about what it refers to, not about an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanners.distributions import release
from scanners.purl import Coordinates, coordinates, upstream
from scanners.records import Skipped
from scanners.reported import Origin, Reported, ReportedImage, ReportedMatch, ReportedPackage
from scanners.reports import cyclonedx_xml
from scanners.reports.cyclonedx_layout import Component, Dependency, Document, Metadata, Tool, Tools
from scanners.reports.cyclonedx_vulnerabilities import Subject, vulnerabilities
from scanners.reports.json_items import Items, each, looks_like, moment, texts, whole
from scanners.reports.oci_names import ImageNames, from_name, from_purl
from scanners.reports.source import Source
from scanners.reports.syft import OF_DISTRIBUTIONS, Location, places

NAME = "CycloneDX"
TOOL = "cyclonedx"
_TRIVY = "aquasecurity:trivy:"
_OURS = "plimsoll:"  # as scanners/exports/cyclonedx.py writes them
_SYFT = "syft:metadata:"
_DEEPEST = 20
# What installed software is listed as. Files, services, keys and the like are no packages.
_PACKAGES = ("library", "framework", "application", "platform", "")
_XML_NAMESPACE = b"http://cyclonedx.org/schema/bom/"


def score(source: Source) -> int:
    if source.head.lstrip()[:1] == b"<":
        return 95 if _XML_NAMESPACE in source.head else 0
    if looks_like(source, b'"bomFormat"', b'"CycloneDX"'):
        return 95
    return 50 if looks_like(source, b'"bom-ref"', b'"components"') else 0


def read(source: Source) -> Iterator[Reported]:
    is_xml = source.head.lstrip()[:1] == b"<"
    document, lost = cyclonedx_xml.document(source) if is_xml else whole(source, Document, 1)
    about = document.metadata or Metadata()
    tool = _tool(about)
    version = document.specVersion or (_xml_version(source) if is_xml else "")
    yield Origin(
        format=f"CycloneDX {version} {'XML' if is_xml else 'JSON'}".replace("  ", " "),
        tool=(tool.name or TOOL).lower(),
        tool_version=_told(tool.version),
        created_at=moment(about.timestamp),
    )
    image = _image(
        about.component, _system(document.components), source.name, document.components is not None
    )
    subject = Subject(
        component=about.component,
        image=image,
        author=_author(about),
        tool=(tool.name or TOOL).lower(),
        serial=document.serialNumber or "",
    )
    if about.component is not None:
        subject.know(about.component, _package(about.component, image, {}))
    if document.components is not None:
        yield image
        yield from _packages(document, about, subject)
    is_open = document.components is not None
    for record in vulnerabilities(document.vulnerabilities, subject):
        if isinstance(record, ReportedMatch) and not is_open:
            yield image
            is_open = True
        yield record
    if lost is not None:
        yield lost


def _packages(document: Document, about: Metadata, subject: Subject) -> Iterator[Reported]:
    shown_by = _lock_files(document)
    inside = about.component.components if about.component is not None else None
    for items, where in ((inside, "metadata.component.components"), (document.components, "components")):
        for component in _components(items, where, 0):
            if isinstance(component, Skipped):
                yield component
                continue
            package = _package(component, subject.image, shown_by)
            if document.vulnerabilities:
                subject.know(component, package)
            is_installed = component.purl or (component.type != "application" or component.version)
            if (component.type or "").lower() in _PACKAGES and is_installed:
                yield package


def _components(items: Items, where: str, depth: int) -> Iterator[Component | Skipped]:
    """Components and, after each, those inside it."""
    for position, component in each(items, Component, where):
        yield component
        if isinstance(component, Skipped) or not component.components:
            continue
        below = f"{where}[{position}].components"
        if depth < _DEEPEST:
            yield from _components(component.components, below, depth + 1)
        else:
            yield Skipped(kind="malformed", where=below, reason=f"nested deeper than {_DEEPEST} components")


def _lock_files(document: Document) -> dict[str, str]:
    """Which lock file shows a component, by the component's reference: Trivy tells it as a dependency."""
    files = (
        {
            component.bom_ref: component.name
            for component in _components(document.components, "components", 0)
            if isinstance(component, Component)
            and component.type == "application"
            and component.bom_ref
            and not component.purl
        }
        if document.dependencies
        else {}
    )
    shown_by: dict[str, str] = {}
    for _, dependency in each(document.dependencies if files else None, Dependency, "dependencies"):
        if isinstance(dependency, Dependency) and dependency.ref in files:
            shown_by.update(dict.fromkeys(dependency.dependsOn or (), files[dependency.ref]))
    return shown_by


def _xml_version(source: Source) -> str:
    after = source.head.partition(_XML_NAMESPACE)[2][:8]
    return after.partition(b'"')[0].decode("ascii", "replace").strip("'/ >")


def _tool(about: Metadata) -> Tool:
    tools = about.tools
    listed = (tools.components or tools.services) if isinstance(tools, Tools) else tools
    return next((tool for tool in listed or () if tool.name), Tool())


def _told(version: str | None) -> str:
    return "" if not version or version.startswith("[") else version


def _author(about: Metadata) -> str:
    parties = (*(about.authors or ()), about.supplier, about.manufacturer, about.manufacture)
    return next(
        (party.name for party in parties if party is not None and party.name), _tool(about).name or ""
    )


def _system(components: Items) -> Component:
    """The component that stands for the distribution; it may be first or last."""
    for raw in components or ():
        if b"operating-system" in bytes(raw):
            for _, component in each([raw], Component, "components"):
                if isinstance(component, Component) and component.type == "operating-system":
                    return component
    return Component(name="")


def _image(root: Component | None, system: Component, file_name: str, is_whole: bool) -> ReportedImage:
    if root is None:
        return ReportedImage(
            name=file_name, os_family=system.name, os_version=system.version or "", is_whole=is_whole
        )
    said = root.said()
    names = from_purl(root.purl or "")
    beside = from_name(root.name, root.version or "") if root.type == "container" else ImageNames()
    size = next(iter(said.get(f"{_TRIVY}Size") or said.get(f"{_OURS}image:size") or ()), "")
    has_number = root.type != "container" and root.version and ":" not in root.version
    return ReportedImage(
        name=f"{root.name}:{root.version}" if has_number else root.name,
        digest=next(iter(said.get(f"{_TRIVY}ImageID") or said.get(f"{_OURS}image:id") or ()), ""),
        repo_digests=_once(
            said.get(f"{_TRIVY}RepoDigest", ()),
            said.get(f"{_OURS}image:repo-digest", ()),
            names.repo_digests,
            beside.repo_digests,
        ),
        references=_once(
            said.get(f"{_TRIVY}RepoTag", ()),
            said.get(f"{_TRIVY}Reference", ()),
            said.get(f"{_OURS}image:reference", ()),
            names.references,
            beside.references,
        ),
        os_family=system.name,
        os_version=system.version or "",
        architecture=names.architecture,
        size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
        layers=texts(said.get(f"{_TRIVY}DiffID") or said.get(f"{_OURS}image:layer"), 500),
        is_whole=is_whole,
    )


def _once(*lists: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for texts_ in lists for text in texts_))


def _package(component: Component, image: ReportedImage, shown_by: dict[str, str]) -> ReportedPackage:
    every = component.said()
    said = {name: values[0] for name, values in every.items()}
    place = coordinates(component.purl or "") or Coordinates(
        ecosystem="generic",
        name=component.name,
        namespace=component.group or "",
        version=component.version or "",
    )
    version = place.version or component.version or ""
    of_system = place.ecosystem in OF_DISTRIBUTIONS
    own_release = release(image.os_family, image.os_version)
    is_native = of_system and release(place.namespace, image.os_version) == own_release
    source_name, source_version = _source(said, version) if of_system else ("", "")
    paths, layer = places(_locations(said), place.ecosystem, "")
    path = said.get(f"{_TRIVY}FilePath") or shown_by.get(component.bom_ref or "", "")
    return ReportedPackage(
        ecosystem=place.ecosystem,
        namespace=place.namespace,
        name=place.name,
        version=version,
        architecture=place.architecture,
        distribution=place.distribution or (own_release if is_native else ""),
        source_name=source_name or place.source_name,
        source_version=source_version or place.source_version,
        layer=said.get(f"{_TRIVY}LayerDiffID") or said.get(f"{_OURS}layer") or layer,
        paths=(path,) if path else tuple(every.get(f"{_OURS}path", ())) or paths,
        licenses=texts([_license(one) for one in component.licenses or ()]),
    )


def _source(said: dict[str, str], version: str) -> tuple[str, str]:
    if name := said.get(f"{_TRIVY}SrcName"):
        number, revision = said.get(f"{_TRIVY}SrcVersion", ""), said.get(f"{_TRIVY}SrcRelease", "")
        text = f"{number}-{revision}" if revision else number
        epoch = said.get(f"{_TRIVY}SrcEpoch", "0")
        return name, f"{epoch}:{text}" if epoch != "0" and text else text
    origin = (
        said.get(f"{_SYFT}sourceRpm") or said.get(f"{_SYFT}source") or said.get(f"{_SYFT}originPackage") or ""
    )
    name, of_source = upstream(origin, version)
    return name, said.get(f"{_SYFT}sourceVersion") or of_source


def _locations(said: dict[str, str]) -> list[Location]:
    found: list[Location] = []
    while path := said.get(f"syft:location:{len(found)}:path"):
        found.append(Location(path=path, layerID=said.get(f"syft:location:{len(found)}:layerID")))
    return found


def _license(one: Any) -> Any:
    if not isinstance(one, dict):
        return None
    about = one.get("license")
    return one.get("expression") or (
        (about.get("id") or about.get("name")) if isinstance(about, dict) else about
    )
