"""Which machine stands behind a node: so that an engine and a host probe on one machine tell of one host."""

from __future__ import annotations

from urllib.parse import urlsplit

from posture.fleet.choices import Source
from posture.fleet.models import Asset, Node
from scanners.host import HostFacts
from scanners.records import AssetKind, EngineFacts

LOCAL_SCHEMES = frozenset({"unix", "local"})


def of_engine(facts: EngineFacts, node: Node) -> str:
    """The key of an engine's host: the engine's identity, or the node's own where that is not to be trusted.

    Podman invents an identity per request. Machines cloned with a Docker data folder share one; they are told apart
    by name when another node already stands for it.
    """
    return _by_engine(facts.engine_id, facts.name, node) if facts.engine_id else f"node:{node.pk}"


def of_probe(facts: HostFacts, node: Node) -> str:
    """The key of a probed host: that of its Docker engine if it has one, so that both tell of one host.

    Without root the engine's identity may be hidden from the probe. Then it is the host of an engine that is read at
    the same address under the same name; failing that, the machine's own identity, and the node's where it has none.
    """
    name = facts.host.name if facts.host else ""
    if facts.docker is not None and facts.docker.engine_id:
        return _by_engine(facts.docker.engine_id, name, node)
    engines = Node.objects.bringing(Source.ENGINE).filter(host__name=name, host__gone_at__isnull=True)
    for address, key in engines.order_by("pk").values_list("address", "host__key"):
        if machine_of(address) == machine_of(node.address):
            return key
    return f"machine:{facts.key}" if facts.key else f"node:{node.pk}"


def machine_of(address: str) -> str:
    """The machine that an address leads to, as far as the address tells: its host's name, "" for this machine."""
    parts = urlsplit(address)
    return "" if parts.scheme in LOCAL_SCHEMES else (parts.hostname or "").lower()


def _by_engine(engine_id: str, name: str, node: Node) -> str:
    key = f"engine:{engine_id}"
    held = Asset.objects.filter(kind=AssetKind.HOST, key=key, gone_at__isnull=True)
    holder = held.values_list("pk", "name").first()
    if holder is None or holder[1] == name or holder[0] == node.host_id:
        return key
    return f"{key}@{name}" if Node.objects.filter(host=holder[0]).exclude(pk=node.pk).exists() else key
