"""An image as a file: which layout it has, and which image it holds.

Docker's archive is what `docker save` writes ("Docker Image Specification v1.2": a manifest.json beside the layers);
OCI's is an image layout ("OCI Image Layout Specification": oci-layout, index.json, blobs), as a folder or a tar file.
Docker 25 and newer write both at once, which counts as Docker's.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from scanners import typed
from scanners.records import Record

_MANIFEST_BYTES = 8 * 1024 * 1024
_MOST_MEMBERS = 100_000
_DEEPEST_INDEX = 4
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class ArchiveError(Exception):
    """This is no archive of one image; the message says what it is instead, in a whole sentence."""


class Archive(Record, frozen=True, kw_only=True):
    """`layout` is docker-archive, oci-archive or oci-dir, `digest` the digest of the image's configuration: its id.
    `references` are names that the archive itself gives to the image."""

    path: Path
    layout: str
    digest: str
    references: tuple[str, ...] = ()
    bytes: int = 0


Read = Callable[[str], bytes]  # the content of a file in the archive; raises KeyError when there is none


def recognise(path: Path) -> Archive:
    """What is in this file or folder. Raises ArchiveError, also when it holds several images."""
    try:
        if path.is_dir():
            return _layout(path, "oci-dir", lambda name: _file(path, name), _size(path))
        with tarfile.open(path, mode="r:") as tar:
            names = _members(tar)
            size = path.stat().st_size

            def read(name: str) -> bytes:
                return _member(tar, names[name])

            if "manifest.json" in names:
                return _docker(path, read, size)
            if "index.json" in names:
                return _layout(path, "oci-archive", read, size)
    except tarfile.ReadError as error:
        if "end of data" in str(error):
            raise ArchiveError("The archive breaks off before its end.") from None
        raise ArchiveError(
            "The file is no tar file, or a compressed one: give it as `docker save` writes it."
        ) from None
    except (tarfile.TarError, KeyError, EOFError, RecursionError, UnicodeDecodeError, msgspec.MsgspecError):
        raise ArchiveError("The archive is damaged: its list of contents cannot be read.") from None
    except OSError as error:
        raise ArchiveError(f"The archive cannot be read: {error.strerror}.") from None
    raise ArchiveError("The file holds no image: neither manifest.json nor index.json is in it.")


def _members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    for number, member in enumerate(tar):
        if number >= _MOST_MEMBERS:
            raise ArchiveError(f"The archive holds more than {_MOST_MEMBERS} files.")
        found[str(PurePosixPath(member.name))] = member
    return found


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)  # follows links within the archive only
    if file is None:
        raise KeyError(member.name)
    return _bounded(file.read(_MANIFEST_BYTES + 1))


def _file(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise KeyError(name)
    with path.open("rb") as file:
        return _bounded(file.read(_MANIFEST_BYTES + 1))


def _bounded(content: bytes) -> bytes:
    if len(content) > _MANIFEST_BYTES:
        raise ArchiveError("The archive's list of contents is larger than 8 MiB.")
    return content


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


class _Image(msgspec.Struct):
    Config: str
    RepoTags: list[str] | None = None


def _docker(path: Path, read: Read, size: int) -> Archive:
    images = typed.decode(read("manifest.json"), list[_Image])
    if len(images) != 1:
        raise ArchiveError(f"The archive holds {len(images)} images; give one of one image.")
    config = read(str(PurePosixPath(images[0].Config)))
    return Archive(
        path=path,
        layout="docker-archive",
        digest=f"sha256:{hashlib.sha256(config).hexdigest()}",
        references=tuple(images[0].RepoTags or ()),
        bytes=size,
    )


class _Descriptor(msgspec.Struct):
    digest: str
    mediaType: str = ""
    annotations: dict[str, str] | None = None
    platform: dict[str, Any] | None = None


class _Index(msgspec.Struct):
    manifests: list[_Descriptor]


class _Manifest(msgspec.Struct):
    config: _Descriptor


def _layout(path: Path, layout: str, read: Read, size: int) -> Archive:
    index = typed.decode(read("index.json"), _Index)
    names: list[str] = []
    for _ in range(_DEEPEST_INDEX):
        # An attestation is kept beside its image, for a platform that does not exist.
        images = [one for one in index.manifests if (one.platform or {}).get("os") != "unknown"]
        if len(images) != 1:
            raise ArchiveError(f"The archive holds {len(images)} images; give one of one image and platform.")
        names += [
            text
            for key, text in (images[0].annotations or {}).items()
            if key in ("org.opencontainers.image.ref.name", "io.containerd.image.name")
        ]
        content = read(_blob(images[0].digest))
        if images[0].mediaType not in _INDEXES:
            manifest = typed.decode(content, _Manifest)
            return Archive(
                path=path, layout=layout, digest=manifest.config.digest, references=tuple(names), bytes=size
            )
        index = typed.decode(content, _Index)
    raise ArchiveError("The archive's lists of images are nested too deeply.")


def _blob(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    if not (algorithm.isalnum() and value.isalnum()):
        raise ArchiveError(f"The archive names a file by {digest[:80]!r}, which is no digest.")
    return f"blobs/{algorithm}/{value}"
