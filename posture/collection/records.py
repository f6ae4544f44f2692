"""What one pull holds in its hands between collecting and writing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from posture.images import ingest as images
from scanners.checks.neighbours import relate
from scanners.records import (
    CheckOutcome,
    ContainerFacts,
    EngineFacts,
    ImageFacts,
    Observed,
    SwarmFacts,
)


class Pulled:
    """Records by kind, the compressed evidence that is not kept yet, and what the checks said of each record."""

    def __init__(self) -> None:
        self.engine: Observed | None = None
        self.swarm: Observed | None = None
        self.containers: list[Observed] = []
        self.images: list[Observed] = []  # under the names that the whole fleet knows them by, once judged
        self.held: dict[str, ImageFacts] = {}  # image key -> facts under this host's own names
        self.documents: dict[str, bytes] = {}
        self.outcomes: dict[int, tuple[CheckOutcome, ...]] = {}
        self.bytes_read = 0

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


def fingerprint_of(outcomes: Sequence[CheckOutcome], factors: Sequence[tuple[str, str, float]]) -> str:
    """32 hex digits that change when a verdict, its evidence, or a factor of its points does."""
    said = [(o.check, o.outcome, o.severity, o.evidence, o.per_requirement) for o in outcomes]
    return hashlib.blake2b(msgspec.msgpack.encode((said, factors)), digest_size=16).hexdigest()
