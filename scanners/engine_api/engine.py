"""The engine itself: `GET /info`, `/version` and the lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from scanners import redaction
from scanners.answers import Answer, MalformedAnswerError, as_list
from scanners.engine_api.documents import (
    VOLATILE_SWARM,
    bare_digest,
    is_podman,
    observed,
    references,
    without,
)
from scanners.records import (
    ContainerSummary,
    EngineFacts,
    ImageSummary,
    NetworkFacts,
    Observed,
    VolumeFacts,
)

_VOLATILE_INFO = frozenset(
    (
        "Containers",
        "ContainersRunning",
        "ContainersPaused",
        "ContainersStopped",
        "Images",
        "NFd",
        "NGoroutines",
    )
    + ("NEventsListener", "SystemTime", "SwapFree", "Uptime", "ClientInfo")
)


def engine_facts(
    info: dict[str, Any],
    version: dict[str, Any],
    *,
    networks: list[Any] | None = None,
    volumes: dict[str, Any] | None = None,
    plugins: list[Any] | None = None,
    containers: list[Any] | None = None,
    images: list[Any] | None = None,
    finished_at: Mapping[str, datetime] | None = None,
    node_address: str = "",
) -> Observed:
    """The engine from `/info` and `/version`, with the lists of `/networks`, `/volumes`, `/plugins`,
    `/containers/json?all=1` and `/images/json` as the engine sent them; None stands for a list that was not readable.

    `finished_at` maps container ids to the time of their last end, which only an inspect tells.
    """
    about, versions = Answer(info, "info"), Answer(version, "version")
    podman = is_podman(version)
    swarm = about.child("Swarm")
    status_rows = _driver_status(about)
    labels, _ = redaction.redact_environment(about.texts("Labels"), where="Engine label")
    components = {item.text("Name"): item.text("Version") for item in versions.children("Components")}
    for name, key in (
        ("containerd", "ContainerdCommit"),
        ("runc", "RuncCommit"),
        ("docker-init", "InitCommit"),
    ):
        if about.child(key).text("ID"):
            components.setdefault(name, about.child(key).text("ID"))
    network_records = None if networks is None else network_facts(networks)
    bridges = [
        network
        for network in network_records or ()
        if network.name == "bridge" and network.driver == "bridge"
    ]
    container_answers = None if containers is None else as_list(containers, "containers")
    image_answers = None if images is None else as_list(images, "images")
    registries = about.child("RegistryConfig")
    index_configs = registries.child("IndexConfigs")
    firewall = about.child("FirewallBackend")
    facts = EngineFacts(
        engine="podman" if podman else "docker",
        engine_id="" if podman else about.text("ID"),
        name=about.text("Name"),
        version=versions.text("Version") or about.text("ServerVersion"),
        api_version=versions.text("ApiVersion"),
        platform_name=versions.child("Platform").text("Name"),
        components=dict(sorted(components.items())),
        operating_system=about.text("OperatingSystem"),
        os_version=about.text("OSVersion"),
        os_type=about.text("OSType", "linux"),
        kernel_version=about.text("KernelVersion"),
        architecture=about.text("Architecture"),
        cpus=about.integer("NCPU"),
        memory_bytes=about.integer("MemTotal"),
        root_dir=about.text("DockerRootDir"),
        storage_driver=about.text("Driver"),
        driver_status=status_rows,
        cgroup_driver=about.text("CgroupDriver"),
        cgroup_version=about.text("CgroupVersion"),
        security_options=about.texts("SecurityOptions"),
        logging_driver=about.text("LoggingDriver"),
        authorization_plugins=about.child("Plugins").texts("Authorization"),
        log_plugins=about.child("Plugins").texts("Log"),
        insecure_registry_cidrs=registries.texts("InsecureRegistryCIDRs"),
        insecure_registries=tuple(
            name for name in sorted(index_configs.value) if not index_configs.child(name).flag("Secure", True)
        ),
        runtimes=about.names("Runtimes"),
        default_runtime=about.text("DefaultRuntime"),
        warnings=tuple(redaction.redact_text(warning)[0] for warning in about.texts("Warnings")),
        labels=tuple(labels),
        live_restore=about.optional_flag("LiveRestoreEnabled"),
        experimental=about.optional_flag("ExperimentalBuild"),
        debug=about.optional_flag("Debug"),
        memory_limit=about.optional_flag("MemoryLimit"),
        swap_limit=about.optional_flag("SwapLimit"),
        pids_limit=about.optional_flag("PidsLimit"),
        cpu_cfs_quota=about.optional_flag("CpuCfsQuota"),
        ipv4_forwarding=about.optional_flag("IPv4Forwarding"),
        firewall_backend=firewall.text("Driver") or None,
        swarm_state=swarm.text("LocalNodeState") or "inactive",
        swarm_manager=swarm.flag("ControlAvailable"),
        swarm_cluster_id=swarm.child("Cluster").text("ID"),
        swarm_node_address=swarm.text("NodeAddr"),
        default_bridge_exists=None if network_records is None else bool(bridges),
        default_bridge_options=dict(bridges[0].options) if bridges else {},
        networks=network_records,
        volumes=None if volumes is None else _volumes(volumes, container_answers),
        plugins=None if plugins is None else _enabled_plugins(plugins),
        containers=None if container_answers is None else _summaries(container_answers, finished_at or {}),
        images=None if image_answers is None else _image_summaries(image_answers, container_answers or []),
        node_address=node_address,
    )
    document = {
        "info": _info_document(about, podman, status_rows, labels),
        "version": without(version, frozenset(("Time",))),
        "networks": None if networks is None else _network_documents(networks),
        "volumes": None if volumes is None else _volume_documents(volumes),
        "plugins": msgspec.to_builtins(facts.plugins),
        "containers": msgspec.to_builtins(facts.containers),
        "images": msgspec.to_builtins(facts.images),
        "is_dangling": {volume.name: volume.is_dangling for volume in facts.volumes or ()},
    }
    return observed(facts, redaction.redact_document(document))


def engine_again(document: dict[str, Any], node_address: str) -> EngineFacts:
    """The engine from a document that `engine_facts` gave, without its volumes, plugins, containers and images.

    Raises KeyError or MalformedAnswerError for a document of another shape.
    """
    facts = engine_facts(
        document["info"], document["version"], networks=document["networks"], node_address=node_address
    ).facts
    assert isinstance(facts, EngineFacts)
    return facts


def inherited_settings(engine: EngineFacts) -> EngineFacts:
    """The engine's settings that a container inherits, without the lists that change with every container."""
    return msgspec.structs.replace(
        engine, containers=None, images=None, volumes=None, plugins=None, warnings=()
    )


def _driver_status(about: Answer) -> tuple[tuple[str, str], ...]:
    """Rows of the storage driver's status but the ones that count space."""
    rows = about.value.get("DriverStatus")
    if rows is None:
        return ()
    if not isinstance(rows, list):
        raise MalformedAnswerError(f"{about.path}.DriverStatus", "a list", rows)
    holder = Answer({str(position): row for position, row in enumerate(rows)}, f"{about.path}.DriverStatus")
    pairs = [holder.texts(str(position)) for position in range(len(rows))]
    return tuple(
        (pair[0], pair[1])
        for pair in pairs
        if len(pair) == 2 and "Space" not in pair[0] and pair[0].strip() not in ("Dirs", "Allocated")
    )


def _info_document(
    about: Answer, podman: bool, status_rows: tuple[tuple[str, str], ...], labels: list[str]
) -> dict[str, Any]:
    document = without(about.value, _VOLATILE_INFO | (frozenset({"ID"}) if podman else frozenset()))
    document["DriverStatus"] = [list(row) for row in status_rows]
    document["Labels"] = labels
    swarm = without(about.child("Swarm").value, frozenset(("RemoteManagers",)))
    if swarm.get("Cluster"):
        swarm["Cluster"] = without(about.child("Swarm").child("Cluster").value, VOLATILE_SWARM)
    document["Swarm"] = swarm
    if about.has("FirewallBackend"):
        document["FirewallBackend"] = {"Driver": about.child("FirewallBackend").text("Driver")}
    return document


def network_facts(networks: list[Any]) -> tuple[NetworkFacts, ...]:
    found = [
        NetworkFacts(
            id=item.text("Id"),
            name=item.text("Name"),
            driver=item.text("Driver"),
            scope=item.text("Scope"),
            internal=item.flag("Internal"),
            ingress=item.flag("Ingress"),
            options=redaction.redact_mapping(item.mapping("Options"), where="Network option")[0],
        )
        for item in as_list(networks, "networks")
    ]
    return tuple(sorted(found, key=lambda network: (network.name, network.id)))


def _network_documents(networks: list[Any]) -> list[dict[str, Any]]:
    documents = []
    for item in as_list(networks, "networks"):
        document = without(item.value, frozenset(("Containers", "Peers", "Services", "Status")))
        document["Labels"] = redaction.redact_mapping(item.mapping("Labels"), where="Network label")[0]
        document["Options"] = redaction.redact_mapping(item.mapping("Options"), where="Network option")[0]
        documents.append(document)
    return sorted(documents, key=lambda document: (str(document.get("Name")), str(document.get("Id"))))


def _volumes(volumes: dict[str, Any], containers: list[Answer] | None) -> tuple[VolumeFacts, ...]:
    mounts_known = containers is not None and all("Mounts" in item.value for item in containers)
    used: set[str] = set()
    if mounts_known:
        for item in containers or []:
            # Podman lists mount points as bare texts here, which tells nothing of the volume.
            entries = item.value.get("Mounts") or []
            mounts_known = mounts_known and all(isinstance(entry, dict) for entry in entries)
            used.update(str(entry.get("Name", "")) for entry in entries if isinstance(entry, dict))
    found = [
        VolumeFacts(
            name=item.text("Name"),
            driver=item.text("Driver"),
            created_at=item.moment("CreatedAt"),
            labels=redaction.redact_mapping(item.mapping("Labels"), where="Volume label")[0],
            is_dangling=item.text("Name") not in used if mounts_known else None,
        )
        for item in Answer(volumes, "volumes").children("Volumes")
    ]
    return tuple(sorted(found, key=lambda volume: volume.name))


def _volume_documents(volumes: dict[str, Any]) -> list[dict[str, Any]]:
    documents = []
    for item in Answer(volumes, "volumes").children("Volumes"):
        document = without(item.value, frozenset(("UsageData", "Status")))
        document["Labels"] = redaction.redact_mapping(item.mapping("Labels"), where="Volume label")[0]
        options = redaction.redact_mapping(item.mapping("Options"), where="Volume option")[0]
        document["Options"] = options
        documents.append(document)
    return sorted(documents, key=lambda document: str(document.get("Name")))


def _enabled_plugins(plugins: list[Any]) -> tuple[str, ...]:
    return tuple(sorted(item.text("Name") for item in as_list(plugins, "plugins") if item.flag("Enabled")))


def _summaries(containers: list[Answer], finished_at: Mapping[str, datetime]) -> tuple[ContainerSummary, ...]:
    found = [
        ContainerSummary(
            id=item.text("Id"),
            name=next(iter(item.texts("Names")), "").removeprefix("/"),
            image_id=item.text("ImageID"),
            status=item.text("State"),
            created_at=item.moment("Created"),
            finished_at=finished_at.get(item.text("Id")),
        )
        for item in containers
    ]
    return tuple(sorted(found, key=lambda container: container.id))


def _image_summaries(images: list[Answer], containers: list[Answer]) -> tuple[ImageSummary, ...]:
    used = {bare_digest(item.text("ImageID")) for item in containers}
    found = [
        ImageSummary(
            id=item.text("Id"),
            references=references(item),
            created_at=item.moment("Created"),
            size_bytes=item.integer("Size"),
            is_used=bare_digest(item.text("Id")) in used,
        )
        for item in images
    ]
    return tuple(sorted(found, key=lambda image: image.id))
