"""A package of an SPDX document of any version and notation, and what it says to this product.

Trivy and Syft put into free fields what SPDX has no field for; read after their `pkg/sbom/spdx` and `spdxhelpers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scanners.distributions import release
from scanners.purl import Coordinates, coordinates
from scanners.records import Record, Skipped
from scanners.reported import Reported, ReportedImage, ReportedPackage
from scanners.reports.json_items import texts
from scanners.reports.oci_names import from_name, from_purl
from scanners.reports.syft import OF_DISTRIBUTIONS, Location, places

_NO_LICENSE = ("", "NONE", "NOASSERTION")
_BUILT_FROM = "built package from: "
_FOUND_IN = "package found in: "
_TOOL = re.compile(r"Tool: (.+?)(?:-(v?\d\S*|[0-9a-f]{7,40}))?\s*$")
# One look at a package's bytes tells whether it can be the image or the distribution.
_MARKS = (b"CONTAINER", b"container", b"DocumentRoot-", b"ContainerImage-", b"OPERATING", b"peratingSystem")
# What stands for the whole, or groups others, and is no installed package itself.
_NOT_INSTALLED = ("CONTAINER", "OPERATING-SYSTEM", "FILE", "DEVICE", "FIRMWARE", "ARCHIVE")


class Element(Record, frozen=True, kw_only=True):
    """`purpose` is in capitals with hyphens (CONTAINER); `notes` are annotations and attribution texts, "name: value"."""

    id: str = ""
    name: str = ""
    version: str = ""
    purl: str = ""
    purpose: str = ""
    source_info: str = ""
    notes: tuple[str, ...] = ()
    license: str = ""

    def said(self, name: str) -> tuple[str, ...]:
        """What Trivy notes under a name: "LayerDiffID: sha256:…", since 0.59 with "aquasecurity:trivy:" in front."""
        found = []
        for note in self.notes:
            before, separator, value = note.partition(": ")
            if separator and before.removeprefix("aquasecurity:trivy:") == name:
                found.append(value.strip())
        return tuple(found)

    @property
    def is_container(self) -> bool:
        return self.purpose == "CONTAINER" or "DocumentRoot-Image" in self.id or "ContainerImage-" in self.id

    @property
    def is_root(self) -> bool:
        return self.is_container or "DocumentRoot-" in self.id

    @property
    def is_system(self) -> bool:
        return self.purpose == "OPERATING-SYSTEM" or "OperatingSystem-" in self.id


def tool(creators: list[str]) -> tuple[str, str]:
    """(name, version) of the first tool among the creators; "spdx" when none is named."""
    for creator in creators:
        if match := _TOOL.match(creator):
            return match[1].strip().lower(), match[2] or ""
    return "spdx", ""


def records(
    document_name: str,
    described: set[str],
    packages: Callable[[tuple[bytes, ...]], Iterator[Element | Skipped]],
) -> Iterator[Reported]:
    """The image and its packages. `packages` gives all, or at least those with one of some marks, and is asked twice."""
    marks = (*_MARKS, *(one.encode() for one in sorted(described)[:10]))
    first = [
        element
        for element in packages(marks)
        if isinstance(element, Element) and (element.id in described or element.is_root or element.is_system)
    ]
    containers = [element for element in first if element.is_container]
    roots = [element for element in first if element.id in described or element.is_root]
    # A document may describe every package that it lists: then none of them is the image.
    root = containers[0] if containers else roots[0] if len(roots) == 1 else None
    of = image(root, next((element for element in first if element.is_system), None), document_name)
    yield of
    for element in packages(()):
        if isinstance(element, Skipped):
            yield element
        elif root is None or element.id != root.id:
            found = package(element, of)
            if found is not None:
                yield found


def image(root: Element | None, system: Element | None, document_name: str) -> ReportedImage:
    """What the document describes, from its root package where it has one."""
    os_family, os_version = (system.name, system.version) if system is not None else ("", "")
    if root is None:
        return ReportedImage(name=document_name, os_family=os_family, os_version=os_version)
    named, beside = from_purl(root.purl), from_name(root.name, root.version if root.is_container else "")
    has_number = root.version and ":" not in root.version and not root.is_container
    size = next(iter(root.said("Size")), "")
    return ReportedImage(
        name=f"{root.name}:{root.version}" if has_number else root.name,
        digest=next(iter(root.said("ImageID")), ""),
        repo_digests=_once(*root.said("RepoDigest"), *(named.repo_digests or beside.repo_digests)),
        references=_once(*root.said("RepoTag"), *(named.references or beside.references)),
        os_family=os_family,
        os_version=os_version,
        architecture=named.architecture,
        size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
        layers=texts(root.said("DiffID"), 500),
    )


def _once(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def package(element: Element, of: ReportedImage) -> ReportedPackage | None:
    """The package; None for what is not installed software: the image, its system, a lock file, a layer's archive."""
    if element.purpose in _NOT_INSTALLED or element.is_root or element.is_system:
        return None
    place = coordinates(element.purl)
    if place is None:
        if not element.version:
            return None
        place = Coordinates(ecosystem="generic", name=element.name, version=element.version)
    version = place.version or element.version
    own_release = release(of.os_family, of.os_version)
    of_system = place.ecosystem in OF_DISTRIBUTIONS
    is_native = of_system and release(place.namespace, of.os_version) == own_release
    source_name, source_version, found_at = _source(element.source_info)
    paths, _ = places([Location(path=path) for path in found_at], place.ecosystem, "")
    return ReportedPackage(
        ecosystem=place.ecosystem,
        namespace=place.namespace,
        name=place.name,
        version=version,
        architecture=place.architecture,
        distribution=place.distribution or (own_release if is_native else ""),
        source_name=source_name or place.source_name,
        source_version=source_version or place.source_version,
        layer=next(iter(element.said("LayerDiffID")), ""),
        paths=paths,
        licenses=(element.license,) if element.license not in _NO_LICENSE else (),
    )


def _source(info: str) -> tuple[str, str, list[str]]:
    """(name and version of the source package, paths) from `sourceInfo`.

    Trivy: "built package from: openssl 3.0.11-1", "package found in: app/go.mod". Syft: "acquired package info from
    DPKG DB: /var/lib/dpkg/status, /usr/share/doc/adduser/copyright".
    """
    if info.startswith(_BUILT_FROM):
        name, _, version = info.removeprefix(_BUILT_FROM).strip().partition(" ")
        return name, version, []
    if info.startswith(_FOUND_IN):
        return "", "", [info.removeprefix(_FOUND_IN).strip()]
    if info.startswith("acquired package info from "):
        return "", "", [path for path in info.partition(": ")[2].split(", ") if path]
    return "", "", []
