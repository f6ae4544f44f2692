"""What engines were told of containers that a host probe sees: what is in force is held against it."""

from __future__ import annotations

from collections.abc import Mapping

from posture.collection import identity
from posture.collection.records import Pulled
from posture.fleet import ingest as fleet
from posture.fleet.models import Node
from scanners.engine_api import container_facts
from scanners.host import HostFacts
from scanners.records import AssetKind, ContainerFacts


def configured(node: Node, pulled: Pulled) -> Mapping[str, ContainerFacts]:
    """By the container's id: from this pull when it read the engine too, else from what is stored.

    Stored settings are looked up only for containers whose bundle the probe could not read: a bundle says the same
    and more.
    """
    found = {o.facts.id: o.facts for o in pulled.containers if isinstance(o.facts, ContainerFacts)}
    if found or pulled.host is None or not isinstance(pulled.host.facts, HostFacts):
        return found
    wanted = [facts.container.id for facts in pulled.confined if facts.container.bundle is None]
    if not wanted:
        return found
    host_key = identity.of_probe(pulled.host.facts, node)
    stored = fleet.known(AssetKind.CONTAINER, [f"{host_key}/{container_id}" for container_id in wanted])
    documents = fleet.read_documents([known.state_fingerprint for known in stored.values()])
    for known in stored.values():
        if known.state_fingerprint in documents:
            facts = container_facts(documents[known.state_fingerprint]).facts
            assert isinstance(facts, ContainerFacts)
            found[facts.id] = facts
    return found
