"""Nodes, pulls, hosts and containers: lists and items. Writes are mixed in where an app adds them."""

from __future__ import annotations

from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, FilteredRelation, QuerySet

from posture.base.ordering import Ordering, by, only
from posture.base.views import ResourceViewSet
from posture.fleet import choices, figures, filtersets, ingest, serializers
from posture.fleet.models import ContainerState, HostState, Node, Pull


class NodeViewSet(ResourceViewSet):
    """Nodes: what workers pull from."""

    queryset = Node.objects.all()
    serializer_class = serializers.NodeSerializer
    filterset_class = filtersets.NodeFilterSet
    orderings = {
        "name": only("name"),
        "-name": only("name", descending=True),
        "last_success_at": by("last_success_at", nullable=True, nulls_first=True),
        "-last_success_at": by("last_success_at", nullable=True, descending=True),
        "next_due_at": by("next_due_at"),
        "-consecutive_failures": by("consecutive_failures", descending=True),
    }
    default_ordering = "name"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("environment", "host").defer("credential")

    def attach(self, rows: list[Any]) -> None:
        newest = figures.newest_pulls([row.pk for row in rows])
        for row in rows:
            row.last_pull_figures = newest.get(row.pk)
            row.has_credential = bool(row.credential_parts)
            row.limit_figures = {
                "seconds": row.limit_seconds,
                "bytes": row.limit_bytes,
                "items": row.limit_items,
            }
            row.host_key_figures = figures.host_key(row.host_key_fingerprint)


class PullViewSet(ResourceViewSet):
    """Pulls: runs against nodes, with their steps live."""

    queryset = Pull.objects.all()
    serializer_class = serializers.PullSerializer
    item_serializer_class = serializers.PullItemSerializer
    filterset_class = filtersets.PullFilterSet
    orderings = {
        "-queued_at": by("queued_at", descending=True),
        "queued_at": by("queued_at"),
        "-duration_seconds": by("duration", descending=True, nullable=True),
    }
    default_ordering = "-queued_at"

    def base_queryset(self) -> Any:
        return self.queryset.annotate(
            duration=ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
        )

    def detailed(self, queryset: QuerySet) -> QuerySet:
        queryset = queryset.select_related("node")
        return queryset if self.action == "retrieve" else queryset.defer("log", "skipped")

    def attach(self, rows: list[Any]) -> None:
        for row in rows:
            over = row.started_at is not None and row.finished_at is not None
            row.duration_seconds = (row.finished_at - row.started_at).total_seconds() if over else None


class StateViewSet(ResourceViewSet):
    """Assets shown through their state at a moment. The id in the address is the asset's."""

    supports_as_of = True
    lookup_path = "asset"
    asset_kind: choices.AssetKind
    orderings = {
        "name": by("asset__name", then="asset_id"),
        "-name": by("asset__name", then="asset_id", descending=True),
        "-load": by("asset__load", then="asset_id", descending=True, nullable=True),
        "load": by("asset__load", then="asset_id", nullable=True),
        "-changed_at": by("asset__changed_at", then="asset_id", descending=True),
        "-first_seen_at": by("asset__first_seen_at", then="asset_id", descending=True),
    }
    # The past has other loads and other changes than the columns of the present.
    past_orderings = {
        "-load": by("load_then__load", then="asset_id", descending=True, nullable=True),
        "load": by("load_then__load", then="asset_id", nullable=True),
        "-changed_at": by("opened_at", then="asset_id", descending=True),
    }
    default_ordering = "-load"

    def base_queryset(self) -> Any:
        queryset = self.queryset.filter(asset__kind=self.asset_kind)
        if self.moment is None:
            return queryset
        was_true = figures.during("asset__loads", self.moment)
        return queryset.alias(load_then=FilteredRelation("asset__loads", condition=was_true))

    def keys(self, name: str) -> Ordering:
        past = self.past_orderings.get(name) if self.moment is not None else None
        return past or self.orderings[name]

    def item_queryset(self) -> Any:
        """The state that holds, or the last one of what is gone."""
        queryset = self.get_queryset()
        return queryset.order_by("-opened_at") if self.moment is None else queryset.as_of(self.moment)

    def rows(self, ids: Any) -> list[Any]:
        return list(self.detailed(self.queryset).filter(pk__in=ids))

    def attach(self, rows: list[Any]) -> None:
        assets = [row.asset for row in rows]
        of_environment = figures.lines((a.environment for a in assets if a.environment), self.moment)
        lines = {a.pk: of_environment[a.environment.pk] for a in assets if a.environment is not None}
        loads = figures.loads(assets, lines, self.moment)
        seen = figures.last_successes(self.host_id(row) for row in rows)
        for row in rows:
            row.load_figures = loads[row.asset_id]
            row.changed_at = row.asset.changed_at if self.moment is None else row.opened_at
            row.gone_at = row.asset.gone_at if self.moment is None else None
            last = seen.get(self.host_id(row), row.asset.changed_at)
            row.last_seen_at = row.asset.gone_at or last
            if self.action == "retrieve":
                row.document = ingest.read_document(row.fingerprint)

    def host_id(self, row: Any) -> int:
        return row.asset_id


class HostViewSet(StateViewSet):
    """Hosts: machines that run containers."""

    queryset = HostState.objects.all()
    asset_kind = choices.AssetKind.HOST
    serializer_class = serializers.HostSerializer
    item_serializer_class = serializers.HostItemSerializer
    filterset_class = filtersets.HostFilterSet

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("asset__environment", "node").defer("node__credential")

    def attach(self, rows: list[Any]) -> None:
        super().attach(rows)
        ids = [row.asset_id for row in rows]
        containers = figures.containers_of(ids, self.moment)
        images = figures.images_of(ids, self.moment)
        findings = figures.open_findings_on_hosts([row.asset for row in rows], self.moment)
        for row in rows:
            row.containers_running, row.containers_total = containers.get(row.asset_id, (0, 0))
            row.images_total = images.get(row.asset_id, 0)
            row.finding_figures = findings[row.asset_id]


class ContainerViewSet(StateViewSet):
    """Containers, running and stopped."""

    queryset = ContainerState.objects.all()
    asset_kind = choices.AssetKind.CONTAINER
    serializer_class = serializers.ContainerSerializer
    item_serializer_class = serializers.ContainerItemSerializer
    filterset_class = filtersets.ContainerFilterSet

    def detailed(self, queryset: QuerySet) -> QuerySet:
        queryset = queryset.select_related("asset__environment", "host", "image")
        return queryset if self.action == "retrieve" else queryset.defer("settings")

    def host_id(self, row: Any) -> int:
        return row.host_id

    def attach(self, rows: list[Any]) -> None:
        super().attach(rows)
        findings = figures.open_findings([row.asset for row in rows], self.moment)
        for row in rows:
            row.finding_figures = findings[row.asset_id]
            if self.action == "retrieve":
                row.setting_figures = [{"name": name, "value": value} for name, value in row.settings]
