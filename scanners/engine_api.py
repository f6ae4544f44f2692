"""Engine API answers to records, without any input or output.

Each function takes decoded JSON of `GET /info`, `/version`, `/containers/{id}/json` … (API 1.41 and newer, and Podman's
Docker-compatible API) and returns an `Observed`: the record, and the document it was read from with secrets and
volatile parts taken out. Volatile is what changes while nothing relevant changed: process ids, counters, clocks, sandbox
and exec ids, health logs; the status of a container and the times of its last start and end stay.

A field of another type than documented raises `MalformedAnswerError`, which names the item and the field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from scanners import redaction
from scanners.answers import Answer, MalformedAnswerError, as_list
from scanners.records import (
    ContainerFacts,
    ContainerSummary,
    Device,
    EngineFacts,
    ImageFacts,
    ImageSummary,
    Layer,
    Mount,
    NetworkFacts,
    Observed,
    PublishedPort,
    SecretSighting,
    SwarmFacts,
    SwarmNodeFacts,
    SwarmServiceFacts,
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
_VOLATILE_CONTAINER = frozenset(
    ("RestartCount", "ExecIDs", "GraphDriver", "SizeRw", "SizeRootFs", "OciConfigPath")
)
_VOLATILE_STATE = frozenset(
    (
        "Pid",
        "ConmonPid",
        "PidFile",
        "ConmonPidFile",
        "OciVersion",
        "CheckpointedAt",
        "RestoredAt",
        "CgroupPath",
    )
)
_VOLATILE_NETWORK = frozenset(
    (
        "SandboxID",
        "SandboxKey",
        "EndpointID",
        "NetworkID",
        "SecondaryIPAddresses",
        "SecondaryIPv6Addresses",
        "DNSNames",
    )
)
_VOLATILE_IMAGE = frozenset(("Metadata", "Container", "ContainerConfig", "GraphDriver", "Parent", "Comment"))
_VOLATILE_SWARM = frozenset(("Version", "UpdatedAt", "JoinTokens"))
_NO_NAME = "<none>"
_CPU_UNIT = 1_000_000_000


def observed(
    facts: EngineFacts | ContainerFacts | ImageFacts | SwarmFacts, document: dict[str, Any]
) -> Observed:
    """Seal a record with its document: the fingerprint is SHA-256 over the document's JSON with sorted keys."""
    canonical = msgspec.json.encode(document, order="sorted")
    return Observed(facts=facts, document=document, fingerprint=hashlib.sha256(canonical).hexdigest())


def is_podman(version: Mapping[str, Any]) -> bool:
    """Podman's compatible API names itself among the components of `GET /version`."""
    components = version.get("Components")
    if not isinstance(components, list):
        return False
    return any("podman" in str(item.get("Name", "")).lower() for item in components if isinstance(item, dict))


def _without(value: Mapping[str, Any], dropped: frozenset[str]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in dropped}


# -- engine


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
    network_facts = None if networks is None else _networks(networks)
    bridges = [
        network for network in network_facts or () if network.name == "bridge" and network.driver == "bridge"
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
        default_bridge_exists=None if network_facts is None else bool(bridges),
        default_bridge_options=dict(bridges[0].options) if bridges else {},
        networks=network_facts,
        volumes=None if volumes is None else _volumes(volumes, container_answers),
        plugins=None if plugins is None else _enabled_plugins(plugins),
        containers=None if container_answers is None else _summaries(container_answers, finished_at or {}),
        images=None if image_answers is None else _image_summaries(image_answers, container_answers or []),
        node_address=node_address,
    )
    document = {
        "info": _info_document(about, podman, status_rows, labels),
        "version": _without(version, frozenset(("Time",))),
        "networks": None if networks is None else _network_documents(networks),
        "volumes": None if volumes is None else _volume_documents(volumes),
        "plugins": msgspec.to_builtins(facts.plugins),
        "containers": msgspec.to_builtins(facts.containers),
        "images": msgspec.to_builtins(facts.images),
        "is_dangling": {volume.name: volume.is_dangling for volume in facts.volumes or ()},
    }
    return observed(facts, redaction.redact_document(document))


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
    document = _without(about.value, _VOLATILE_INFO | (frozenset({"ID"}) if podman else frozenset()))
    document["DriverStatus"] = [list(row) for row in status_rows]
    document["Labels"] = labels
    swarm = _without(about.child("Swarm").value, frozenset(("RemoteManagers",)))
    if swarm.get("Cluster"):
        swarm["Cluster"] = _without(about.child("Swarm").child("Cluster").value, _VOLATILE_SWARM)
    document["Swarm"] = swarm
    if about.has("FirewallBackend"):
        document["FirewallBackend"] = {"Driver": about.child("FirewallBackend").text("Driver")}
    return document


def _networks(networks: list[Any]) -> tuple[NetworkFacts, ...]:
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
        document = _without(item.value, frozenset(("Containers", "Peers", "Services", "Status")))
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
        document = _without(item.value, frozenset(("UsageData", "Status")))
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


def _references(item: Answer) -> tuple[str, ...]:
    return tuple(sorted(name for name in item.texts("RepoTags") if _NO_NAME not in name))


def _repo_digests(item: Answer) -> tuple[str, ...]:
    return tuple(sorted(name for name in item.texts("RepoDigests") if not name.startswith(_NO_NAME)))


def _image_summaries(images: list[Answer], containers: list[Answer]) -> tuple[ImageSummary, ...]:
    used = {bare_digest(item.text("ImageID")) for item in containers}
    found = [
        ImageSummary(
            id=item.text("Id"),
            references=_references(item),
            created_at=item.moment("Created"),
            size_bytes=item.integer("Size"),
            is_used=bare_digest(item.text("Id")) in used,
        )
        for item in images
    ]
    return tuple(sorted(found, key=lambda image: image.id))


def bare_digest(identifier: str) -> str:
    """An id without its algorithm: Podman writes some ids with `sha256:` and some without."""
    return identifier.removeprefix("sha256:")


# -- containers


def container_facts(
    inspect: dict[str, Any],
    *,
    engine: EngineFacts | None = None,
    image_repo_digests: Iterable[str] = (),
    processes: Iterable[str] | None = None,
) -> Observed:
    """One container from `GET /containers/{id}/json`.

    `engine` should come from `inherited_settings`; it enters the fingerprint, since a changed engine can change what is
    true of its containers. `processes` are names of the programs that run inside it, from `/containers/{id}/top`.
    """
    name = inspect.get("Name") if isinstance(inspect, dict) else None
    raw = Answer(
        inspect, f"container {name.removeprefix('/')}" if isinstance(name, str) and name else "container"
    )
    document, secrets = _container_document(raw)
    about = Answer(document, raw.path)
    state, config, host = about.child("State"), about.child("Config"), about.child("HostConfig")
    health_status = state.child("Health").text("Status")
    log = host.child("LogConfig")
    restart = host.child("RestartPolicy")
    digests = tuple(sorted(image_repo_digests))
    programs = None if processes is None else tuple(sorted(set(processes)))
    facts = ContainerFacts(
        id=about.text("Id"),
        name=about.text("Name").removeprefix("/"),
        image_id=about.text("Image"),
        image_reference=config.text("Image"),
        status=state.text("Status"),
        created_at=about.moment("Created"),
        started_at=state.moment("StartedAt"),
        finished_at=state.moment("FinishedAt"),
        user=config.text("User"),
        entrypoint=config.texts("Entrypoint"),
        command=config.texts("Cmd"),
        environment_names=tuple(entry.partition("=")[0] for entry in config.texts("Env")),
        secrets=secrets,
        labels=config.mapping("Labels"),
        privileged=host.flag("Privileged"),
        capabilities_added=_capabilities(host.texts("CapAdd")),
        capabilities_dropped=_capabilities(host.texts("CapDrop")),
        security_options=host.texts("SecurityOpt"),
        apparmor_profile=about.text("AppArmorProfile"),
        process_label=about.text("ProcessLabel"),
        mount_label=about.text("MountLabel"),
        readonly_rootfs=host.flag("ReadonlyRootfs"),
        network_mode=host.text("NetworkMode", "default"),
        networks=about.child("NetworkSettings").names("Networks"),
        pid_mode=host.text("PidMode"),
        ipc_mode=host.text("IpcMode"),
        uts_mode=host.text("UTSMode"),
        userns_mode=host.text("UsernsMode"),
        cgroupns_mode=host.text("CgroupnsMode"),
        cgroup_parent=host.text("CgroupParent"),
        runtime=host.text("Runtime"),
        memory_bytes=host.integer("Memory"),
        memory_reservation_bytes=host.integer("MemoryReservation"),
        cpus=_cpus(host),
        cpu_shares=host.integer("CpuShares"),
        cpuset=host.text("CpusetCpus"),
        pids_limit=host.optional_integer("PidsLimit"),
        ulimits=tuple(
            f"{item.text('Name')}={item.integer('Soft')}:{item.integer('Hard')}"
            for item in host.children("Ulimits")
        ),
        restart_policy=restart.text("Name"),
        restart_max_retries=restart.integer("MaximumRetryCount"),
        mounts=_mounts(about, host),
        devices=tuple(
            Device(
                host_path=item.text("PathOnHost"),
                container_path=item.text("PathInContainer"),
                permissions=item.text("CgroupPermissions"),
            )
            for item in host.children("Devices")
        ),
        device_cgroup_rules=host.texts("DeviceCgroupRules"),
        device_requests=tuple(_device_request(item) for item in host.children("DeviceRequests")),
        published_ports=_published_ports(about.child("NetworkSettings"), host),
        publish_all_ports=host.flag("PublishAllPorts"),
        exposed_ports=config.names("ExposedPorts"),
        log_driver=log.text("Type"),
        log_options=log.mapping("Config"),
        healthcheck=config.child("Healthcheck").optional_texts("Test"),
        health_status=health_status if health_status not in ("", "none") else None,
        masked_paths=host.optional_texts("MaskedPaths"),
        readonly_paths=host.optional_texts("ReadonlyPaths"),
        processes=programs,
        image_repo_digests=digests,
        engine=engine,
    )
    sealed = {
        "inspect": document,
        "processes": None if programs is None else list(programs),
        "image_repo_digests": list(digests),
        "engine_settings": None if engine is None else settings_fingerprint(engine),
    }
    return observed(facts, sealed)


def settings_fingerprint(engine: EngineFacts) -> str:
    """SHA-256 over the engine's settings, hex."""
    return hashlib.sha256(msgspec.json.encode(engine, order="sorted")).hexdigest()


def _container_document(raw: Answer) -> tuple[dict[str, Any], tuple[SecretSighting, ...]]:
    sightings: list[SecretSighting] = []
    config, state, host = raw.child("Config"), raw.child("State"), raw.child("HostConfig")
    config_document = _config_document(config, sightings)

    state_document = _without(state.value, _VOLATILE_STATE)
    for key in ("Health", "Healthcheck"):
        if state.has(key):
            state_document[key] = _without(state.child(key).value, frozenset(("Log", "FailingStreak")))
    state_document["Error"] = redaction.redact_text(state.text("Error"))[0]

    host_document = dict(host.value)
    if host.has("LogConfig"):
        log = host.child("LogConfig")
        options = _collect(redaction.redact_mapping(log.mapping("Config"), where="Log option"), sightings)
        # Podman counts the log's growth here.
        host_document["LogConfig"] = {**_without(log.value, frozenset(("Size", "Path"))), "Config": options}
    if host.has("Mounts"):
        host_document["Mounts"] = [_mount_document(item, sightings) for item in host.children("Mounts")]

    networks = raw.child("NetworkSettings")
    network_document = _without(networks.value, _VOLATILE_NETWORK)
    network_document["Networks"] = {
        name: _without(networks.child("Networks").child(name).value, _VOLATILE_NETWORK)
        for name in networks.names("Networks")
    }
    network_document["Ports"] = {
        port: sorted(
            (item.value for item in networks.child("Ports").children(port)),
            key=lambda entry: str(entry.get("HostIp")),
        )
        for port in networks.names("Ports")
    }

    document = _without(raw.value, _VOLATILE_CONTAINER)
    # Args repeats Entrypoint and Cmd: redacted again, but reported once.
    document["Args"] = _redacted_command((raw.text("Path"), *raw.texts("Args")), "Args", [])[1:]
    document["State"] = state_document
    document["Config"] = config_document
    document["HostConfig"] = host_document
    document["NetworkSettings"] = network_document
    # The engine walks a hash table for these, so their order means nothing.
    document["Mounts"] = [
        item.value for item in sorted(raw.children("Mounts"), key=lambda mount: mount.text("Destination"))
    ]
    return redaction.redact_document(document), tuple(dict.fromkeys(sightings))


def _collect(redacted: tuple[Any, tuple[SecretSighting, ...]], sightings: list[SecretSighting]) -> Any:
    sightings += redacted[1]
    return redacted[0]


def _redacted_command(arguments: Iterable[str], where: str, sightings: list[SecretSighting]) -> list[str]:
    redacted, found = redaction.redact_arguments(arguments, where=where)
    sightings += found
    return redacted


def _config_document(config: Answer, sightings: list[SecretSighting]) -> dict[str, Any]:
    """`Config` of a container or an image without its secrets."""
    document = dict(config.value)
    if config.has("Env"):
        document["Env"] = _collect(redaction.redact_environment(config.texts("Env")), sightings)
    for key in ("Entrypoint", "Cmd"):
        if config.has(key):
            document[key] = _redacted_command(config.texts(key), key, sightings)
    for key in ("CreateCommand", "OnBuild"):
        if config.has(key):
            document[key] = _redacted_command(
                config.texts(key), key, [] if key == "CreateCommand" else sightings
            )
    for key, label in (("Labels", "Label"), ("Annotations", "Annotation")):
        if config.has(key):
            document[key] = _collect(redaction.redact_mapping(config.mapping(key), where=label), sightings)
    if config.has("Healthcheck"):
        healthcheck = config.child("Healthcheck")
        document["Healthcheck"] = {
            **healthcheck.value,
            "Test": _redacted_command(healthcheck.texts("Test"), "Healthcheck", sightings),
        }
    return document


def _mount_document(mount: Answer, sightings: list[SecretSighting]) -> dict[str, Any]:
    """A mount's request; options of a volume driver may hold the password of a network share."""
    if not mount.has("VolumeOptions"):
        return mount.value
    options = mount.child("VolumeOptions")
    driver = options.child("DriverConfig")
    where = f"Mount {mount.text('Target')} option"
    redacted = _collect(redaction.redact_mapping(driver.mapping("Options"), where=where), sightings)
    labels = _collect(redaction.redact_mapping(options.mapping("Labels"), where=where), sightings)
    driver_document = {**driver.value, "Options": redacted}
    return {
        **mount.value,
        "VolumeOptions": {**options.value, "Labels": labels, "DriverConfig": driver_document},
    }


def _capabilities(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.upper().removeprefix("CAP_") for name in names)


def _cpus(host: Answer) -> float:
    """Cores from `NanoCpus`, else from quota and period (the kernel's period is 100 ms when none is given)."""
    if host.integer("NanoCpus") > 0:
        return host.integer("NanoCpus") / _CPU_UNIT
    if host.integer("CpuQuota") > 0:
        return host.integer("CpuQuota") / (host.integer("CpuPeriod") or 100_000)
    return 0.0


def _device_request(request: Answer) -> str:
    """What `--gpus` and the like ask for, in one line: "nvidia: 0, 1", "gpu: all", "gpu: 2"."""
    capabilities = request.value.get("Capabilities")
    wanted = request.text("Driver")
    if not wanted and isinstance(capabilities, list):
        # Alternatives of sets of capabilities; the first names the kind well enough.
        first = capabilities[0] if capabilities and isinstance(capabilities[0], list) else []
        wanted = "+".join(str(name) for name in first)
    count = request.integer("Count")
    devices = ", ".join(request.texts("DeviceIDs")) or ("all" if count < 0 else str(count))
    return f"{wanted or 'devices'}: {devices}"


def _mounts(about: Answer, host: Answer) -> tuple[Mount, ...]:
    found = [
        Mount(
            kind=item.text("Type"),
            source=item.text("Source"),
            destination=item.text("Destination"),
            read_only=not item.flag("RW", True),
            propagation=item.text("Propagation"),
            name=item.text("Name"),
        )
        for item in about.children("Mounts")
    ]
    listed = {mount.destination for mount in found}
    for destination, options in host.mapping("Tmpfs").items():
        if destination not in listed:
            read_only = "ro" in options.split(",")
            found.append(Mount(kind="tmpfs", source="", destination=destination, read_only=read_only))
    return tuple(sorted(found, key=lambda mount: mount.destination))


def _published_ports(network: Answer, host: Answer) -> tuple[PublishedPort, ...]:
    """What is bound now, and for a container that does not run, what it asks for (port 0: the engine will choose)."""
    found: set[tuple[int, str, str, int]] = set()
    for holder in (network.child("Ports"), host.child("PortBindings")):
        for port in holder.value:
            number, _, protocol = port.partition("/")
            for binding in holder.children(port):
                host_port = binding.text("HostPort")
                if not number.isdigit() or (host_port and not host_port.isdigit()):
                    continue
                found.add((int(number), protocol or "tcp", binding.text("HostIp"), int(host_port or 0)))
        if found:
            break
    return tuple(
        PublishedPort(container_port=port, protocol=protocol, host_ip=address, host_port=host_port)
        for port, protocol, address, host_port in sorted(found)
    )


# -- images


def image_facts(
    inspect: dict[str, Any], history: list[Any] | None = None, *, in_use_references: Iterable[str] = ()
) -> Observed:
    """One image from `GET /images/{id}/json` and `/history` (None: not readable)."""
    identifier = inspect.get("Id") if isinstance(inspect, dict) else None
    raw = Answer(inspect, f"image {identifier}" if isinstance(identifier, str) else "image")
    sightings: list[SecretSighting] = []
    config_document = _config_document(raw.child("Config"), sightings)
    steps = None if history is None else _history(as_list(history, f"{raw.path} history"), sightings)
    config = Answer(config_document, f"{raw.path}.Config")
    in_use = tuple(sorted(set(in_use_references)))
    facts = ImageFacts(
        id=raw.text("Id"),
        references=_references(raw),
        repo_digests=_repo_digests(raw),
        created_at=raw.moment("Created"),
        size_bytes=raw.integer("Size"),
        os=raw.text("Os", "linux"),
        architecture=raw.text("Architecture"),
        variant=raw.text("Variant"),
        author=redaction.redact_text(raw.text("Author"))[0],
        user=config.text("User"),
        entrypoint=config.texts("Entrypoint"),
        command=config.texts("Cmd"),
        working_dir=config.text("WorkingDir"),
        environment_names=tuple(entry.partition("=")[0] for entry in config.texts("Env")),
        secrets=tuple(dict.fromkeys(sightings)),
        labels=config.mapping("Labels"),
        exposed_ports=config.names("ExposedPorts"),
        volumes=config.names("Volumes"),
        healthcheck=config.child("Healthcheck").optional_texts("Test"),
        layer_digests=raw.child("RootFS").texts("Layers"),
        history=steps,
        in_use_references=in_use,
    )
    inspect_document = _without(raw.value, _VOLATILE_IMAGE)
    inspect_document["Config"] = config_document
    inspect_document["RepoTags"] = list(facts.references)
    inspect_document["RepoDigests"] = list(facts.repo_digests)
    document = {
        "inspect": inspect_document,
        "history": msgspec.to_builtins(steps),
        "in_use_references": list(in_use),
    }
    return observed(facts, redaction.redact_document(document))


def _history(steps: list[Answer], sightings: list[SecretSighting]) -> tuple[Layer, ...]:
    layers = []
    for position, step in enumerate(steps):
        where = f"History step {len(steps) - position}"
        created_by = _collect(redaction.redact_build_step(step.text("CreatedBy"), where=where), sightings)
        layers.append(
            Layer(
                created_by=created_by,
                created_at=step.moment("Created"),
                size_bytes=step.integer("Size"),
                comment=redaction.redact_text(step.text("Comment"))[0],
                tags=tuple(sorted(step.texts("Tags"))),
            )
        )
    return tuple(layers)


# -- Swarm


def swarm_facts(
    swarm: dict[str, Any],
    *,
    nodes: list[Any] | None = None,
    services: list[Any] | None = None,
    secrets: list[Any] | None = None,
    networks: list[Any] | None = None,
) -> Observed:
    """A cluster from a manager's `GET /swarm`, `/nodes`, `/services`, `/secrets` and `/networks`; None: not readable.

    The join tokens that `/swarm` sends are dropped; of the secrets only the number is kept.
    """
    about = Answer(swarm, "swarm")
    spec = about.child("Spec")
    expiry = spec.child("CAConfig").optional_integer("NodeCertExpiry")
    overlays = (
        None if networks is None else tuple(item for item in _networks(networks) if item.driver == "overlay")
    )
    facts = SwarmFacts(
        id=about.text("ID"),
        name=spec.text("Name", "default"),
        created_at=about.moment("CreatedAt"),
        nodes=None if nodes is None else _swarm_nodes(nodes),
        services=None if services is None else _swarm_services(services),
        overlay_networks=overlays,
        secret_count=None if secrets is None else len(secrets),
        autolock=spec.child("EncryptionConfig").flag("AutoLockManagers"),
        node_cert_expiry_seconds=None if expiry is None else expiry // _CPU_UNIT,
        root_certificate_pem=about.child("TLSInfo").text("TrustRoot").strip(),
        root_rotation_in_progress=about.optional_flag("RootRotationInProgress"),
        data_path_port=about.optional_integer("DataPathPort"),
    )
    spec_document = dict(spec.value)
    authority = _without(spec.child("CAConfig").value, frozenset(("SigningCAKey", "SigningCACert")))
    if spec.has("CAConfig"):
        spec_document["CAConfig"] = authority
    spec_document["Labels"] = redaction.redact_mapping(spec.mapping("Labels"), where="Cluster label")[0]
    document = {
        "swarm": {**_without(about.value, _VOLATILE_SWARM), "Spec": spec_document},
        "facts": msgspec.to_builtins(facts),
    }
    return observed(facts, redaction.redact_document(document))


def _swarm_nodes(nodes: list[Any]) -> tuple[SwarmNodeFacts, ...]:
    found = [
        SwarmNodeFacts(
            id=item.text("ID"),
            hostname=item.child("Description").text("Hostname"),
            role=item.child("Spec").text("Role"),
            availability=item.child("Spec").text("Availability"),
            state=item.child("Status").text("State"),
            is_leader=item.child("ManagerStatus").flag("Leader"),
            reachability=item.child("ManagerStatus").text("Reachability"),
            engine_version=item.child("Description").child("Engine").text("EngineVersion"),
        )
        for item in as_list(nodes, "nodes")
    ]
    return tuple(sorted(found, key=lambda node: node.id))


def _swarm_services(services: list[Any]) -> tuple[SwarmServiceFacts, ...]:
    found = []
    for item in as_list(services, "services"):
        spec = item.child("Spec")
        container = spec.child("TaskTemplate").child("ContainerSpec")
        sightings: list[SecretSighting] = []
        environment = _collect(redaction.redact_environment(container.texts("Env")), sightings)
        for key in ("Command", "Args"):
            _redacted_command(container.texts(key), key, sightings)
        found.append(
            SwarmServiceFacts(
                id=item.text("ID"),
                name=spec.text("Name"),
                image_reference=container.text("Image"),
                secret_names=tuple(
                    sorted(secret.text("SecretName") for secret in container.children("Secrets"))
                ),
                environment_names=tuple(entry.partition("=")[0] for entry in environment),
                secrets=tuple(dict.fromkeys(sightings)),
            )
        )
    return tuple(sorted(found, key=lambda service: service.id))
