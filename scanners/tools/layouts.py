"""An archive in the layout that every scanner reads."""

from __future__ import annotations

import tarfile
from pathlib import Path

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
                tar.extractall(into, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise ToolError("unreadable", f"The OCI archive cannot be unpacked: {error}.") from None
    return msgspec.structs.replace(archive, path=into, layout="oci-dir")
