"""Syft's own JSON, of its versions 0.x to 1.x (schema 1 to 16): an image's packages.

Written after Syft's published schemas. Syft names a layer by the digest of its uncompressed archive: the diff id.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence, Set
from posixpath import join, normpath
from typing import Any

import msgspec

from scanners import typed
from scanners.distributions import release
from scanners.loaded_files import canonical
from scanners.purl import Coordinates, coordinates, upstream
from scanners.records import Skipped
from scanners.reported import Origin, Reported, ReportedImage, ReportedPackage
from scanners.reports.json_items import Items, Layout, each, looks_like, moment, texts, whole
from scanners.reports.source import Source

NAME = "Syft JSON"
TOOL = "syft"
_MOST_PATHS = 10
_MOST_OWNED, _MOST_FILES = 100_000, 2000
# The type of a package URL by Syft's own names, for packages that have none.
_ECOSYSTEMS = {
    "python": "pypi", "java-archive": "maven", "jenkins-plugin": "maven", "go-module": "golang", "rust-crate": "cargo",
    "dotnet": "nuget", "php-composer": "composer", "dart-pub": "pub", "pod": "cocoapods", "alpm": "alpm",
    "deb": "deb", "rpm": "rpm", "apk": "apk", "npm": "npm", "gem": "gem", "conan": "conan", "hex": "hex",
}  # fmt: skip
OF_DISTRIBUTIONS = ("deb", "rpm", "apk", "alpm")
# Databases that every change of packages rewrites: the layer that has one says nothing of a single package.
_DATABASES = ("/dpkg/status", "/apk/db/installed", "/rpm/Packages", "/rpm/Packages.db", "/rpm/rpmdb.sqlite")


class _Layer(Layout):
    digest: str | None = None


class _ImageAbout(Layout):
    userInput: str | None = None
    imageID: str | None = None
    manifestDigest: str | None = None
    tags: list[str] | None = None
    imageSize: int | None = None
    size: int | None = None  # schema 1
    layers: list[_Layer] | None = None
    repoDigests: list[str] | None = None
    architecture: str | None = None
    config: str | None = None
    path: str | None = None  # of a folder or a file


class _Origin(Layout):
    type: str | None = None
    name: str | None = None
    target: _ImageAbout | str | None = None  # up to schema 8
    metadata: _ImageAbout | None = None


class _Distro(Layout):
    id: str | None = None
    name: str | None = None
    version: str | None = None
    versionID: str | None = None


class _Descriptor(Layout):
    name: str | None = None
    version: str | None = None
    timestamp: str | None = None


class _Schema(Layout):
    version: str | None = None


class _Report(Layout):
    artifacts: Items = None
    files: Items = None
    source: _Origin | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor | None = None
    schema: _Schema | None = None


class Location(Layout):
    """Where Syft found a package; it marks the files that prove it by `annotations` since 0.85."""

    path: str | None = None
    layerID: str | None = None
    annotations: dict[str, Any] | None = None


class _Package(Layout):
    name: str
    version: str | None = None
    type: str | None = None
    locations: list[Location] | None = None
    licenses: list[Any] | None = None
    purl: str | None = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")


class _SourcePackage(Layout):
    """The fields of the metadata of deb, rpm and apk that name a package's source."""

    source: str | None = None
    sourceVersion: str | None = None
    originPackage: str | None = None
    sourceRpm: str | None = None
    architecture: str | None = None


class _OwnedFile(Layout):
    path: str | None = None


class _Owner(Layout):
    """The fields of the metadata of deb, rpm, apk and PyPI that name a package's files."""

    files: list[_OwnedFile] | None = None
    sitePackagesRootPath: str | None = None


class _FilePlace(Layout):
    path: str


class _File(Layout):
    """A file that some package owns or is known by; `executable` where it is a program or library (since schema 16)."""

    location: _FilePlace
    executable: dict[str, Any] | None = None


class _RootFs(Layout):
    diff_ids: list[str] | None = None


class _ImageConfig(Layout):
    architecture: str | None = None
    created: str | None = None
    rootfs: _RootFs | None = None


def score(source: Source) -> int:
    if not looks_like(source, b'"artifacts"'):
        return 0
    # Grype's list of matches comes first; matches inside a package are how Syft knew a program.
    if -1 < source.head.find(b'"matches"') < source.head.find(b'"artifacts"'):
        return 0
    if b"anchore/syft/" in source.head:
        return 95
    return 80 if b'"foundBy"' in source.head or b'"artifactRelationships"' in source.head else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 1)
    about = report.descriptor or _Descriptor()
    version = about.version or ""
    schema = (report.schema and report.schema.version) or ""
    yield Origin(
        format=f"Syft JSON, schema {schema}" if schema else NAME,
        tool=TOOL,
        tool_version="" if version.startswith("[") else version,
        created_at=moment(about.timestamp),
    )
    image = _image(report, source.name)
    yield image
    lowest = image.layers[0] if image.layers else ""
    distribution = release(image.os_family, image.os_version)
    programs: set[str] = set()
    for _, file in each(report.files, _File, "files"):
        if isinstance(file, Skipped):
            yield file
        elif file.executable:
            programs.add(canonical(file.location.path))
    for _, package in each(report.artifacts, _Package, "artifacts"):
        if isinstance(package, Skipped):
            yield package
        else:
            yield _package(package, image, distribution, lowest, programs)
    if lost is not None:
        yield lost


def _image(report: _Report, file_name: str) -> ReportedImage:
    origin = report.source or _Origin()
    target = origin.metadata or origin.target
    about = target if isinstance(target, _ImageAbout) else _ImageAbout(path=target)
    config = _config(about.config)
    distro = report.distro or _Distro()
    layers = texts(config.rootfs.diff_ids, 500) if config.rootfs else ()
    return ReportedImage(
        name=about.userInput or origin.name or about.path or file_name,
        digest=about.imageID or "",
        repo_digests=texts(about.repoDigests),
        references=texts(about.tags),
        os_family=distro.id or distro.name or "",
        os_version=distro.versionID or distro.version or "",
        architecture=about.architecture or config.architecture or "",
        created_at=moment(config.created),
        size_bytes=about.imageSize or about.size,
        layers=layers or texts([layer.digest for layer in about.layers or ()], 500),
    )


def _config(encoded: str | None) -> _ImageConfig:
    """The image's configuration, which Syft keeps in base64 as the registry gave it."""
    try:
        return typed.decode(base64.b64decode(encoded or ""), _ImageConfig)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return _ImageConfig()


def _package(
    found: _Package, image: ReportedImage, distribution: str, lowest: str, programs: Set[str]
) -> ReportedPackage:
    ecosystem = _ECOSYSTEMS.get(found.type or "", "generic")
    place = coordinates(found.purl or "") or Coordinates(
        ecosystem=ecosystem,
        name=found.name,
        namespace=image.os_family if ecosystem in OF_DISTRIBUTIONS else "",
    )
    of_system = place.ecosystem in OF_DISTRIBUTIONS
    # A package of another distribution than the image's has no release that the report tells.
    is_native = of_system and release(place.namespace, image.os_version) == distribution
    version = place.version or found.version or ""
    about = _source_package(found.metadata) if of_system else _SourcePackage()
    origin = about.sourceRpm or about.source or about.originPackage or ""
    source_name, source_version = upstream(origin, version)
    if about.source and about.sourceVersion:
        source_version = about.sourceVersion
    paths, layer = places(found.locations or (), place.ecosystem, lowest)
    return ReportedPackage(
        ecosystem=place.ecosystem,
        namespace=place.namespace,
        name=place.name,
        version=version,
        architecture=place.architecture or about.architecture or "",
        distribution=place.distribution or (distribution if is_native else ""),
        source_name=source_name or place.source_name,
        source_version=source_version or place.source_version,
        layer=layer,
        paths=paths,
        files=_files(found, programs) if programs else (),
        licenses=texts([_license(said) for said in found.licenses or ()]),
    )


def _source_package(metadata: msgspec.Raw) -> _SourcePackage:
    try:
        return typed.decode(metadata, _SourcePackage | None) or _SourcePackage()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _SourcePackage()


def _files(found: _Package, programs: Set[str]) -> tuple[str, ...]:
    """The programs and libraries among a package's own files, and among those that it is known by (a Go program)."""
    try:
        owner = typed.decode(found.metadata, _Owner | None) or _Owner()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        owner = _Owner()
    root = owner.sitePackagesRootPath or "/"
    owned = {
        canonical(normpath(join(root, file.path)))
        for file in (owner.files or ())[:_MOST_OWNED]
        if file.path is not None
    }
    known_by = {canonical(place.path) for place in found.locations or () if place.path}
    return tuple(sorted((owned | known_by) & programs))[:_MOST_FILES]


def _license(said: Any) -> Any:
    # A text up to schema 7, an object since.
    return (said.get("spdxExpression") or said.get("value")) if isinstance(said, dict) else said


def places(locations: Sequence[Location], ecosystem: str, lowest: str) -> tuple[tuple[str, ...], str]:
    """The paths that show a package, and the diff id of the layer that brought it, "" when they do not tell.

    The database of a distribution's packages lies in the last layer that changed any of them, so its layer counts only
    when it is the image's `lowest`; a package's own files, such as its copyright, lie where the package came from.
    """
    proofs = [place for place in locations if (place.annotations or {}).get("evidence") == "primary"]
    paths = texts([place.path for place in proofs or locations], _MOST_PATHS)
    for place in locations:
        is_own = ecosystem not in OF_DISTRIBUTIONS or not (place.path or "").endswith(_DATABASES)
        if place.layerID and (is_own or place.layerID == lowest):
            return paths, place.layerID
    return paths, ""
