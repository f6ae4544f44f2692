"""An archive in the layout that every scanner reads."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

import msgspec

from scanners.archives import Archive
from scanners.tools.process import too_much_disk
from scanners.tools.tool import ToolError, ToolLimits


def unpacked(archive: Archive, folder: Path, limits: ToolLimits) -> Archive:
    """The same image; OCI's layout as a folder, which is unpacked once: Trivy reads no tar file of it, and Syft and Grype
    refuse one whose names begin with "./". Raises ToolError."""
    if archive.layout != "oci-archive":
        return archive
    into = folder / "layout"
    if not into.exists():
        try:
            with tarfile.open(archive.path, mode="r:") as tar:
                if sum(member.size for member in tar) > limits.disk_bytes:
                    raise too_much_disk(limits)
                _unpack(tar, into)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise ToolError("unreadable", f"The OCI archive cannot be unpacked: {error}.") from None
    return msgspec.structs.replace(archive, path=into, layout="oci-dir")


def _unpack(tar: tarfile.TarFile, into: Path) -> None:
    """Its plain files, of which a layout consists; nothing is written outside of `into`, and no link is followed or made."""
    into.mkdir()
    for member in tar:
        name = PurePosixPath(member.name)
        if not member.isreg() or name.is_absolute() or ".." in name.parts:
            continue
        content = tar.extractfile(member)
        assert content is not None  # of a plain file there is one
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with content, path.open("wb") as file:
            shutil.copyfileobj(content, file)
