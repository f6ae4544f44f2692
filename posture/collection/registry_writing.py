"""A pull of a registry: which images it is asked for, and what it told of them, written."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from posture.collection import image_trust
from posture.fleet import ingest as fleet
from posture.fleet.models import Node
from posture.images import signature_ingest as signatures
from posture.images.models import ImageEvidence
from posture.images.signature_ingest import Evidence
from scanners.checks.references import ImageReference, parse_reference
from scanners.connectors.registry_client import HUB, RegistryAddress, parse_registry_address
from scanners.records import AssetKind, Skipped
from scanners.registry_images import RegistryImage, WantedImage, evidence_again


def wanted(node: Node) -> list[WantedImage]:
    """The images that hosts hold under a name of this registry: never looked up first, then those longest unchanged.

    An image with several names there is looked up under one: that by which containers run it, else the first.
    """
    address = parse_registry_address(node.address)
    names: dict[int, list[ImageReference]] = {}
    for image_id, text in signatures.names_at(f"{address.name}/", is_hub=address.name == HUB):
        name = parse_reference(text)
        if name.digest and is_at(name, address):
            names.setdefault(image_id, []).append(name)
    described = signatures.described(list(names))
    uses = signatures.used_in(list(names))
    told = signatures.evidence_of(names, node.pk)
    stored = {image_id: rows[0] for image_id, rows in told.items()}
    documents = fleet.read_documents([row.fingerprint for row in stored.values()])
    order = sorted(names, key=lambda image_id: _since(stored, image_id))
    found = []
    for image_id in order:
        if image_id not in described:
            continue
        key, platform = described[image_id]
        in_use = {
            parse_reference(reference).path for use in uses.get(image_id, ()) for reference in use.references
        }
        name = min(names[image_id], key=lambda name: (name.path not in in_use, name.path, name.digest))
        known = documents.get(stored[image_id].fingerprint) if image_id in stored else None
        image = WantedImage(key=key, repository=name.path, digest=name.digest, platform=platform)
        if known is not None and stored[image_id].known_as == known_as(address, image):
            # A document that another version wrote is read anew.
            with contextlib.suppress(msgspec.ValidationError):
                image = msgspec.structs.replace(image, known=evidence_again(known))
        found.append(image)
    return found


def known_as(address: RegistryAddress, image: WantedImage) -> str:
    return f"{address.name}/{image.repository}@{image.digest}"


def is_at(name: ImageReference, address: RegistryAddress) -> bool:
    return name.host == address.name and address.holds(name.path)


def _since(stored: Mapping[int, ImageEvidence], image_id: int) -> tuple[float, int]:
    return stored[image_id].opened_at.timestamp() if image_id in stored else 0.0, image_id


class RegistryWriting:
    """What one pull of a registry writes."""

    def __init__(
        self,
        node: Node,
        asked: list[WantedImage],
        told: list[RegistryImage],
        skipped: list[Skipped],
        *,
        at: datetime,
    ) -> None:
        self.node = node
        self.at = at
        self._asked = {image.key: image for image in asked}
        self._told = told
        self._skipped = skipped

    def store(self) -> dict[str, int]:
        """Keep what the registry told, and judge the images of which it told something new; returns the counts."""
        address = parse_registry_address(self.node.address)
        known = fleet.known(AssetKind.IMAGE, list(self._asked))
        before = signatures.evidence_of([each.id for each in known.values()], self.node.pk)
        told: dict[int, Evidence] = {}
        for image in self._told:
            if image.key in known:
                name = known_as(address, self._asked[image.key])
                told[known[image.key].id] = Evidence(known_as=name[:600], fingerprint=image.fingerprint)
        for item in self._skipped:
            if item.asset_key not in known:
                continue
            image_id = known[item.asset_key].id
            # What was once read of a digest stays true when the registry forgets it.
            if not any(row.fingerprint for row in before.get(image_id, ())):
                name = known_as(address, self._asked[item.asset_key])
                problem = item.reason.rstrip(".")[:500]
                told[image_id] = Evidence(known_as=name[:600], problem=problem)
        anew = set(signatures.store_evidence(self.node.pk, told, self.at))
        # Of images that this registry is no longer asked for, it tells nothing.
        anew.update(signatures.end_evidence(self.node.pk, self.at, [each.id for each in known.values()]))
        measured = {image_id for image_id, each in told.items() if each.fingerprint}
        anew |= measured - fleet.with_evidence(sorted(measured), image_trust.EVIDENCE)
        counts = {"images": len(self._told), "results": 0, "opened": 0, "resolved": 0}
        if anew:
            counts |= image_trust.settle(sorted(anew), self.at, pulled_node=self.node.pk)
        counts["unchanged"] = len(self._told) - len(anew & measured)
        return counts
