"""Manifests and indexes of OCI and Docker images, read from bytes: what a registry or an archive says an image is.

Sources: OCI image specification 1.1 and Docker's image manifest version 2, schema 2.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from scanners.answers import Answer, MalformedAnswerError
from scanners.records import Record

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEXES = (OCI_INDEX, DOCKER_LIST)
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
MOST_DESCRIPTORS = 1000

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
LONGEST_REPOSITORY = 255
# What a processor is called where the same one has two names, as Go's and the kernel's tools write it.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386", "x86": "386"}
_IMPLIED_VARIANTS = {"arm64": "v8", "amd64": "v1"}


class Platform(Record, frozen=True, kw_only=True):
    """What an image of an index runs on, in the words of Go: linux, arm64, v8."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def runs(self, other: Platform) -> bool:
        """Whether an image for `other` is one for this platform; a variant counts when both name one."""
        if (self.os, self.architecture) != (other.os, other.architecture):
            return False
        implied = _IMPLIED_VARIANTS.get(self.architecture, "")
        mine, theirs = self.variant or implied, other.variant or implied
        return not mine or not theirs or mine == theirs


class Descriptor(Record, frozen=True, kw_only=True):
    """A pointer to content: its digest and size are what the content must have."""

    media_type: str
    digest: str
    size: int  # bytes
    annotations: dict[str, str] = {}
    artifact_type: str = ""
    platform: Platform | None = None


class Manifest(Record, frozen=True, kw_only=True):
    """One image or one artifact: a configuration and layers. `digest` is that of the bytes it was read from."""

    digest: str
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None  # what an artifact (signature, attestation, SBOM) is about
    artifact_type: str = ""
    annotations: dict[str, str] = {}

    @property
    def kind(self) -> str:
        """The type of artifact; of those made before OCI 1.1 the configuration's media type says it."""
        return self.artifact_type or self.config.media_type


class Index(Record, frozen=True, kw_only=True):
    """Several images under one name, one for each platform; or what refers to an image."""

    digest: str
    media_type: str
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: dict[str, str] = {}

    def for_platform(self, wanted: Platform) -> Descriptor | None:
        """The image for a platform: the one that names exactly its variant, else the first that runs there."""
        fitting = [d for d in self.manifests if d.platform is not None and wanted.runs(d.platform)]
        exact = [d for d in fitting if d.platform is not None and d.platform.variant == wanted.variant]
        return next(iter([*exact, *fitting]), None)

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """Those that it has an image for; BuildKit puts attestations there as unknown/unknown."""
        return tuple(d.platform for d in self.manifests if d.platform and d.platform.os != "unknown")


class DigestMismatchError(ValueError):
    """Content is not what its digest or size says."""


class MalformedManifestError(ValueError):
    """A manifest or index is not what the specification says; the message names what is wrong, and where."""


def parse_platform(text: str) -> Platform:
    """linux/arm64/v8, or linux/x86_64 as engines write it."""
    os, _, rest = text.partition("/")
    architecture, _, variant = rest.partition("/")
    return Platform(
        os=os or "linux", architecture=_ARCHITECTURES.get(architecture, architecture), variant=variant
    )


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None


def is_repository(text: str) -> bool:
    """Whether it is a repository's name as the distribution specification allows it, without a host."""
    return len(text) <= LONGEST_REPOSITORY and _REPOSITORY.fullmatch(text) is not None


def digest_of(body: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def check_digest(body: bytes, digest: str) -> None:
    """Raises DigestMismatchError unless the content has this digest."""
    if not is_digest(digest) or digest_of(body, digest.partition(":")[0]) != digest:
        raise DigestMismatchError(f"the content does not have the digest {digest[:80]}")


def checked(pieces: Iterator[bytes], descriptor: Descriptor) -> Iterator[bytes]:
    """Hand on a stream; raises DigestMismatchError as soon as it is too long, or at its end when it is not the content."""
    if not is_digest(descriptor.digest):
        raise DigestMismatchError(f"{descriptor.digest[:80]!r} is not a digest")
    hasher = hashlib.new(descriptor.digest.partition(":")[0])
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > descriptor.size:
            raise DigestMismatchError(f"the content is longer than its {descriptor.size} bytes")
        hasher.update(piece)
        yield piece
    if size != descriptor.size:
        raise DigestMismatchError(f"the content has {size} bytes instead of {descriptor.size}")
    if hasher.hexdigest() != descriptor.digest.partition(":")[2]:
        raise DigestMismatchError(f"the content does not have the digest {descriptor.digest}")


def read_manifest(body: bytes, *, digest: str = "", media_type: str = "") -> Manifest | Index:
    """A manifest or index from its bytes. `media_type` is what it was served as.

    Raises MalformedManifestError, also for one that can be read as both (CVE-2021-41190) or is not what it is served
    as, and DigestMismatchError when `digest` is given and is not that of the bytes.
    """
    if digest:
        check_digest(body, digest)
    try:
        return _read(Answer(msgspec.json.decode(body), "manifest"), digest or digest_of(body), media_type)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedManifestError("the manifest is not valid JSON") from None
    except MalformedAnswerError as error:
        raise MalformedManifestError(str(error)) from None


def _read(raw: Answer, digest: str, served: str) -> Manifest | Index:
    said = raw.text("mediaType")
    served = served.partition(";")[0].strip()
    if served not in (*INDEXES, *MANIFESTS):
        served = ""  # some registries serve everything as application/json
    if said and served and said != served:
        raise MalformedManifestError(f"the manifest says that it is {said[:100]}, but is served as {served}")
    kind = said or served or (OCI_INDEX if raw.has("manifests") else OCI_MANIFEST)
    if raw.integer("schemaVersion") != 2 or kind not in (*INDEXES, *MANIFESTS):
        raise MalformedManifestError("this is no image manifest or index of OCI, nor of Docker's schema 2")
    for name in ("layers", "fsLayers", "config") if kind in INDEXES else ("manifests", "fsLayers"):
        if raw.has(name):
            raise MalformedManifestError(f"the manifest has {name} too, so it can be read in two ways")
    common: dict[str, Any] = {
        "digest": digest,
        "media_type": kind,
        "artifact_type": raw.text("artifactType"),
        "annotations": raw.mapping("annotations"),
        "subject": _descriptor(raw.child("subject")) if raw.has("subject") else None,
    }
    if kind in INDEXES:
        return Index(manifests=_descriptors(raw, "manifests"), **common)
    return Manifest(config=_descriptor(raw.child("config")), layers=_descriptors(raw, "layers"), **common)


def _descriptors(raw: Answer, key: str) -> tuple[Descriptor, ...]:
    items = raw.children(key)
    if len(items) > MOST_DESCRIPTORS:
        raise MalformedManifestError(f"{raw.path}.{key} has more than {MOST_DESCRIPTORS} entries")
    return tuple(_descriptor(item) for item in items)


def _descriptor(raw: Answer) -> Descriptor:
    digest, size = raw.text("digest"), raw.integer("size")
    if not is_digest(digest):
        raise MalformedManifestError(f"{raw.path}.digest is no digest")
    if size < 0:
        raise MalformedManifestError(f"{raw.path}.size is negative")
    platform = raw.child("platform")
    return Descriptor(
        media_type=raw.text("mediaType"),
        digest=digest,
        size=size,
        annotations=raw.mapping("annotations"),
        artifact_type=raw.text("artifactType"),
        platform=Platform(
            os=platform.text("os"),
            architecture=platform.text("architecture"),
            variant=platform.text("variant").removeprefix("arm"),  # old indexes say armv7
        )
        if raw.has("platform")
        else None,
    )
