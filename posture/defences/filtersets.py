"""Filters of defences: cell by cell, and of the matrix by the states in its rows."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from posture.base.filtersets import Choice, FilterSet, Flag, Ids, Search, Values, from_enum
from posture.defences.choices import DefenceState
from posture.defences.models import Defence
from posture.fleet.choices import AssetKind
from posture.fleet.filtersets import (
    EnvironmentFacet,
    Environments,
    Labels,
    StateFilterSet,
    host_ids_of_nodes,
)
from posture.fleet.models import Node
from scanners.defences.mechanisms import CONTAINER, HOST
from scanners.defences.records import State

KINDS = tuple(
    Choice(kind.value, str(kind.label), kind.value) for kind in (AssetKind.HOST, AssetKind.CONTAINER)
)
OF_HOSTS = tuple(Choice(m.id, m.title, m.id) for m in HOST)
OF_CONTAINERS = tuple(Choice(m.id, m.title, m.id) for m in CONTAINER)


class HostLabels(Labels):
    """Labels of the nodes that stand for a host."""

    def filter(self, qs: Any, value: Any) -> Any:
        if value is None:
            return qs
        nodes = super().filter(Node.objects.filter(host__isnull=False), value)
        return qs.filter(**{f"{self.field_name}__in": nodes.values("host")})


class DefenceFilterSet(EnvironmentFacet, FilterSet):
    kind = Values("asset__kind", label="Kind", choices=KINDS, facet=True)
    mechanism = Values("mechanism", label="Mechanism", choices=(*OF_HOSTS, *OF_CONTAINERS), facet=True)
    state = Values("state", label="State", choices=from_enum(DefenceState), facet=True)
    environment = Environments("asset__environment")
    asset = Ids("asset", label="Asset")
    host = Ids("asset__host", label="Host of containers")
    search = Search("asset__name")

    facet_choices = {"environment": "environment_choices"}


class Standing(Values):
    """Rows on which any of these mechanisms is in one state."""

    def __init__(self, state: State, **kwargs: Any) -> None:
        self.state = state
        super().__init__(
            label=DefenceState(state.value).label, facet=True, method="filter_standing", **kwargs
        )


class MatrixFilterSet(StateFilterSet):
    """Rows of the matrix. Each state is a filter whose values are mechanisms: any one named must be in that state."""

    def filter_standing(self, queryset: Any, name: str, value: list[str]) -> Any:
        cells = Defence.objects.as_of(self.moment).filter(
            asset=OuterRef("asset"), mechanism__in=value, state=self.filters[name].state.value
        )
        return queryset.filter(Exists(cells))


class HostMatrixFilterSet(MatrixFilterSet):
    environment = Environments("asset__environment")
    distribution = Values("distribution_name", label="Distribution", facet=True)
    kernel = Values("kernel_release", label="Kernel", facet=True)
    absent = Standing(State.ABSENT, choices=OF_HOSTS)
    permissive = Standing(State.PERMISSIVE, choices=OF_HOSTS)
    not_measured = Standing(State.NOT_MEASURED, choices=OF_HOSTS)
    enforcing = Standing(State.ENFORCING, choices=OF_HOSTS)
    is_root = Flag("is_root", label="Read as root", facet=True)
    reboot_required = Flag("reboot_required", label="Reboot required", facet=True)
    label = HostLabels("asset", label="Label", help_text="Labels of the hosts' nodes, as key or key=value.")
    host = Ids("asset", label="Host")
    node = Ids(label="Node", method="filter_node")
    gone = Flag(label="Gone", method="filter_gone")
    search = Search("asset__name")

    def filter_node(self, queryset: Any, name: str, value: list[int]) -> Any:
        return queryset.filter(asset__in=host_ids_of_nodes(value))


class ContainerMatrixFilterSet(MatrixFilterSet):
    environment = Environments("asset__environment")
    manager = Values("manager", label="Started by", facet=True)
    absent = Standing(State.ABSENT, choices=OF_CONTAINERS)
    permissive = Standing(State.PERMISSIVE, choices=OF_CONTAINERS)
    not_measured = Standing(State.NOT_MEASURED, choices=OF_CONTAINERS)
    enforcing = Standing(State.ENFORCING, choices=OF_CONTAINERS)
    host = Ids("host", label="Host")
    gone = Flag(label="Gone", method="filter_gone")
    search = Search("asset__name")
