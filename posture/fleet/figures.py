"""What rows of assets show beside their own columns: load, open findings by severity, when last seen.

Each function is one grouped query for a page of assets. The present is a read model on `Asset`; the past is read
from the intervals that higher apps keep about an asset, through the relations they declare on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, Subquery

from posture.fleet.choices import ContainerStatus
from posture.fleet.models import Asset, ContainerState, Environment, Node, Pull
from posture.history.models import Entry
from scanners.records import Severity

DEFAULT_LINE = 100.0  # of an asset that no environment claims


def during(prefix: str, moment: datetime | None) -> Q:
    """Condition: the interval at `prefix` was true at `moment` (None: is true now)."""
    if moment is None:
        return Q(**{f"{prefix}__opened_at__isnull": False, f"{prefix}__closed_at__isnull": True})
    still = Q(**{f"{prefix}__closed_at__isnull": True}) | Q(**{f"{prefix}__closed_at__gt": moment})
    return still & Q(**{f"{prefix}__opened_at__lte": moment})


def load_figures(load: float | None, line: float, coverage: float, band: float | None) -> dict[str, Any]:
    return {"load": load, "line": line, "coverage": coverage, "band": band, "measured": load is not None}


def loads(
    assets: Iterable[Asset], lines: Mapping[int, float], moment: datetime | None
) -> dict[int, dict[str, Any]]:
    """The load of each asset, by its id. `lines` gives each one's line."""
    if moment is None:
        return {a.pk: load_figures(a.load, lines.get(a.pk, DEFAULT_LINE), a.coverage, a.band) for a in assets}
    ids = [asset.pk for asset in assets]
    then = {
        pk: rest
        for pk, *rest in Asset.objects.filter(pk__in=ids)
        .filter(during("loads", moment))
        .values_list("pk", "loads__load", "loads__coverage", "loads__band")
    }
    figures = {}
    for pk in ids:
        load, coverage, band = then.get(pk, (None, None, None))
        figures[pk] = load_figures(load, lines.get(pk, DEFAULT_LINE), coverage or 0.0, band)
    return figures


def settings_then(environment_ids: Iterable[int], moment: datetime) -> dict[int, dict[str, Any]]:
    """What the settings of these environments were at the moment, of those that have changed since: told from the trail,
    which keeps what each change replaced."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    settings = {field.name for field in Environment._meta.concrete_fields}
    since = Entry.objects.filter(
        object_kind="environment", object_id__in=[str(pk) for pk in environment_ids], at__gt=moment
    ).exclude(verb="created")
    # The newest first, so that the first change after the moment has the last word.
    for pk, changes in since.order_by("-id").values_list("object_id", "changes"):
        found[int(pk)] |= {name: before for name, (before, _) in changes.items() if name in settings}
    return found


def lines(environments: Iterable[Environment], moment: datetime | None = None) -> dict[int, float]:
    """The line of each environment, by its id, now or at `moment`."""
    found = {environment.pk: environment.line for environment in environments}
    if moment is not None and found:
        for pk, settings in settings_then(found, moment).items():
            found[pk] = float(settings.get("line", found[pk]))
    return found


def severity_counts(numbers: Mapping[int, int]) -> dict[str, int]:
    """Counts by severity's name, worst first, from counts by its number."""
    return {severity.label: numbers.get(severity.value, 0) for severity in reversed(Severity)}


def open_findings(assets: Iterable[Asset], moment: datetime | None) -> dict[int, dict[str, int]]:
    """Each asset's own open findings by severity, by its id."""
    if moment is None:
        return {
            a.pk: {
                "critical": a.open_critical,
                "high": a.open_high,
                "medium": a.open_medium,
                "low": a.open_low,
                "info": a.open_info,
            }
            for a in assets
        }
    ids = [asset.pk for asset in assets]
    numbers: dict[int, dict[int, int]] = defaultdict(dict)
    rows = (
        Asset.objects.filter(pk__in=ids)
        .filter(during("findings__intervals", moment))
        .values_list("pk", "findings__intervals__severity")
        .annotate(number=Count("findings__intervals"))
        .order_by()
    )
    for pk, severity, number in rows:
        numbers[pk][severity] = number
    return {pk: severity_counts(numbers[pk]) for pk in ids}


def last_successes(host_ids: Iterable[int]) -> dict[int, datetime]:
    """When a pull last saw each host."""
    rows = (
        Node.objects.filter(host__in=set(host_ids), last_success_at__isnull=False)
        .values_list("host")
        .annotate(at=Max("last_success_at"))
        .order_by()
    )
    return dict(rows)


def containers_of(host_ids: Sequence[int], moment: datetime | None) -> dict[int, tuple[int, int]]:
    """(running, all) containers of each host."""
    rows = (
        ContainerState.objects.as_of(moment)
        .filter(host__in=host_ids)
        .values_list("host")
        .annotate(running=Count("pk", filter=Q(status=ContainerStatus.RUNNING)), total=Count("pk"))
        .order_by()
    )
    return {host: (running, total) for host, running, total in rows}


def images_of(host_ids: Sequence[int], moment: datetime | None) -> dict[int, int]:
    """How many images each host holds."""
    return dict(
        Asset.objects.filter(pk__in=host_ids)
        .filter(during("held_images", moment))
        .values_list("pk")
        .annotate(number=Count("held_images"))
        .order_by()
    )


def open_findings_on_hosts(hosts: Iterable[Asset], moment: datetime | None) -> dict[int, dict[str, int]]:
    """What a host's load counts: its own open findings, its containers' and its running images', by severity."""
    hosts = list(hosts)
    if moment is None:
        return open_findings(hosts, None)
    ids = [host.pk for host in hosts]
    numbers: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    was_open = during("findings__intervals", moment)
    for owner in ("pk", "host"):
        rows = (
            Asset.objects.filter(**{f"{owner}__in": ids})
            .filter(was_open)
            .values_list(owner, "findings__intervals__severity")
            .annotate(number=Count("findings__intervals"))
            .order_by()
        )
        for host_id, severity, number in rows:
            numbers[host_id][severity] += number
    running: set[tuple[Any, int]] = set(
        ContainerState.objects.as_of(moment)
        .alive()
        .filter(host__in=ids, image__isnull=False)
        .values_list("host", "image")
    )
    images = open_findings(Asset.objects.filter(pk__in={image for _, image in running}), moment)
    for host_id, image_id in running:
        for severity, number in images[image_id].items():
            numbers[host_id][Severity[severity.upper()].value] += number
    return {pk: severity_counts(numbers[pk]) for pk in ids}


def newest_pulls(node_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The newest pull of each node, from one index probe a node."""
    newest = Pull.objects.filter(node=OuterRef("pk")).order_by("-queued_at", "-id").values("pk")[:1]
    ids = (
        Node.objects.filter(pk__in=node_ids)
        .annotate(newest=Subquery(newest))
        .values_list("newest", flat=True)
    )
    rows = Pull.objects.filter(pk__in=[pk for pk in ids if pk]).values_list(
        "node", "pk", "state", "finished_at"
    )
    return {node: {"id": pk, "state": state, "finished_at": at} for node, pk, state, at in rows}


def host_key(fingerprint: str) -> dict[str, str] | None:
    """The pinned SSH host key, "type fingerprint" as stored, for people."""
    if not fingerprint:
        return None
    kind, space, rest = fingerprint.partition(" ")
    return {"type": kind if space else "", "fingerprint": rest if space else fingerprint}
