"""Builders of facts for the examples of checks: well configured unless told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scanners.image_use import ImageUse, ImageUseFacts
from scanners.records import (
    ContainerFacts,
    ContainerSummary,
    EngineFacts,
    ImageFacts,
    ImageSummary,
    Mount,
    NetworkFacts,
    PublishedPort,
    SwarmFacts,
    SwarmNodeFacts,
    VolumeFacts,
)
from scanners.signatures.records import SignatureOutcome

LONG_AGO = datetime(2026, 1, 3, tzinfo=UTC)
RECENTLY = datetime(2026, 9, 25, tzinfo=UTC)


def engine(**changes: Any) -> EngineFacts:
    """A rootful Docker Engine, hardened as far as its API shows."""
    good: dict[str, Any] = {
        "engine": "docker",
        "engine_id": "example-engine",
        "name": "example",
        "version": "29.7.2",
        "api_version": "1.55",
        "platform_name": "Docker Engine - Community",
        "components": {"containerd": "v2.3.4", "runc": "1.4.3"},
        "operating_system": "Debian GNU/Linux 13 (trixie)",
        "kernel_version": "6.12.48",
        "root_dir": "/var/lib/docker",
        "storage_driver": "overlay2",
        "cgroup_driver": "systemd",
        "cgroup_version": "2",
        "security_options": (
            "name=apparmor",
            "name=seccomp,profile=builtin",
            "name=cgroupns",
            "name=userns",
            "name=no-new-privileges",
        ),
        "logging_driver": "local",
        "live_restore": True,
        "experimental": False,
        "debug": False,
        "memory_limit": True,
        "swap_limit": True,
        "pids_limit": True,
        "cpu_cfs_quota": True,
        "ipv4_forwarding": True,
        "default_bridge_exists": True,
        "default_bridge_options": {"com.docker.network.bridge.enable_icc": "false"},
        "networks": (),
        "volumes": (),
        "containers": (),
        "images": (),
    }
    return EngineFacts(**{**good, **changes})


def container(**changes: Any) -> ContainerFacts:
    """A running container that passes every check of its own configuration."""
    good: dict[str, Any] = {
        "id": "c0ffee",
        "name": "web",
        "image_id": "sha256:aa",
        "image_reference": "registry.example/shop/web:1.4.2",
        "status": "running",
        "created_at": RECENTLY,
        "started_at": RECENTLY,
        "user": "10001:10001",
        "command": ("serve",),
        "labels": {"com.docker.compose.project": "shop"},
        "capabilities_dropped": ("ALL",),
        "security_options": ("no-new-privileges:true",),
        "apparmor_profile": "docker-default",
        "readonly_rootfs": True,
        "network_mode": "shop_default",
        "networks": ("shop_default",),
        "ipc_mode": "private",
        "cgroupns_mode": "private",
        "memory_bytes": 256 * 1024 * 1024,
        "cpus": 0.5,
        "pids_limit": 100,
        "log_driver": "local",
        "healthcheck": ("CMD", "check"),
        "health_status": "healthy",
        "processes": ("serve",),
        "engine": engine(),
    }
    return ContainerFacts(**{**good, **changes})


def image(**changes: Any) -> ImageFacts:
    """A recent image with a user, a health check and a tag of its own."""
    good: dict[str, Any] = {
        "id": "sha256:aa",
        "references": ("registry.example/shop/web:1.4.2",),
        "in_use_references": ("registry.example/shop/web:1.4.2",),
        "created_at": RECENTLY,
        "user": "10001",
        "command": ("serve",),
        "healthcheck": ("CMD", "check"),
        "history": (),
    }
    return ImageFacts(**{**good, **changes})


def used_image(**changes: Any) -> ImageUseFacts:
    """A verified image with trusted provenance, used in one environment that demands signatures and names registries."""
    use: dict[str, Any] = {
        "environment": "Production",
        "references": ("registry.example/shop/web:1.4.2",),
        "allowed_registries": ("registry.example/shop",),
        "requires_signatures": True,
        "outcome": SignatureOutcome.VERIFIED,
        "reason": "signed by release",
        "has_trusted_provenance": True,
    }
    if changes.pop("uses", True) is None:
        return ImageUseFacts(id="sha256:aa")
    of_image: dict[str, Any] = {
        name: changes.pop(name) for name in ("is_from_registry", "provenance") if name in changes
    }
    return ImageUseFacts(id="sha256:aa", uses=(ImageUse(**{**use, **changes}),), **of_image)


def swarm(**changes: Any) -> SwarmFacts:
    """A Swarm of three managers, locked, with encrypted overlay networks."""
    good: dict[str, Any] = {
        "id": "example-swarm",
        "created_at": RECENTLY,
        "nodes": tuple(swarm_manager(str(number)) for number in (1, 2, 3)),
        "services": (),
        "overlay_networks": (overlay("app", encrypted=True),),
        "secret_count": 0,
        "autolock": True,
        "node_cert_expiry_seconds": 30 * 24 * 3600,
        "root_rotation_in_progress": False,
    }
    return SwarmFacts(**{**good, **changes})


def swarm_manager(id: str, reachability: str = "reachable") -> SwarmNodeFacts:
    return SwarmNodeFacts(id=id, hostname=f"manager-{id}", role="manager", reachability=reachability)


def overlay(name: str, *, encrypted: bool, ingress: bool = False) -> NetworkFacts:
    options = {"encrypted": ""} if encrypted else {}
    return NetworkFacts(id=name, name=name, driver="overlay", scope="swarm", ingress=ingress, options=options)


def bind(source: str, **changes: Any) -> Mount:
    return Mount(**{"kind": "bind", "source": source, "destination": "/mounted", **changes})


def port(host_port: int, host_ip: str = "127.0.0.1") -> PublishedPort:
    return PublishedPort(container_port=8080, protocol="tcp", host_ip=host_ip, host_port=host_port)


def neighbour(**changes: Any) -> ContainerSummary:
    """Another container of the same engine, as engine-wide checks see it."""
    good: dict[str, Any] = {
        "id": "beef01",
        "name": "neighbour",
        "image_id": "sha256:bb",
        "status": "running",
        "created_at": RECENTLY,
    }
    return ContainerSummary(**{**good, **changes})


def stored_image(**changes: Any) -> ImageSummary:
    good: dict[str, Any] = {
        "id": "sha256:bb",
        "references": ("registry.example/other:1",),
        "created_at": RECENTLY,
        "size_bytes": 1,
        "is_used": True,
    }
    return ImageSummary(**{**good, **changes})


def volume(**changes: Any) -> VolumeFacts:
    good: dict[str, Any] = {
        "name": "data",
        "driver": "local",
        "created_at": LONG_AGO,
        "is_dangling": True,
        "size_bytes": 4096,
    }
    return VolumeFacts(**{**good, **changes})
