"""Names of images as SBOMs write them: package URLs of type oci, and a name beside a digest or a tag."""

from __future__ import annotations

import re

from packageurl import PackageURL

from scanners.records import Record

_DIGEST = re.compile(r"sha(?:256|512):[0-9a-f]{32,128}")


class ImageNames(Record, frozen=True, kw_only=True):
    """`repo_digests` are name@digest of a manifest, `references` name:tag."""

    repo_digests: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    architecture: str = ""


def from_purl(purl: str) -> ImageNames:
    """What a package URL such as "pkg:oci/alpine@sha256:…?repository_url=docker.io/library/alpine&tag=3.19" says.

    The version is the digest of the manifest (package-url specification, type oci). Nothing for a URL of another type.
    """
    if not purl.startswith(("pkg:oci/", "pkg:docker/")):
        return ImageNames()
    try:
        found = PackageURL.from_string(purl)
    except ValueError:
        return ImageNames()
    qualifiers = found.qualifiers if isinstance(found.qualifiers, dict) else {}
    path = f"{found.namespace}/{found.name}" if found.namespace else found.name
    repository = str(qualifiers.get("repository_url") or path)
    if not repository.endswith(found.name):
        repository = f"{repository.rstrip('/')}/{path}"  # the type docker has the registry alone there
    version, tag = found.version or "", str(qualifiers.get("tag") or "")
    if version and not is_digest(version):
        version, tag = "", tag or version
    return ImageNames(
        repo_digests=(f"{repository}@{version}",) if version else (),
        references=(f"{repository}:{tag}",) if tag else (),
        architecture=str(qualifiers.get("arch") or ""),
    )


def from_name(name: str, version: str) -> ImageNames:
    """What a name and a version beside it say: the version is a manifest's digest, or a tag."""
    named, at, digest = name.partition("@")
    repository, tag = _without_tag(named)
    if not at and is_digest(version):
        digest = version
    elif version and not tag and ":" not in version:
        tag = version
    return ImageNames(
        repo_digests=(f"{repository}@{digest}",) if is_digest(digest) else (),
        references=(f"{repository}:{tag}",) if tag else (),
    )


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def _without_tag(name: str) -> tuple[str, str]:
    # A colon before a slash is the registry's port.
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "")
