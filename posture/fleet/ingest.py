"""The only writer of what engines say of hosts, containers and clusters; `probe_ingest` writes what host probes say."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from posture.base import upsert
from posture.fleet.models import (
    Asset,
    ClusterState,
    ContainerProbe,
    ContainerState,
    Document,
    HostProbe,
    HostState,
)
from scanners.records import AssetKind, ContainerFacts, EngineFacts, Record, SwarmFacts

EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::", "[::]"})
PROJECT_LABELS = (
    "com.docker.compose.project",
    "com.docker.swarm.service.name",
    "com.docker.stack.namespace",
    "io.kubernetes.pod.namespace",
    "com.amazonaws.ecs.task-definition-family",
)


class Known(Record, frozen=True, kw_only=True):
    """What is stored of an asset now, as far as a pull needs it to see that nothing changed."""

    id: int
    key: str
    name: str
    state_fingerprint: str
    results_fingerprint: str
    probe_fingerprint: str
    probe_results_fingerprint: str
    evidence: tuple[str, ...]
    environment_id: int | None
    gone: bool


_OF_KNOWN = (
    "id",
    "key",
    "name",
    "state_fingerprint",
    "results_fingerprint",
    "probe_fingerprint",
    "probe_results_fingerprint",
    "evidence",
    "environment_id",
    "gone_at",
)


def known(kind: AssetKind, keys: Sequence[str]) -> dict[str, Known]:
    """The stored assets with these keys, by key."""
    rows = Asset.objects.filter(kind=kind, key__in=keys).values_list(*_OF_KNOWN)
    return {row[1]: _known(row) for row in rows}


def known_and_locked(kind: AssetKind, key: str) -> Known | None:
    """The stored asset with this key, its row held as by `lock`; None where there is none. One query."""
    rows = Asset.objects.filter(kind=kind, key=key).select_for_update(no_key=True)
    row = rows.values_list(*_OF_KNOWN).first()
    return None if row is None else _known(row)


def known_on_host(host_id: int) -> dict[str, Known]:
    """The containers that the host is known to hold, by key."""
    rows = Asset.objects.filter(host=host_id, kind=AssetKind.CONTAINER, gone_at__isnull=True).values_list(
        *_OF_KNOWN
    )
    return {row[1]: _known(row) for row in rows}


def key_of(asset_id: int) -> str:
    """The asset's key; "" when there is no such asset."""
    return Asset.objects.filter(pk=asset_id).values_list("key", flat=True).first() or "" if asset_id else ""


def _known(row: tuple[Any, ...]) -> Known:
    values = dict(zip(_OF_KNOWN[:-1], row, strict=False))
    return Known(**{**values, "evidence": tuple(values["evidence"])}, gone=row[-1] is not None)


SHARED_ASSETS_LOCK = 0x706C6D01


def lock_shared() -> None:
    """Hold what several hosts share, images and clusters, until the transaction ends. Taken before any other lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SHARED_ASSETS_LOCK])


def lock_shared_beside_others() -> None:
    """Keep out, until the transaction ends, only those who hold all that is shared (`lock_shared`): for writers of one
    image each, who hold its row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [SHARED_ASSETS_LOCK])


def lock(asset_id: int) -> None:
    """Hold the asset's row until the transaction ends: who computes a host's load, or stores its containers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM fleet_asset WHERE id = %s FOR NO KEY UPDATE", [asset_id])


def store_assets(
    kind: AssetKind,
    names: Mapping[str, str],
    *,
    environment_id: int | None,
    host_id: int | None,
    at: datetime,
) -> dict[str, Known]:
    """Make sure that the assets (key -> name) exist; returns them all by key."""
    keys = sorted(names)
    upsert.insert_missing(
        Asset,
        ("kind", "key", "name", "environment_id", "host_id", "first_seen_at", "changed_at"),
        ("text", "text", "text", "bigint", "bigint", "timestamptz", "timestamptz"),
        [(kind.value, key, names[key], environment_id, host_id, at, at) for key in keys],
        ("kind", "key"),
    )
    return known(kind, keys)


def store_documents(documents: Mapping[str, bytes], at: datetime) -> None:
    """Keep compressed evidence under its fingerprint, once."""
    rows = [(fingerprint, body, at) for fingerprint, body in sorted(documents.items())]
    upsert.insert_missing(
        Document,
        ("fingerprint", "body", "created_at"),
        ("text", "bytea", "timestamptz"),
        rows,
        ("fingerprint",),
    )


def compress(document: Mapping[str, Any]) -> bytes:
    """Evidence as it is kept: canonical JSON, zlib."""
    return zlib.compress(msgspec.json.encode(document, order="deterministic"), 6)


def read_document(fingerprint: str) -> dict[str, Any] | None:
    """Evidence as it was read, redacted; None when it was not kept. One query."""
    body = Document.objects.filter(pk=fingerprint).values_list("body", flat=True).first()
    return None if body is None else msgspec.json.decode(zlib.decompress(bytes(body)))


def read_documents(fingerprints: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Several of them, by fingerprint; those that were not kept are missing. One query."""
    rows = Document.objects.filter(pk__in=[fingerprint for fingerprint in fingerprints if fingerprint])
    return {
        pk: msgspec.json.decode(zlib.decompress(bytes(body))) for pk, body in rows.values_list("pk", "body")
    }


def mark_changed(rows: Iterable[tuple[int, str, str]], at: datetime) -> None:
    """Assets (id, name, state fingerprint) whose state is new: they are here, and changed now."""
    upsert.update(
        Asset,
        ("name", "state_fingerprint", "changed_at", "gone_at"),
        ("bigint", "text", "text", "timestamptz", "timestamptz"),
        [(asset_id, name, fingerprint, at, None) for asset_id, name, fingerprint in sorted(rows)],
    )


def mark_judged(rows: Iterable[tuple[int, str]]) -> None:
    """Assets (id, results fingerprint) whose check results were stored."""
    upsert.update(Asset, ("results_fingerprint",), ("bigint", "text"), sorted(rows))


def move(asset_ids: Sequence[int], environment_id: int) -> None:
    """Assets that belong to another environment from now on."""
    Asset.objects.filter(pk__in=asset_ids).update(environment=environment_id)


def mark_gone(asset_ids: Sequence[int], at: datetime) -> None:
    """Assets that a complete pull no longer found: their state ends and their load is no longer of the present."""
    if not asset_ids:
        return
    ids = sorted(asset_ids)
    Asset.objects.filter(pk__in=ids).update(
        gone_at=at,
        changed_at=at,
        state_fingerprint="",
        results_fingerprint="",
        probe_fingerprint="",
        probe_results_fingerprint="",
        evidence=[],
        load=None,
        own_energy=0,
        energy=0,
        coverage=0,
        band=None,
        open_critical=0,
        open_high=0,
        open_medium=0,
        open_low=0,
        open_info=0,
        own_critical=0,
        own_high=0,
        own_medium=0,
        own_low=0,
        own_info=0,
        lost_energy=0,
    )
    for model in (ContainerState, HostState, ClusterState, HostProbe, ContainerProbe):
        model.objects.filter(asset__in=ids, closed_at__isnull=True).update(closed_at=at)


def end_engine(asset_ids: Sequence[int]) -> None:
    """The engine no longer tells of these assets; what the probe says of them stays."""
    Asset.objects.filter(pk__in=sorted(asset_ids)).update(state_fingerprint="", results_fingerprint="")


def add_evidence(asset_ids: Iterable[int], names: Sequence[str]) -> None:
    """These kinds of evidence are there and fresh."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fleet_asset SET evidence = ARRAY(SELECT DISTINCT unnest(evidence || %s::varchar[]) ORDER BY 1)"
            " WHERE id = ANY(%s) AND NOT evidence @> %s::varchar[]",
            [list(names), sorted(asset_ids), list(names)],
        )


def with_evidence(asset_ids: Sequence[int], name: str) -> set[int]:
    """Those of the assets that have this kind of evidence now."""
    return set(Asset.objects.filter(pk__in=asset_ids, evidence__contains=[name]).values_list("pk", flat=True))


def remove_evidence(asset_ids: Iterable[int], names: Sequence[str]) -> None:
    """These kinds of evidence are no longer there, or too old to count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fleet_asset SET evidence = ARRAY(SELECT unnest(evidence) EXCEPT SELECT unnest(%s::varchar[]) ORDER BY 1)"
            " WHERE id = ANY(%s) AND evidence && %s::varchar[]",
            [list(names), sorted(asset_ids), list(names)],
        )


def store_host(
    asset_id: int, facts: EngineFacts, fingerprint: str, *, node_id: int, cluster_id: int | None, at: datetime
) -> None:
    HostState.objects.current().filter(asset=asset_id).update(closed_at=at)
    HostState.objects.create(
        asset_id=asset_id,
        node_id=node_id,
        opened_at=at,
        fingerprint=fingerprint,
        name=facts.name[:300],
        operating_system=facts.operating_system[:200],
        kernel_version=facts.kernel_version[:200],
        architecture=facts.architecture[:40],
        cpus=facts.cpus,
        memory_bytes=facts.memory_bytes,
        engine=facts.engine[:20],
        engine_version=facts.version[:80],
        api_version=facts.api_version[:20],
        storage_driver=facts.storage_driver[:60],
        cgroup_version=facts.cgroup_version[:10],
        is_rootless=facts.is_rootless,
        remaps_users=facts.remaps_users,
        swarm_state=facts.swarm_state[:20],
        cluster_id=cluster_id,
    )


def store_cluster(asset_id: int, facts: SwarmFacts, fingerprint: str, *, node_id: int, at: datetime) -> None:
    ClusterState.objects.current().filter(asset=asset_id).update(closed_at=at)
    nodes = facts.nodes or ()
    ClusterState.objects.create(
        asset_id=asset_id,
        node_id=node_id,
        opened_at=at,
        fingerprint=fingerprint,
        name=facts.name[:300],
        managers=sum(node.role == "manager" for node in nodes),
        members=len(nodes),
    )


def store_containers(
    rows: Sequence[tuple[int, ContainerFacts, str]],
    *,
    host_id: int,
    image_ids: Mapping[str, int],
    at: datetime,
) -> None:
    """New states of containers (asset id, facts, fingerprint) of one host; what was true before ends now."""
    ids = [asset_id for asset_id, _, _ in rows]
    ContainerState.objects.current().filter(asset__in=ids).update(closed_at=at)
    upsert.copy(
        ContainerState,
        (
            "asset_id",
            "host_id",
            "image_id",
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
            "started_at",
            "settings",
        ),
        (
            (
                asset_id,
                host_id,
                image_ids.get(c.image_id),
                at,
                fingerprint,
                c.name[:300],
                c.id[:80],
                c.image_reference[:500],
                c.status,
                c.user[:120],
                c.privileged,
                is_exposed(c),
                c.network_mode[:120],
                published(c),
                project(c),
                c.created_at,
                c.started_at,
                settings_of(c),
            )
            for asset_id, c, fingerprint in rows
        ),
    )


def is_exposed(container: ContainerFacts) -> bool:
    """A port is published on every address of the host."""
    return any(p.host_port and p.host_ip in EVERY_ADDRESS for p in container.published_ports)


def published(container: ContainerFacts) -> tuple[str, ...]:
    return tuple(
        f"{p.host_ip or '0.0.0.0'}:{p.host_port}->{p.container_port}/{p.protocol}"[:120]
        for p in container.published_ports
        if p.host_port
    )


def project(container: ContainerFacts) -> str:
    return next(
        (container.labels[label][:200] for label in PROJECT_LABELS if container.labels.get(label)), ""
    )


def settings_of(c: ContainerFacts) -> list[list[str]]:
    """The settings that bear on security, as [name, value] for people; what is at its default is left out."""
    shown: list[tuple[str, str]] = [
        ("User", c.user or "root (default)"),
        ("Privileged", "yes" if c.privileged else "no"),
        ("Added capabilities", ", ".join(c.capabilities_added)),
        ("Dropped capabilities", ", ".join(c.capabilities_dropped)),
        ("Security options", ", ".join(c.security_options)),
        ("AppArmor profile", c.apparmor_profile),
        ("SELinux label", c.process_label),
        ("Root file system", "read-only" if c.readonly_rootfs else "writable"),
        ("Network", c.network_mode),
        ("Networks", ", ".join(c.networks)),
        ("Published ports", ", ".join(published(c))),
        ("PID namespace", c.pid_mode),
        ("IPC namespace", c.ipc_mode),
        ("UTS namespace", c.uts_mode),
        ("User namespace", c.userns_mode),
        ("Cgroup namespace", c.cgroupns_mode),
        ("Cgroup parent", c.cgroup_parent),
        ("Runtime", c.runtime),
        ("Memory limit", f"{c.memory_bytes} bytes" if c.memory_bytes else "none"),
        ("CPU limit", f"{c.cpus:g} cores" if c.cpus else "none"),
        ("Process limit", str(c.pids_limit) if c.pids_limit and c.pids_limit > 0 else "none"),
        ("Restart policy", c.restart_policy),
        (
            "Mounts",
            "; ".join(
                f"{m.source or m.name} → {m.destination}{' (ro)' if m.read_only else ''}" for m in c.mounts
            ),
        ),
        ("Devices", ", ".join(d.host_path for d in c.devices)),
        ("Log driver", c.log_driver),
        ("Health check", "none" if c.healthcheck is None else " ".join(c.healthcheck)),
        ("Health", c.health_status or ""),
        ("Entry point", " ".join(c.entrypoint)),
        ("Command", " ".join(c.command)),
        ("Environment", ", ".join(c.environment_names)),
    ]
    return [[name, value[:2000]] for name, value in shown if value]


class LoadRow(Record, frozen=True, kw_only=True):
    """The present load of one asset, for the read model on `Asset`."""

    asset_id: int
    load: float | None
    own_energy: float
    energy: float
    coverage: float
    band: float | None
    lost_energy: float
    counts: tuple[int, ...]  # open findings: info, low, medium, high, critical
    own_counts: tuple[int, ...]  # the same without those of members


def set_loads(rows: Sequence[LoadRow]) -> None:
    """Write loads for `risk`, which computes them and keeps their past."""
    upsert.update(
        Asset,
        (
            "load",
            "own_energy",
            "energy",
            "coverage",
            "band",
            "lost_energy",
            "open_info",
            "open_low",
            "open_medium",
            "open_high",
            "open_critical",
            "own_info",
            "own_low",
            "own_medium",
            "own_high",
            "own_critical",
        ),
        ("bigint", *["float8"] * 6, *["int"] * 10),
        [
            (
                r.asset_id,
                r.load,
                r.own_energy,
                r.energy,
                r.coverage,
                r.band,
                r.lost_energy,
                *r.counts,
                *r.own_counts,
            )
            for r in sorted(rows, key=lambda r: r.asset_id)
        ],
    )
