"""The kernel defence matrix: hosts and containers in rows, mechanisms in columns, and each cell by itself."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.base.filtersets import escaped
from posture.base.ordering import by
from posture.base.parameters import only_known
from posture.base.views import ResourceViewSet, with_etag
from posture.defences import divergence, filtersets, matrix, serializers
from posture.defences.models import Defence
from posture.fleet.choices import AssetKind
from posture.fleet.models import ContainerProbe, Environment, HostProbe
from posture.fleet.views import StateViewSet
from scanners.defences.mechanisms import CONTAINER, HOST
from scanners.defences.records import Mechanism


class DefenceViewSet(ResourceViewSet):
    """Kernel defences cell by cell: the state of one mechanism on one host or around one container, and its evidence."""

    queryset = Defence.objects.all()
    serializer_class = serializers.DefenceSerializer
    filterset_class = filtersets.DefenceFilterSet
    supports_as_of = True
    orderings = {
        "-since": by("state_since", descending=True),
        "mechanism": by("mechanism"),
    }
    default_ordering = "-since"

    def base_queryset(self) -> Any:
        return self.queryset.as_of(self.moment)

    def item_queryset(self) -> Any:
        # A cell of the past stays readable by its id: links to it must not break with its next change.
        return self.queryset.visible_to(self.user)

    def rows(self, ids: Any) -> list[Any]:
        return list(self.detailed(self.queryset).filter(pk__in=ids))

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("asset__environment", "asset__host")


class MatrixViewSet(StateViewSet):
    """Rows of the matrix, and how groups of them stand."""

    mechanisms: ClassVar[tuple[Mechanism, ...]]
    group_columns: ClassVar[dict[str, str]]

    def attach(self, rows: list[Any]) -> None:
        super().attach(rows)
        found = matrix.cells([row.asset_id for row in rows], self.moment)
        for row in rows:
            row.cells = {m.id: found.get(row.asset_id, {}).get(m.id) for m in self.mechanisms}

    def grouped(self, request: Request) -> Response:
        """How many of the rows that match are in which state, by group (`by`), largest group first."""
        self.check_parameters("by", "cursor", "limit", "ordering")
        name = request.query_params.get("by", "all")
        if name not in self.group_columns:
            raise Invalid({"by": [f"“{name[:60]}” is not one of: {', '.join(self.group_columns)}."]})
        found = matrix.groups(cast(filtersets.MatrixFilterSet, self.filterset), self.group_columns[name])
        names = dict(Environment.objects.values_list("pk", "name")) if name == "environment" else {}
        for group in found:
            value = group["group"]
            told = names.get(int(value), value) if names and value else value
            group["label"] = told or ("All" if name == "all" else "Not known")
            group["group"] = escaped(value)
        return with_etag(request, Response(found))


class HostMatrixViewSet(MatrixViewSet):
    """Hosts × mechanisms: which kernel defences stand on each host that a host probe reads."""

    queryset = HostProbe.objects.all()
    asset_kind = AssetKind.HOST
    serializer_class = serializers.HostMatrixSerializer
    filterset_class = filtersets.HostMatrixFilterSet
    filtered_actions = (*ResourceViewSet.filtered_actions, "divergence")
    mechanisms = HOST
    group_columns = {
        "all": "",
        "environment": "asset__environment",
        "distribution": "distribution_name",
        "kernel": "kernel_release",
    }

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("asset__environment", "node").defer("node__credential")

    @extend_schema(
        parameters=[OpenApiParameter("by", str, enum=list(group_columns), description="What makes a group.")],
        responses=serializers.DefenceGroupSerializer(many=True),
    )
    @action(detail=False, pagination_class=None)
    def groups(self, request: Request) -> Response:
        """How many of the hosts that match are in which state, by group, largest group first."""
        return self.grouped(request)

    @extend_schema(responses=serializers.DivergenceSerializer)
    @action(detail=False, pagination_class=None)
    def divergence(self, request: Request) -> Response:
        """In which settings the hosts that match are not alike; what was not measured is told apart."""
        self.check_parameters()
        return with_etag(request, Response(divergence.of(self.filterset.apply())))


class ContainerMatrixViewSet(MatrixViewSet):
    """Containers × restrictions: what confines each container's process, as the kernel has it."""

    queryset = ContainerProbe.objects.all()
    asset_kind = AssetKind.CONTAINER
    serializer_class = serializers.ContainerMatrixSerializer
    filterset_class = filtersets.ContainerMatrixFilterSet
    mechanisms = CONTAINER
    group_columns = {"all": "", "environment": "asset__environment", "manager": "manager"}

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("asset__environment", "host")

    def host_id(self, row: Any) -> int:
        return row.host_id

    @extend_schema(
        parameters=[OpenApiParameter("by", str, enum=list(group_columns), description="What makes a group.")],
        responses=serializers.DefenceGroupSerializer(many=True),
    )
    @action(detail=False, pagination_class=None)
    def groups(self, request: Request) -> Response:
        """How many of the containers that match are in which state, by group, largest group first."""
        return self.grouped(request)


class MechanismsView(APIView):
    """Every mechanism of the matrix: what it blunts, what to do, and by how much it lightens which findings."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(responses=serializers.MechanismSerializer(many=True))
    def get(self, request: Request) -> Response:
        only_known(request)
        return with_etag(request, Response(matrix.every_mechanism()))
