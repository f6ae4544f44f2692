"""What the engine of a probed host says, in this pull or in its last: what the probe finds is held against it."""

from __future__ import annotations

from collections.abc import Mapping

from posture.collection import identity
from posture.collection.records import Pulled
from posture.fleet import ingest as fleet
from posture.fleet.choices import Source
from posture.fleet.models import Node
from scanners.answers import MalformedAnswerError
from scanners.engine_api import container_facts, engine_again
from scanners.host import HostFacts
from scanners.records import AssetKind, ContainerFacts, EngineFacts


def words(node: Node, pulled: Pulled) -> tuple[EngineFacts | None, Mapping[str, ContainerFacts]]:
    """(the engine, its containers by id). Stored settings of a container are looked up only where the probe could not
    read its bundle: a bundle says the same and more."""
    if pulled.engine is not None and isinstance(pulled.engine.facts, EngineFacts):
        containers = [o.facts for o in pulled.containers if isinstance(o.facts, ContainerFacts)]
        return pulled.engine.facts, {facts.id: facts for facts in containers}
    assert pulled.host is not None and isinstance(pulled.host.facts, HostFacts)
    host_key = identity.of_probe(pulled.host.facts, node)
    host = fleet.known(AssetKind.HOST, [host_key]).get(host_key)
    if host is None or not host.state_fingerprint:
        return None, {}
    wanted = [facts.container.id for facts in pulled.confined if facts.container.bundle is None]
    known = fleet.known(AssetKind.CONTAINER, [f"{host_key}/{container_id}" for container_id in wanted])
    documents = fleet.read_documents(
        [host.state_fingerprint, *(each.state_fingerprint for each in known.values())]
    )
    found = {}
    for each in known.values():
        if each.state_fingerprint in documents:
            facts = container_facts(documents[each.state_fingerprint]).facts
            assert isinstance(facts, ContainerFacts)
            found[facts.id] = facts
    return _engine(documents.get(host.state_fingerprint), host.id), found


def _engine(document: dict | None, host_id: int) -> EngineFacts | None:
    address = (
        Node.objects.bringing(Source.ENGINE).filter(host=host_id).values_list("address", flat=True).first()
    )
    if document is None or address is None:
        return None
    try:
        return engine_again(document, address)
    except (KeyError, MalformedAnswerError):
        return None  # kept by a version that wrote another document; its next pull writes a new one
