"""containerd's own settings: where it keeps images and layers, and where it listens."""

import re
from typing import Dict, NamedTuple

from scanners.probe.reading import Reader

_SYSTEM, _MANAGED = "/etc/containerd/config.toml", "/var/run/docker/containerd/containerd.toml"


class Containerd(NamedTuple):
    config: str
    root: str
    address: str  # of its socket


def settings(reader: Reader) -> Containerd:
    """containerd as its file sets it; the one that Docker starts for itself where there is no other."""
    path = _SYSTEM
    if not reader.exists(_SYSTEM) and reader.exists(_MANAGED):
        path = _MANAGED
    table = ""
    said: Dict[str, str] = {}
    for line in (reader.text(path) or "").splitlines():
        heading = re.match(r"\s*\[([^\]]+)\]", line)
        setting = re.match(r"""\s*(root|address)\s*=\s*["'](/[^"']+)["']""", line)
        if heading:
            table = heading.group(1).strip()
        elif setting and (table, setting.group(1)) in (("", "root"), ("grpc", "address")):
            said[setting.group(1)] = setting.group(2)
    return Containerd(
        path,
        said.get("root") or "/var/lib/containerd",
        said.get("address") or "/run/containerd/containerd.sock",
    )
