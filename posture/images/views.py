"""Images: lists and items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, FilteredRelation, Max, QuerySet

from posture.base.ordering import Ordering, by
from posture.base.views import ResourceViewSet
from posture.fleet import figures, ingest
from posture.fleet.choices import ContainerStatus
from posture.fleet.models import ContainerState
from posture.images import bases, filtersets, serializers
from posture.images.models import Image, Presence

HOSTS_SHOWN = 500


class ImageViewSet(ResourceViewSet):
    """Images, each once for the whole fleet; its hosts and counts are those that the asker may see."""

    queryset = Image.objects.all()
    serializer_class = serializers.ImageSerializer
    item_serializer_class = serializers.ImageItemSerializer
    filterset_class = filtersets.ImageFilterSet
    supports_as_of = True
    orderings = {
        "name": by("asset__name"),
        "-name": by("asset__name", descending=True),
        "-load": by("asset__load", descending=True, nullable=True),
        "load": by("asset__load", nullable=True),
        "-size_bytes": by("size_bytes", descending=True),
        "-created_at": by("created_at", descending=True, nullable=True),
        "created_at": by("created_at", nullable=True),
    }
    past_orderings = {
        "-load": by("load_then__load", descending=True, nullable=True),
        "load": by("load_then__load", nullable=True),
    }
    default_ordering = "-load"

    def base_queryset(self) -> Any:
        # The kind is implied, but only when it is said can the planner use the indexes that begin with it.
        queryset = self.queryset.filter(asset__kind="image")
        if self.moment is None:
            return queryset
        was_true = figures.during("asset__loads", self.moment)
        return queryset.alias(load_then=FilteredRelation("asset__loads", condition=was_true))

    def keys(self, name: str) -> Ordering:
        past = self.past_orderings.get(name) if self.moment is not None else None
        return past or self.orderings[name]

    def item_queryset(self) -> Any:
        return self.get_queryset() if self.moment is None else self.get_queryset().as_of(self.moment)

    def rows(self, ids: Sequence[Any]) -> list[Any]:
        return list(self.detailed(self.queryset).filter(pk__in=ids))

    def detailed(self, queryset: QuerySet) -> QuerySet:
        queryset = queryset.select_related("asset")
        return queryset if self.action == "retrieve" else queryset.defer("history", "layer_digests")

    def visible_presences(self, ids: Sequence[int]) -> Any:
        limits = self.user.environment_ids()
        presences = Presence.objects.as_of(self.moment).filter(image__in=ids)
        return presences if limits is None else presences.filter(host__environment__in=limits)

    def attach(self, rows: list[Any]) -> None:
        ids = [row.pk for row in rows]
        held = self.holding(ids)
        running: dict[int, int] = dict(
            ContainerState.objects.as_of(self.moment)
            .visible_to(self.user)
            .filter(image__in=ids, status=ContainerStatus.RUNNING)
            .values_list("image")
            .annotate(number=Count("pk"))
            .order_by()
        )
        assets = [row.asset for row in rows]
        loads = figures.loads(assets, {}, self.moment)
        findings = figures.open_findings(assets, self.moment)
        for row in rows:
            row.hosts, row.references, row.repo_digests, seen = held.get(row.pk, (0, [], [], None))
            row.containers_running = running.get(row.pk, 0)
            row.load_figures = loads[row.pk]
            row.finding_figures = findings[row.pk]
            row.gone_at = row.asset.gone_at if self.moment is None else None
            row.last_seen_at = row.asset.gone_at or seen or row.asset.changed_at
            if self.action == "retrieve":
                row.document = ingest.read_document(row.fingerprint)
                row.base = {**bases.told(row.document), "images": bases.beneath(row, self.user)}
                row.hosts_list = self.hosts_list(row.pk)

    def holding(self, ids: Sequence[int]) -> dict[int, tuple[int, list[str], list[str], datetime | None]]:
        """Of each image: how many hosts hold it, under which names, and when a pull last saw it there."""
        rows = (
            self.visible_presences(ids)
            .values_list("image", "references", "repo_digests")
            .annotate(hosts=Count("host", distinct=True), seen=Max("host__nodes__last_success_at"))
            .order_by()
        )
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for image, *rest in rows:
            found[image].append(tuple(rest))
        return {
            image: (
                sum(hosts for *_, hosts, _ in groups),
                sorted({name for names, *_ in groups for name in names}),
                sorted({digest for _, digests, *_ in groups for digest in digests}),
                max((seen for *_, seen in groups if seen is not None), default=None),
            )
            for image, groups in found.items()
        }

    def hosts_list(self, image_id: int) -> list[dict[str, Any]]:
        rows = (
            self.visible_presences([image_id])
            .order_by("host__name", "host")
            .values_list("host", "host__name", "references")
        )
        return [
            {"kind": "host", "id": host, "name": name, "references": names}
            for host, name, names in rows[:HOSTS_SHOWN]
        ]
