"""An image's bytes as one archive: from the engine that holds it, or from a file that somebody gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from scanners.archives import Archive, ArchiveError, recognise
from scanners.connectors import docker
from scanners.connectors.session import Options
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
