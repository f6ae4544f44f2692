"""An image's bytes as one archive: from the engine that holds it, from a registry, or from a file that somebody gives."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from scanners.archives import Archive, ArchiveError, recognise
from scanners.connectors import docker
from scanners.connectors.registry_client import open_registry
from scanners.connectors.session import Options
from scanners.oci import Descriptor, Manifest, Platform
from scanners.records import Credential, Limits, NodeError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BESIDE_BYTES = 64 * 1024 * 1024  # what an engine may say beside the image itself


class ImageSource(Protocol):
    """Where one image can be read."""

    def fetch(self, into: Path, most_bytes: int) -> Archive:
        """The image as an archive, in the folder `into` where it must be copied. Raises `NodeError` when it cannot be had or
        is larger than `most_bytes`, `ArchiveError` when what came is no image."""


class EngineImage:
    """An image that a container engine holds, named by the engine's own id of it."""

    def __init__(
        self,
        address: str,
        credential: Credential,
        digest: str,
        *,
        seconds: float,
        options: Options,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._address = address
        self._credential = credential
        self._digest = digest
        self._seconds = seconds
        self._options = options
        self._is_cancelled = is_cancelled

    def fetch(self, into: Path, most_bytes: int) -> Archive:
        if not _DIGEST.fullmatch(self._digest):
            raise NodeError("vanished", "No engine knows an image by such a name: it is no digest.", "")
        path = into / "image.tar"
        limits = Limits(seconds=self._seconds, bytes=most_bytes + _BESIDE_BYTES)
        with docker.open_node(
            self._address, self._credential, limits, self._options, is_cancelled=self._is_cancelled
        ) as session:
            assert isinstance(session, docker.DockerSession)
            session.save(self._digest, path, most_bytes)
        return recognise(path)


class ImageInRegistry:
    """An image that a registry keeps under the digest of its manifest, or of an index that has one for `platform`. `digest`
    is that of its configuration, as everywhere."""

    def __init__(
        self,
        address: str,
        credential: Credential,
        digest: str,
        *,
        repository: str,
        reference: str,
        platform: Platform,
        seconds: float,
        options: Options,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._address = address
        self._credential = credential
        self._digest = digest
        self._repository = repository
        self._reference = reference
        self._platform = platform
        self._seconds = seconds
        self._options = options
        self._is_cancelled = is_cancelled

    def fetch(self, into: Path, most_bytes: int) -> Archive:
        limits = Limits(seconds=self._seconds, bytes=most_bytes + _BESIDE_BYTES)
        with open_registry(
            self._address, self._credential, limits, self._options, is_cancelled=self._is_cancelled
        ) as registry:
            manifest = registry.image(self._repository, self._reference, self._platform).manifest
            if manifest.config.digest != self._digest:
                raise NodeError(
                    "vanished",
                    f"{self._repository}@{self._reference} is another image there: {manifest.config.digest[:80]}.",
                    "",
                )
            if (size := sum(layer.size for layer in manifest.layers)) > most_bytes:
                raise NodeError(
                    "too_large", f"The image has {size} bytes, packed; {most_bytes} are read at most.", ""
                )
            folder = into / "image"
            _lay_out(folder, manifest, lambda part: registry.stream(self._repository, part))
        return recognise(folder)


def _lay_out(folder: Path, manifest: Manifest, stream: Callable[[Descriptor], Iterator[bytes]]) -> None:
    """Write an image as an OCI layout. The manifest is written anew, of the same parts."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for part in {part.digest: part for part in (manifest.config, *manifest.layers)}.values():
        # The registry's client has checked that the content has this digest, and so what the digest looks like.
        with (blobs / part.digest.partition(":")[2]).open("wb") as file:
            for piece in stream(part):
                file.write(piece)
    content = {
        "schemaVersion": 2,
        "mediaType": manifest.media_type,
        "config": _described(manifest.config),
        "layers": [_described(layer) for layer in manifest.layers],
    }
    body = msgspec.json.encode(content)
    digest = hashlib.sha256(body).hexdigest()
    (blobs / digest).write_bytes(body)
    described = {"mediaType": manifest.media_type, "digest": f"sha256:{digest}", "size": len(body)}
    (folder / "index.json").write_bytes(msgspec.json.encode({"schemaVersion": 2, "manifests": [described]}))
    (folder / "oci-layout").write_bytes(b'{"imageLayoutVersion": "1.0.0"}')


def _described(part: Descriptor) -> dict[str, str | int]:
    return {"mediaType": part.media_type, "digest": part.digest, "size": part.size}


class FileImage:
    """An archive or a folder that is here already."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fetch(self, into: Path, most_bytes: int) -> Archive:
        del into  # it is read where it is
        archive = recognise(self._path.absolute())
        if archive.bytes > most_bytes:
            raise ArchiveError(f"The image is larger than the limit of {most_bytes} bytes.")
        return archive
