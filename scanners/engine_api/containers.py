"""One container: `GET /containers/{id}/json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanners import redaction
from scanners.answers import Answer
from scanners.engine_api.documents import (
    NANO,
    collect,
    config_document,
    observed,
    redacted_command,
    without,
)
from scanners.records import (
    ContainerFacts,
    Device,
    EngineFacts,
    Mount,
    Observed,
    PublishedPort,
    SecretSighting,
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


def container_facts(
    inspect: dict[str, Any],
    *,
    engine: EngineFacts | None = None,
    image_repo_digests: Iterable[str] = (),
    processes: Iterable[str] | None = None,
) -> Observed:
    """One container from `GET /containers/{id}/json`.

    `engine` should come from `inherited_settings`. `processes` are names of the programs that run inside it, from
    `/containers/{id}/top`. Neither is in the document: programs come and go, and an engine's change is its own. What
    they change of a verdict is seen in the verdict.
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
            f"{item.text('Name').removeprefix('RLIMIT_').lower()}={item.integer('Soft')}:{item.integer('Hard')}"
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
        "image_repo_digests": list(digests),
    }
    return observed(facts, sealed)


def _container_document(raw: Answer) -> tuple[dict[str, Any], tuple[SecretSighting, ...]]:
    sightings: list[SecretSighting] = []
    config, state, host = raw.child("Config"), raw.child("State"), raw.child("HostConfig")
    config_part = config_document(config, sightings)

    state_document = without(state.value, _VOLATILE_STATE)
    for key in ("Health", "Healthcheck"):
        if state.has(key):
            state_document[key] = without(state.child(key).value, frozenset(("Log", "FailingStreak")))
    state_document["Error"] = redaction.redact_text(state.text("Error"))[0]

    host_document = dict(host.value)
    if host.has("LogConfig"):
        log = host.child("LogConfig")
        options = collect(redaction.redact_mapping(log.mapping("Config"), where="Log option"), sightings)
        # Podman counts the log's growth here.
        host_document["LogConfig"] = {**without(log.value, frozenset(("Size", "Path"))), "Config": options}
    if host.has("Mounts"):
        host_document["Mounts"] = [_mount_document(item, sightings) for item in host.children("Mounts")]

    networks = raw.child("NetworkSettings")
    network_document = without(networks.value, _VOLATILE_NETWORK)
    network_document["Networks"] = {
        name: without(networks.child("Networks").child(name).value, _VOLATILE_NETWORK)
        for name in networks.names("Networks")
    }
    network_document["Ports"] = {
        port: sorted(
            (item.value for item in networks.child("Ports").children(port)),
            key=lambda entry: str(entry.get("HostIp")),
        )
        for port in networks.names("Ports")
    }

    document = without(raw.value, _VOLATILE_CONTAINER)
    # Args repeats Entrypoint and Cmd: redacted again, but reported once.
    document["Args"] = redacted_command((raw.text("Path"), *raw.texts("Args")), "Args", [])[1:]
    document["State"] = state_document
    document["Config"] = config_part
    document["HostConfig"] = host_document
    document["NetworkSettings"] = network_document
    # The engine walks a hash table for these, so their order means nothing.
    document["Mounts"] = [
        item.value for item in sorted(raw.children("Mounts"), key=lambda mount: mount.text("Destination"))
    ]
    return redaction.redact_document(document), tuple(dict.fromkeys(sightings))


def _mount_document(mount: Answer, sightings: list[SecretSighting]) -> dict[str, Any]:
    """A mount's request; options of a volume driver may hold the password of a network share."""
    if not mount.has("VolumeOptions"):
        return mount.value
    options = mount.child("VolumeOptions")
    driver = options.child("DriverConfig")
    where = f"Mount {mount.text('Target')} option"
    redacted = collect(redaction.redact_mapping(driver.mapping("Options"), where=where), sightings)
    labels = collect(redaction.redact_mapping(options.mapping("Labels"), where=where), sightings)
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
        return host.integer("NanoCpus") / NANO
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
