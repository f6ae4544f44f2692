"""Evidence has a limit: what a node said too long ago no longer counts towards coverage."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from posture.collection import image_trust, sources
from posture.fleet import ingest as fleet
from posture.fleet.choices import NodeKind, Source
from posture.fleet.models import Asset, Node
from posture.images import signature_ingest as signatures
from posture.risk import loads
from scanners.records import AssetKind


def expire() -> int:
    """Take stale evidence from hosts, their containers, and images beside which no registry looks any more, and weigh
    them anew; returns how many hosts and registries changed.

    The next pull brings it back.
    """
    registries = [node for node in Node.objects.filter(kind=NodeKind.REGISTRY) if _expire_registry(node)]
    changed = set()
    nodes = Node.objects.filter(host__gone_at__isnull=True, last_success_at__isnull=False)
    for node in nodes.select_related("host"):
        for source in node.sources:
            if node.host is None or not node.is_stale_source(source):
                continue
            names = sources.evidence(source)
            if not set(names).isdisjoint(node.host.evidence) and _expire(node.host, source, names):
                changed.add(node.host_id)
    return len(changed) + len(registries)


def _expire_registry(node: Node) -> bool:
    if node.last_success_at is None or not node.is_stale:
        return False
    with transaction.atomic():
        fleet.lock_shared()
        fresh = sorted(fleet.with_evidence(signatures.measured_by(node.pk), image_trust.EVIDENCE))
        if not fresh:
            return False
        # Judging looks for itself which of them another registry has read not too long ago.
        image_trust.settle(fresh, timezone.now())
        return fleet.with_evidence(fresh, image_trust.EVIDENCE) != set(fresh)


def _expire(host: Asset, source: Source, names: list[str]) -> bool:
    with transaction.atomic():
        fleet.lock(host.pk)
        if any(not node.is_stale_source(source) for node in Node.objects.bringing(source).filter(host=host)):
            return False
        members = Asset.objects.present().filter(host=host, kind=AssetKind.CONTAINER)
        ids = [host.pk, *members.values_list("pk", flat=True)]
        fleet.remove_evidence(ids, names)
        loads.recompute(ids, timezone.now())
    return True
