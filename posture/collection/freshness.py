"""Evidence has a limit: what an engine said too long ago no longer counts towards coverage."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from posture.fleet import ingest as fleet
from posture.fleet.models import Asset, Node
from posture.risk import loads
from scanners.records import AssetKind

_NOTHING = {kind: frozenset[str]() for kind in AssetKind}


def expire() -> int:
    """Recompute stale hosts and their containers as if nothing were measured; returns how many hosts changed."""
    changed = 0
    for node in Node.objects.filter(host__isnull=False, last_success_at__isnull=False).select_related("host"):
        host = node.host
        if host is None or not node.is_stale or host.gone_at is not None or not host.results_fingerprint:
            continue
        with transaction.atomic():
            fleet.lock(host.pk)
            others = Node.objects.filter(host=host).exclude(pk=node.pk)
            if any(not other.is_stale for other in others):
                continue
            members = Asset.objects.present().filter(host=host, kind=AssetKind.CONTAINER)
            ids = [host.pk, *members.values_list("pk", flat=True)]
            loads.recompute(ids, timezone.now(), present=_NOTHING)
            # Without a fingerprint the next pull judges and weighs them all again, and we leave them alone till then.
            fleet.mark_judged([(asset_id, "") for asset_id in ids])
            changed += 1
    return changed
