"""The only writer of what host probes find out; `ingest` writes what engines say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from posture.base import upsert
from posture.fleet.choices import ContainerStatus
from posture.fleet.models import Asset, ContainerProbe, ContainerState, HostProbe, HostState, LoadedFiles
from scanners.host import Bundle, HostContainer, HostFacts

LOADED_AT_MOST = 4000
_STATUSES = {
    "running": ContainerStatus.RUNNING,
    "created": ContainerStatus.CREATED,
    "paused": ContainerStatus.PAUSED,
    "stopped": ContainerStatus.EXITED,
}


def kept_fingerprints(host_id: int) -> set[str]:
    """Fingerprints of the evidence that is kept of a host and its containers already."""
    of_host = HostProbe.objects.current().filter(asset=host_id)
    of_containers = ContainerProbe.objects.current().filter(host=host_id)
    rows = of_host.values_list("fingerprint", "packages_fingerprint").union(
        of_containers.values_list("fingerprint", "fingerprint"), all=True
    )
    return {fingerprint for row in rows for fingerprint in row}


def described_as(host_id: int) -> str:
    """The fingerprint of the host's present state; "" when it has none."""
    return (
        HostState.objects.current().filter(asset=host_id).values_list("fingerprint", flat=True).first() or ""
    )


def current_states(host_id: int) -> dict[int, ContainerState]:
    """Asset id -> fingerprint, and what bears on a container's exposure, for the containers of a host."""
    rows = ContainerState.objects.current().filter(host=host_id)
    wanted = ("asset_id", "fingerprint", "status", "published", "exposed", "privileged", "network_mode")
    return {row.asset_id: row for row in rows.only(*wanted)}


def store_host_probe(
    asset_id: int,
    facts: HostFacts,
    fingerprint: str,
    packages_fingerprint: str,
    *,
    node_id: int,
    at: datetime,
) -> None:
    """What the probe says of the host from now on."""
    HostProbe.objects.current().filter(asset=asset_id).update(closed_at=at)
    distribution, kernel = facts.distribution, facts.kernel
    HostProbe.objects.create(
        asset_id=asset_id,
        node_id=node_id,
        opened_at=at,
        fingerprint=fingerprint,
        packages_fingerprint=packages_fingerprint,
        probe_version=facts.probe_version[:20],
        is_root=facts.is_root,
        distribution=((distribution and distribution.id) or "")[:40],
        distribution_version=((distribution and distribution.version_id) or "")[:40],
        distribution_name=((distribution and distribution.pretty_name) or "")[:200],
        kernel_release=((kernel and kernel.release) or "")[:200],
        reboot_required=kernel.reboot_required.marked if kernel else None,
    )


def store_container_probes(
    rows: Sequence[tuple[int, HostContainer, str]], *, host_id: int, at: datetime
) -> None:
    """What the probe says of containers (asset id, container, fingerprint) of one host from now on."""
    ContainerProbe.objects.current().filter(asset__in=[row[0] for row in rows]).update(closed_at=at)
    upsert.copy(
        ContainerProbe,
        ("asset_id", "host_id", "opened_at", "fingerprint", "manager"),
        (
            (asset_id, host_id, at, fingerprint, container.manager[:20])
            for asset_id, container, fingerprint in rows
        ),
    )


def describe_host(asset_id: int, facts: HostFacts, fingerprint: str, *, node_id: int, at: datetime) -> None:
    """The state of a host that no engine tells of, as far as the probe can say it."""
    machine, kernel, cgroups = facts.host, facts.kernel, facts.confinement and facts.confinement.cgroups
    HostState.objects.current().filter(asset=asset_id).update(closed_at=at)
    HostState.objects.create(
        asset_id=asset_id,
        node_id=node_id,
        opened_at=at,
        fingerprint=fingerprint,
        name=(machine.name if machine else "")[:300],
        operating_system=((facts.distribution and facts.distribution.pretty_name) or "")[:200],
        kernel_version=((kernel and kernel.release) or "")[:200],
        architecture=((kernel and kernel.architecture) or "")[:40],
        cpus=(machine and machine.cpus) or 0,
        memory_bytes=(machine and machine.memory_bytes) or 0,
        engine="",
        engine_version="",
        api_version="",
        storage_driver="",
        cgroup_version=((cgroups and cgroups.version) or "")[:10],
        is_rootless=False,
        remaps_users=False,
        swarm_state="",
    )


def describe_containers(
    rows: Sequence[tuple[int, HostContainer, str]], *, host_id: int, at: datetime
) -> None:
    """States of containers that no engine tells of, as far as the probe can say them."""
    ContainerState.objects.current().filter(asset__in=[row[0] for row in rows]).update(closed_at=at)
    upsert.copy(
        ContainerState,
        (
            "asset_id",
            "host_id",
            "opened_at",
            "fingerprint",
            "name",
            "engine_container_id",
            "image_reference",
            "status",
            "user",
            "privileged",
            "exposed",
            "network_mode",
            "published",
            "project",
            "created_at",
            "settings",
        ),
        (
            (
                asset_id,
                host_id,
                at,
                fingerprint,
                name_of(c),
                c.id[:80],
                c.image_reference[:500],
                _STATUSES.get(c.status, ContainerStatus.RUNNING).value,
                f"{c.bundle.user_id}:{c.bundle.group_id}" if c.bundle else "",
                is_privileged(c),
                False,
                "host" if c.process and "net" in (c.process.shared_namespaces or ()) else "",
                (),
                "",
                _moment(c.created_at),
                _settings(c),
            )
            for asset_id, c, fingerprint in rows
        ),
    )


def name_of(container: HostContainer) -> str:
    return (container.name or container.id[:12])[:300]


def is_privileged(container: HostContainer) -> bool:
    """What engines call privileged, told by its marks: no seccomp filter, and every capability in the bounding set."""
    process = container.process
    if process is None or process.capabilities is None or process.seccomp != "disabled":
        return False
    digits = process.capabilities.bounding
    return bool(digits) and int(digits, 16).bit_count() >= _EVERY_CAPABILITY


_EVERY_CAPABILITY = 38  # CAP_AUDIT_READ was the 38th, in Linux 3.16; newer kernels have a few more


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _settings(container: HostContainer) -> list[list[str]]:
    """What the bundle says, as [name, value] for people."""
    bundle = container.bundle
    shown = [("Started by", container.manager or "not known"), *(_of_bundle(bundle) if bundle else ())]
    return [[name, value[:2000]] for name, value in shown if value]


def _of_bundle(bundle: Bundle) -> list[tuple[str, str]]:
    return [
        ("Bundle", bundle.path),
        ("Command", " ".join(bundle.arguments)),
        ("User", f"{bundle.user_id}:{bundle.group_id}"),
        ("Capabilities", ", ".join((bundle.capabilities or {}).get("bounding", ()))),
        ("AppArmor profile", bundle.apparmor_profile),
        ("SELinux label", bundle.selinux_label),
        ("Root file system", "read-only" if bundle.root_read_only else "writable"),
        ("Namespaces", ", ".join(namespace.type for namespace in bundle.namespaces)),
        ("Memory limit", f"{bundle.memory_bytes} bytes" if bundle.memory_bytes else "none"),
        ("CPU limit", f"{bundle.cpus:g} cores" if bundle.cpus else "none"),
        ("Process limit", str(bundle.pids) if bundle.pids else "none"),
        (
            "Mounts",
            "; ".join(f"{m.source} → {m.destination}" for m in bundle.mounts if m.type in ("bind", "none")),
        ),
        ("Devices", ", ".join(bundle.devices)),
        ("Hooks", ", ".join(f"{kind}: {' '.join(programs)}" for kind, programs in bundle.hooks.items())),
    ]


def add_loaded(seen: Mapping[int, Sequence[str]], at: datetime) -> None:
    """Files seen loaded in containers (asset id -> paths): what is known grows, and an unchanged set writes nothing."""
    known = dict(LoadedFiles.objects.filter(pk__in=list(seen)).values_list("pk", "paths"))
    new: list[tuple[int, datetime, datetime, tuple[str, ...]]] = []
    for asset_id in sorted(seen):
        if asset_id not in known:
            new.append((asset_id, at, at, tuple(sorted(set(seen[asset_id])))[:LOADED_AT_MOST]))
        elif more := set(seen[asset_id]).difference(known[asset_id]):
            paths = sorted({*known[asset_id], *more})[:LOADED_AT_MOST]
            if len(paths) > len(known[asset_id]):
                LoadedFiles.objects.filter(pk=asset_id).update(paths=paths, grown_at=at)
    upsert.copy(LoadedFiles, ("asset_id", "watched_since", "grown_at", "paths"), new)


def mark_probed(rows: Iterable[tuple[int, str]], at: datetime) -> None:
    """Assets (id, fingerprint) of which the probe says something new: they are here, and changed now."""
    upsert.update(
        Asset,
        ("probe_fingerprint", "changed_at", "gone_at"),
        ("bigint", "text", "timestamptz", "timestamptz"),
        [(asset_id, fingerprint, at, None) for asset_id, fingerprint in sorted(rows)],
    )


def mark_judged(rows: Iterable[tuple[int, str]]) -> None:
    """Assets (id, fingerprint of the verdicts on what the probe says) whose check results were stored."""
    upsert.update(Asset, ("probe_results_fingerprint",), ("bigint", "text"), sorted(rows))


def end_probe(asset_ids: Sequence[int], at: datetime) -> None:
    """The probe no longer tells of these assets; what their engine says of them stays, and is judged anew by its next
    pull: some checks were the probe's to decide."""
    ids = sorted(asset_ids)
    HostProbe.objects.current().filter(asset__in=ids).update(closed_at=at)
    ContainerProbe.objects.current().filter(asset__in=ids).update(closed_at=at)
    Asset.objects.filter(pk__in=ids).update(
        probe_fingerprint="", probe_results_fingerprint="", results_fingerprint="", changed_at=at
    )
