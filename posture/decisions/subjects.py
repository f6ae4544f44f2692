"""What is known of assets, as scopes and tripwires ask for it. Reads only; a few queries for any number of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from posture.decisions.scope import Place, Subject
from posture.defences import ingest as defences
from posture.fleet.choices import ALIVE
from posture.fleet.models import Asset, ContainerState, Node
from posture.images.models import Image, Presence
from scanners.defences.records import State
from scanners.records import AssetKind

ENFORCED = State.ENFORCING


def repository_of(reference: str) -> str:
    """A name without its tag or digest."""
    head, _, _ = reference.partition("@")
    name, separator, tag = head.rpartition(":")
    return name if separator and "/" not in tag else head


class Reader:
    """Reads each asset once, however often it is asked for within one transaction."""

    def __init__(self) -> None:
        self._known: dict[int, Subject] = {}

    def read(self, asset_ids: Iterable[int]) -> dict[int, Subject]:
        ids = set(asset_ids)
        if missing := ids - self._known.keys():
            self._known |= read(missing)
        return {pk: self._known[pk] for pk in ids if pk in self._known}


def read(
    asset_ids: Iterable[int], within: Collection[int] | None = None, *, names_alone: bool = False
) -> dict[int, Subject]:
    """By asset id; ids of nothing are left out. With `within`, images have the names and places that they have on hosts of
    these environments. With `names_alone` nothing is read of exposure and controls, for which all containers of an image
    are looked at."""
    assets = {
        pk: (kind, name, environment_id, host_id)
        for pk, kind, name, environment_id, host_id in Asset.objects.filter(
            pk__in=list(asset_ids)
        ).values_list("pk", "kind", "name", "environment", "host")
    }
    images = [pk for pk, (kind, *_) in assets.items() if kind == AssetKind.IMAGE]
    containers = {
        asset_id: (image_id, is_exposed)
        for asset_id, image_id, is_exposed in ContainerState.objects.current()
        .filter(asset__in=[pk for pk, (kind, *_) in assets.items() if kind == AssetKind.CONTAINER])
        .values_list("asset", "image", "exposed")
    }
    of_containers = {image_id for image_id, _ in containers.values() if image_id is not None}
    names, holding = _presences({*images, *of_containers}, within)
    digests = dict(Image.objects.filter(pk__in={*images, *of_containers}).values_list("pk", "digest"))
    exposed_images, running = _running(() if names_alone else images)
    hosts = {pk if kind == AssetKind.HOST else host_id for pk, (kind, _, _, host_id) in assets.items()}
    places = _places({host for host in hosts if host} | {host for held in holding.values() for host in held})
    exposed_hosts = _exposed_hosts([pk for pk, (kind, *_) in assets.items() if kind == AssetKind.HOST])
    around = () if names_alone else {*assets, *(pk for held in running.values() for pk in held)}
    states = defences.states_around(around)
    found = {}
    for pk, (kind, name, environment_id, host_id) in assets.items():
        image_id = pk if kind == AssetKind.IMAGE else containers.get(pk, (None, False))[0]
        references = names.get(image_id or 0, set())
        if kind == AssetKind.IMAGE:
            references = references | {name}
            lies = tuple(places[host] for host in sorted(holding.get(pk, ())) if host in places)
            is_exposed = pk in exposed_images
            controls = _in_force_on_all([states.get(one, {}) for one in running.get(pk, ())])
        else:
            host = pk if kind == AssetKind.HOST else host_id
            lies = (places.get(host or 0) or Place(environment_id=environment_id, labels={}),)
            is_exposed = containers.get(pk, (None, False))[1] or pk in exposed_hosts
            controls = _in_force_on_all([states.get(pk, {})])
        found[pk] = Subject(
            asset_id=pk,
            references=frozenset(references),
            repositories=frozenset(map(repository_of, references)),
            digests=frozenset({digests[image_id]} if image_id in digests else ()),
            places=lies,
            is_exposed=is_exposed,
            controls=controls,
        )
    return found


def _presences(
    image_ids: Iterable[int], within: Collection[int] | None
) -> tuple[dict[int, set[str]], dict[int, set[int]]]:
    """Image id -> its names on all hosts, and the hosts that hold it."""
    names: dict[int, set[str]] = defaultdict(set)
    hosts: dict[int, set[int]] = defaultdict(set)
    held: Any = Presence.objects.current().filter(image__in=list(image_ids))
    if within is not None:
        held = held.filter(host__environment__in=list(within))
    for image_id, host_id, references, repo_digests in held.values_list(
        "image", "host", "references", "repo_digests"
    ):
        names[image_id].update(references or (digest.partition("@")[0] for digest in repo_digests))
        hosts[image_id].add(host_id)
    return names, hosts


def _running(image_ids: Iterable[int]) -> tuple[set[int], dict[int, list[int]]]:
    """Images that run where a port is open on every address; image id -> the containers that run it."""
    exposed: set[int] = set()
    running: dict[int, list[int]] = defaultdict(list)
    alive = ContainerState.objects.current().filter(image__in=list(image_ids), status__in=ALIVE)
    for image_id, asset_id, is_exposed in alive.values_list("image", "asset", "exposed"):
        if image_id is None:
            continue
        running[image_id].append(asset_id)
        if is_exposed:
            exposed.add(image_id)
    return exposed, running


def _places(host_ids: Iterable[int]) -> dict[int, Place]:
    """Hosts with the labels of the nodes that tell of them."""
    labels: dict[int, dict[str, str]] = defaultdict(dict)
    ids = list(host_ids)
    for host_id, of_node in Node.objects.filter(host__in=ids).order_by("pk").values_list("host", "labels"):
        labels[host_id or 0].update(of_node)
    hosts = Asset.objects.filter(pk__in=ids).values_list("pk", "environment")
    return {pk: Place(environment_id=environment_id, labels=labels[pk]) for pk, environment_id in hosts}


def _exposed_hosts(host_ids: Iterable[int]) -> set[int]:
    alive = ContainerState.objects.current().filter(host__in=list(host_ids), status__in=ALIVE)
    return {host_id for host_id in alive.filter(exposed=True).values_list("host", flat=True) if host_id}


def _in_force_on_all(states: Iterable[Mapping[str, State]]) -> frozenset[str] | None:
    """Mechanisms in force on each; None where nothing is measured."""
    measured = [{name for name, state in one.items() if state is ENFORCED} for one in states if one]
    return frozenset(set.intersection(*measured)) if measured else None
