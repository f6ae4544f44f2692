"""Paths of the host whose sharing with a container gives power over the host."""

from __future__ import annotations

import posixpath

# Catalogue entry docker.container.no-sensitive-mounts.
SENSITIVE = (
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/run",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/kubelet",
)
HARMLESS = ("/etc/localtime", "/etc/timezone", "/etc/ssl/certs")

# Sockets that accept commands of an engine or a runtime, and the folders in which they usually lie.
ENGINE_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock")
ENGINE_SOCKET_FOLDERS = ("/run/containerd", "/run/crio", "/run/podman", "/var/run/crio", "/var/run/podman")


def normal(path: str) -> str:
    """The path without double slashes and dots; symbolic links are the host's secret and stay."""
    return posixpath.normpath("/" + path.lstrip("/")) if path.startswith("/") else path


def is_at_or_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_sensitive(path: str) -> bool:
    """Whether a bind of this path shares a sensitive place: it is one, lies below one, or contains one."""
    path = normal(path)
    if any(is_at_or_below(path, harmless) for harmless in HARMLESS):
        return False
    return any(is_at_or_below(path, folder) or is_at_or_below(folder, path) for folder in SENSITIVE)


def reaches_engine_socket(path: str) -> bool:
    """Whether a bind of this path is an engine's socket or a folder in which one usually lies."""
    path = normal(path)
    if path.rpartition("/")[2] in ENGINE_SOCKETS:
        return True
    if path in ("/", "/run", "/var/run", "/var"):
        return True
    return path in ENGINE_SOCKET_FOLDERS
