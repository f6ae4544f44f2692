"""Reads a Compose file and a Dockerfile as the engine would run them, into the facts that our checks judge.

An option that this reader does not know is an error: one that weakens a container must not pass unread.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from scanners.checks.examples import engine
from scanners.records import ContainerFacts, ImageFacts, Layer, Mount, PublishedPort
from scanners.redaction import redact_environment

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PROJECT = "plimsoll"
# A usual Docker Engine: rootful, without user namespaces, so that nothing passes thanks to the host.
ENGINE = engine(security_options=("name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"))
# Keys that say nothing about how far a container is shut in.
_NEUTRAL = {"build", "command", "depends_on", "init", "stop_grace_period", "shm_size", "tmpfs", "secrets"}
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def read_compose(path: Path) -> dict[str, dict[str, Any]]:
    """The services by name, with the file's anchors and merges resolved."""
    return yaml.safe_load(path.read_text())["services"]


def container_facts(name: str, service: dict[str, Any], image: ImageFacts | None = None) -> ContainerFacts:
    """The container of one service, running and healthy; `image` supplies what the service leaves to it."""
    left = {key: value for key, value in service.items() if key not in _NEUTRAL}

    def take(key: str, otherwise: Any = None) -> Any:
        return left.pop(key, otherwise)

    environment = take("environment", {})
    pairs = [f"{key}={value}" for key, value in environment.items()]
    _, sightings = redact_environment(pairs)
    limits = {key: take(key, 0) for key in ("mem_limit", "cpus", "pids_limit")}
    policy, _, retries = str(take("restart", "no")).partition(":")
    logging = take("logging", {"driver": ENGINE.logging_driver})
    options = tuple(take("security_opt", []))
    networks = tuple(f"{PROJECT}_{network}" for network in take("networks", ["default"]))
    test = take("healthcheck", {}).get("test") or (image.healthcheck if image is not None else None)
    facts = ContainerFacts(
        id=f"{PROJECT}-{name}",
        name=f"{PROJECT}-{name}-1",
        image_id=f"sha256:{name}",
        image_reference=take("image"),
        created_at=NOW,
        started_at=NOW,
        user=str(take("user", image.user if image is not None else "")),
        environment_names=tuple(environment),
        secrets=sightings,
        labels={"com.docker.compose.project": PROJECT},
        privileged=take("privileged", False),
        capabilities_added=tuple(take("cap_add", [])),
        capabilities_dropped=tuple(take("cap_drop", [])),
        security_options=options,
        apparmor_profile=next(
            (option.partition(":")[2] for option in options if option.startswith("apparmor")),
            "docker-default",
        ),
        readonly_rootfs=take("read_only", False),
        network_mode=take("network_mode", networks[0]),
        networks=networks,
        pid_mode=take("pid", ""),
        ipc_mode=take("ipc", ""),
        uts_mode=take("uts", ""),
        userns_mode=take("userns_mode", ""),
        cgroupns_mode=take("cgroup", ""),
        cgroup_parent=take("cgroup_parent", ""),
        memory_bytes=_bytes(limits["mem_limit"]),
        cpus=float(limits["cpus"]),
        pids_limit=int(limits["pids_limit"]) or None,
        restart_policy=policy,
        restart_max_retries=int(retries or 0),
        mounts=tuple(_mount(entry) for entry in take("volumes", [])),
        published_ports=tuple(_port(entry) for entry in take("ports", [])),
        log_driver=logging["driver"],
        log_options=dict(logging.get("options", {})),
        healthcheck=tuple(test) if test else None,
        health_status="healthy" if test else None,
        engine=ENGINE,
    )
    if left:
        raise ValueError(f"service {name}: {', '.join(sorted(left))} is not understood by this reader")
    return facts


def _bytes(text: str | int) -> int:
    number, unit = re.fullmatch(r"(\d+)([kmg]?)b?", str(text).lower()).groups()  # type: ignore[union-attr]
    return int(number) * _UNITS.get(unit, 1)


def _mount(entry: str) -> Mount:
    source, destination, *mode = entry.split(":")
    kind = "bind" if source.startswith((".", "/", "~")) else "volume"
    return Mount(kind=kind, source=source, destination=destination, read_only="ro" in mode)


def _port(entry: str) -> PublishedPort:
    """`[address:]host:container`, where the host's port may be `${NAME:-default}`."""
    resolved = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", entry)
    *address, host, container = resolved.rsplit(":", 2)
    return PublishedPort(
        container_port=int(container),
        protocol="tcp",
        host_ip=address[0] if address else "",
        host_port=int(host),
    )


def image_facts(path: Path, references: tuple[str, ...]) -> ImageFacts:
    """The image that the last stage of a Dockerfile makes. The base image's own layers are not known."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    instructions = [tuple(line.strip().split(None, 1)) for line in lines if line.strip()]
    last = max(number for number, (word, *_) in enumerate(instructions) if word == "FROM")
    settings: dict[str, Any] = {"user": "", "healthcheck": None, "command": (), "labels": {}, "ports": ()}
    history = []
    pairs: list[str] = []
    for word, rest in instructions[last + 1 :]:
        history.append(Layer(created_by=f"{word} {rest} # buildkit", created_at=NOW))
        if word == "USER":
            settings["user"] = rest
        elif word == "HEALTHCHECK":
            settings["healthcheck"] = ("CMD", *json.loads(rest.partition("CMD")[2]))
        elif word == "CMD":
            settings["command"] = tuple(json.loads(rest))
        elif word == "LABEL":
            settings["labels"] |= dict(re.findall(r'([\w.]+)="([^"]*)"', rest))
        elif word == "ENV":
            pairs += rest.split()
        elif word == "EXPOSE":
            settings["ports"] += (f"{rest}/tcp",)
        elif word not in {"RUN", "COPY", "ADD", "WORKDIR", "ARG"}:
            raise ValueError(f"{path.name}: {word} is not understood by this reader")
    _, sightings = redact_environment(pairs)
    return ImageFacts(
        id="sha256:plimsoll",
        references=references,
        in_use_references=references,
        created_at=NOW,
        user=settings["user"],
        command=settings["command"],
        healthcheck=settings["healthcheck"],
        labels=settings["labels"],
        exposed_ports=settings["ports"],
        environment_names=tuple(pair.partition("=")[0] for pair in pairs),
        secrets=sightings,
        history=tuple(reversed(history)),
    )
