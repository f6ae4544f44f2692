"""What one pull holds in its hands between collecting and writing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from django.utils import timezone

from posture.fleet import ingest as fleet
from posture.images import ingest as images
from scanners.checks.neighbours import relate
from scanners.checks.policy import Policy
from scanners.host import HostContainerFacts, HostFacts
from scanners.host_parts import Parts, light, parts_of
from scanners.records import (
    CheckOutcome,
    ContainerFacts,
    EngineFacts,
    ImageFacts,
    Observed,
    Skipped,
    SwarmFacts,
)
from scanners.registry_images import RegistryImage, WantedImage


class Pulled:
    """Records by kind, the compressed evidence that is not kept yet, and what the checks said of each record."""

    def __init__(self) -> None:
        self.engine: Observed | None = None
        self.swarm: Observed | None = None
        self.containers: list[Observed] = []
        self.images: list[Observed] = []  # under the names that the whole fleet knows them by, once judged
        self.held: dict[str, ImageFacts] = {}  # image key -> facts under this host's own names
        self.documents: dict[str, bytes] = {}
        # Keys of the containers that the host was last known to hold; None: not looked up.
        self.containers_before: set[str] | None = None
        self.policy = Policy(now=timezone.now())
        self.outcomes: dict[int, tuple[CheckOutcome, ...]] = {}
        self.host: Observed | None = None  # what the host probe said
        self.host_parts: Parts | None = None
        self.confined: list[
            HostContainerFacts
        ] = []  # its containers, in the order of `host_parts.containers`
        self.wanted: list[WantedImage] = []  # what a registry is asked for
        self.registry: list[RegistryImage] = []
        self.unread: list[Skipped] = []
        self.bytes_read = 0

    def add_host(self, item: Observed, kept: Collection[str]) -> None:
        """What the host probe said; parts whose fingerprint is in `kept` are not compressed again."""
        assert isinstance(item.facts, HostFacts)
        parts = parts_of(item.document)
        for part in (parts.host, parts.packages, *parts.containers):
            if part is not None and part.fingerprint not in kept:
                self.documents[part.fingerprint] = fleet.compress(part.document)
        self.host = msgspec.structs.replace(item, document={})
        self.host_parts = light(parts)
        self.confined = [
            HostContainerFacts(container=container, pointer=f"/containers/{place}", host=item.facts)
            for place, container in enumerate(item.facts.containers or ())
        ]

    def add_registry_image(self, item: RegistryImage) -> None:
        """What a registry keeps beside an image."""
        self.documents[item.fingerprint] = fleet.compress(item.document)
        self.registry.append(msgspec.structs.replace(item, document={}))

    def add(self, item: Observed) -> None:
        # The document is evidence only; once compressed (or known) it need not stay in memory.
        light = msgspec.structs.replace(item, document={})
        match item.facts:
            case EngineFacts():
                self.engine = light
            case SwarmFacts():
                self.swarm = light
            case ContainerFacts():
                self.containers.append(light)
            case ImageFacts() as facts:
                self.images.append(light)
                self.held[facts.key] = facts

    def configure(self, configured: Mapping[str, ContainerFacts]) -> None:
        """Tell the probe's containers what their engine was told of them, by the container's id."""
        self.confined = [
            msgspec.structs.replace(facts, configured=configured.get(facts.container.id))
            for facts in self.confined
        ]

    def software(self) -> dict[str, str]:
        """What answered: an engine, else the host probe, else a registry."""
        if self.engine is not None and isinstance(self.engine.facts, EngineFacts):
            facts = self.engine.facts
            return {"name": facts.engine, "version": facts.version, "api_version": facts.api_version}
        if self.host is None:
            return {"name": "registry", "version": "", "api_version": "v2"}
        assert isinstance(self.host.facts, HostFacts)
        return {
            "name": "host probe",
            "version": self.host.facts.probe_version,
            "api_version": self.host.facts.schema,
        }

    def summary(self) -> str:
        """One sentence on what was read, for the pull's log."""
        read = []
        if self.engine is not None:
            read.append(f"{len(self.containers)} containers and {len(self.images)} images")
        if self.host is not None and isinstance(self.host.facts, HostFacts):
            hidden = len(self.host.facts.not_measured)
            of_host = f"the host with {len(self.confined)} containers"
            read.append(f"{of_host}; {hidden} of its facts could not be measured" if hidden else of_host)
        if self.wanted or not read:
            read.append(f"what is beside {len(self.registry)} of {len(self.wanted)} images")
        return f"Read {', and '.join(read)}."

    def everything(self) -> list[Observed]:
        return [o for o in (self.engine, self.swarm) if o is not None] + self.images + self.containers

    def relate(self) -> None:
        """Tell the records what only their neighbours know: joined namespaces, what containers inherit."""
        if self.engine is None or not isinstance(self.engine.facts, EngineFacts):
            return
        containers = [o.facts for o in self.containers if isinstance(o.facts, ContainerFacts)]
        engine, containers = relate(self.engine.facts, containers)
        self.engine = msgspec.structs.replace(self.engine, facts=engine)
        self.containers = [
            msgspec.structs.replace(observed, facts=facts)
            for observed, facts in zip(self.containers, containers, strict=True)
        ]

    def name_images(self, elsewhere: Mapping[str, tuple[set[str], set[str], set[str]]]) -> None:
        """Give each image the names that other hosts know it by: it is judged once for the fleet."""
        self.images = [
            msgspec.structs.replace(o, facts=images.with_names_elsewhere(o.facts, elsewhere))
            if isinstance(o.facts, ImageFacts)
            else o
            for o in self.images
        ]


def fingerprint_of(outcomes: Sequence[CheckOutcome], *rests_on: Any) -> str:
    """32 hex digits that change when a verdict, its evidence, or what its points rest on does."""
    said = [(o.check, o.outcome, o.severity, o.evidence, o.per_requirement) for o in outcomes]
    return hashlib.blake2b(msgspec.msgpack.encode((said, rests_on)), digest_size=16).hexdigest()
