"""Hosts that should be alike, compared by what the probe last said of each."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from posture.fleet.ingest import read_documents
from posture.fleet.serializers import AssetRefSerializer
from scanners.defences.divergence import compare
from scanners.defences.settings import SETTINGS

MOST_HOSTS = 500


def of(probes: QuerySet) -> dict[str, Any]:
    """Where the hosts of these probes differ. Three queries; at most MOST_HOSTS, by name."""
    total = probes.count()
    rows = list(
        probes.select_related("asset")
        .order_by("asset__name", "asset_id")
        .only("asset__name", "asset__kind", "fingerprint", "packages_fingerprint")[:MOST_HOSTS]
    )
    documents = read_documents([name for row in rows for name in (row.fingerprint, row.packages_fingerprint)])
    compared = {}
    for row in rows:
        if (document := documents.get(row.fingerprint)) is not None:
            compared[row.asset_id] = _with_packages(document, documents.get(row.packages_fingerprint))
    refs = {row.asset_id: AssetRefSerializer(row.asset).data for row in rows}
    differences = compare(compared)
    pointers = {difference.pointer for difference in differences}
    return {
        "hosts": list(refs.values()),
        "hosts_total": total,
        "alike": sum(setting.pointer not in pointers for setting in SETTINGS),
        "differences": [
            {
                "pointer": difference.pointer,
                "name": difference.name,
                "is_different": difference.is_different,
                "values": _named(difference.values, refs),
                "not_measured": _named(difference.not_measured, refs),
                "absent": [refs[host] for host in difference.absent],
            }
            for difference in differences
        ],
    }


def _with_packages(document: dict[str, Any], packages: dict[str, Any] | None) -> dict[str, Any]:
    if packages is None:
        return document
    return {**document, "packages": {**(document.get("packages") or {}), **packages}}


def _named(groups: Any, refs: dict[int, Any]) -> list[dict[str, Any]]:
    return [{"value": value, "hosts": [refs[host] for host in hosts]} for value, hosts in groups]
