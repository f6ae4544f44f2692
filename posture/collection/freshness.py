"""Evidence has a limit: what a node said too long ago no longer counts towards coverage."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from posture.collection import sources
from posture.fleet import ingest as fleet
from posture.fleet.choices import Source
from posture.fleet.models import Asset, Node
from posture.risk import loads
from scanners.records import AssetKind


def expire() -> int:
    """Take stale evidence from hosts and their containers and weigh them anew; returns how many hosts changed.

    The next pull brings it back.
    """
    changed = set()
    nodes = Node.objects.filter(host__gone_at__isnull=True, last_success_at__isnull=False)
    for node in nodes.select_related("host"):
        for source in node.sources:
            if node.host is None or not node.is_stale_source(source):
                continue
            names = sources.evidence(source)
            if not set(names).isdisjoint(node.host.evidence) and _expire(node.host, source, names):
                changed.add(node.host_id)
    return len(changed)


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
