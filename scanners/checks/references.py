"""Image references taken apart the way the Docker client reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

_IMAGE_ID = re.compile(r"(sha256:)?[0-9a-f]{64}|[0-9a-f]{12}")


class ImageReference(msgspec.Struct, frozen=True):
    """`host/path:tag@digest` with the client's defaults: docker.io, library/ and, with no digest, latest."""

    host: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        return f"{self.host}/{self.path}"

    def is_below(self, prefixes: Iterable[str]) -> bool:
        """Whether the repository equals one of the prefixes or lies below one, by whole path parts."""
        return any(f"{self.repository}/".startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)


def is_image_id(reference: str) -> bool:
    """Whether a container was started by an image's id: no name, but as exact as a digest."""
    return _IMAGE_ID.fullmatch(reference) is not None


def parse_reference(reference: str) -> ImageReference:
    """Take a reference apart. Never raises; the rule of the host part is the one of distribution/reference.

    The first part is a host when it holds a dot or a colon, or is localhost.
    """
    name, _, digest = reference.partition("@")
    head, _, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    name = f"{head}/{last}" if head else last
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, path = first, rest
    else:
        host, path = "docker.io", name if slash else f"library/{name}"
    if host == "index.docker.io":
        host = "docker.io"
    return ImageReference(host, path, tag or ("" if digest else "latest"), digest)
