"""What engines and probes of the demo fleet tell, as the records of a real pull."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from posture.collection.demo.story import BY_NAME, Build, Host, Running, pick
from posture.collection.records import Pulled
from scanners import host as host_records
from scanners import typed
from scanners.checks.examples import container, engine, image
from scanners.checks.host_examples import probed, probed_container
from scanners.checks.policy import Policy
from scanners.records import (
    ContainerFacts,
    ContainerSummary,
    EngineFacts,
    ImageFacts,
    ImageSummary,
    Mount,
    Observed,
    PublishedPort,
)

_OLD = {
    "version": "27.3.1",
    "kernel_version": "6.1.0-28-amd64",
    "operating_system": "Debian GNU/Linux 12 (bookworm)",
}


def pulled(host: Host, running: list[Running], built_at: dict[Build, datetime], at: datetime) -> Pulled:
    """A pull of the host on the day of the story."""
    builds = sorted({one.build for one in running}, key=lambda build: build.reference)
    containers = [_container(host, one, built_at[one.build]) for one in running]
    images = [_image(build, built_at[build]) for build in builds]
    result = Pulled()
    result.policy = Policy(now=at)
    records: tuple[EngineFacts | ContainerFacts | ImageFacts, ...] = (
        _engine(host, containers, images),
        *images,
        *containers,
    )
    for record in records:
        result.add(_observed(record))
    if host.is_probed:
        said = _probe(host, containers)
        facts = typed.convert(said, host_records.HostFacts)
        body = msgspec.json.encode(said)
        result.add_host(
            Observed(facts=facts, document=said, fingerprint=hashlib.sha256(body).hexdigest()), ()
        )
    return result


def _observed(facts: EngineFacts | ContainerFacts | ImageFacts) -> Observed:
    plain = msgspec.structs.replace(facts, engine=None) if isinstance(facts, ContainerFacts) else facts
    body = msgspec.json.encode(plain)
    return Observed(
        facts=facts, document=msgspec.json.decode(body), fingerprint=hashlib.sha256(body).hexdigest()
    )


def _engine(host: Host, containers: list[ContainerFacts], images: list[ImageFacts]) -> EngineFacts:
    return engine(
        engine_id=f"demo-engine-{host.number}",
        name=host.name,
        containers=tuple(
            ContainerSummary(
                id=one.id, name=one.name, image_id=one.image_id, status="running", created_at=None
            )
            for one in containers
        ),
        images=tuple(
            ImageSummary(
                id=one.id, references=one.references, created_at=one.created_at, size_bytes=0, is_used=True
            )
            for one in images
        ),
        live_restore=pick(3, "live restore", host.number) > 0,
        **(_OLD if host.is_old else {}),
    )


def _container(host: Host, one: Running, built_at: datetime) -> ContainerFacts:
    project = BY_NAME[one.build.project]
    changes: dict[str, Any] = {}
    if "root" in one.habits:
        changes["user"] = ""
    if "privileged" in one.habits:
        changes["privileged"] = True
    if "host-network" in one.habits:
        changes |= {"network_mode": "host", "networks": ("host",)}
    if "no-seccomp" in one.habits:
        changes["security_options"] = ("no-new-privileges:true", "seccomp=unconfined")
    mounts = []
    if "socket" in one.habits:
        mounts.append(_mount("/var/run/docker.sock"))
    if "sensitive-mounts" in one.habits:
        mounts.append(_mount("/etc"))
    # The first copy of what is published answers on every address, the others behind a proxy.
    if project.port is not None and one.name.endswith("-1") and "host-network" not in one.habits:
        address = "0.0.0.0" if pick(3, "open", host.number, project.name) == 0 else "10.0.0.1"
        changes["published_ports"] = (
            PublishedPort(
                container_port=project.port, protocol="tcp", host_ip=address, host_port=project.port
            ),
        )
    key = hashlib.sha256(f"demo {host.number} {one.name} {one.build.reference}".encode()).hexdigest()
    return container(
        id=key,
        name=one.name,
        image_id=one.build.digest,
        image_reference=one.build.reference,
        created_at=built_at,
        started_at=built_at,
        labels={"com.docker.compose.project": project.name},
        mounts=tuple(mounts),
        **changes,
    )


def _mount(path: str) -> Mount:
    return Mount(kind="bind", source=path, destination=path)


def _image(build: Build, built_at: datetime) -> ImageFacts:
    return image(
        id=build.digest,
        references=(build.reference,),
        in_use_references=(build.reference,),
        created_at=built_at,
        user="" if "root" in BY_NAME[build.project].habits else "10001",
    )


def _probe(host: Host, containers: list[ContainerFacts]) -> dict[str, Any]:
    changes: dict[str, Any] = {"host__name": host.name, "host__id": f"demo-machine-{host.number}"}
    if host.is_old:
        changes |= {"kernel__lockdown": "none", "kernel__release": "6.1.0-28-amd64"}
    if pick(4, "ptrace", host.number) == 0:
        changes["sysctls"] = {
            **msgspec.to_builtins(probed()).get("sysctls", {}),
            "kernel.yama.ptrace_scope": "0",
            "kernel.kptr_restrict": "0",
        }
    changes["docker"] = {
        **msgspec.to_builtins(probed())["docker"],
        "engine_id": f"demo-engine-{host.number}",
    }
    said: dict[str, Any] = msgspec.to_builtins(probed(**changes))
    confined = [msgspec.to_builtins(probed_container(id=one.id).container) for one in containers]
    return {**said, "containers": confined}
