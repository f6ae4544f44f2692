"""Filters of defences: cell by cell, and of the matrix by the states in its rows."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef

from posture.base.filtersets import Choice, FilterSet, Flag, Ids, Search, Values, from_enum
from posture.base.ordering import Ordering
from posture.base.pagination import bounded
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
from scanners.defences.mechanisms import BY_ID, CONTAINER, HOST
from scanners.defences.records import Mechanism, State

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
    kind = Values("mechanism", label="Kind", choices=KINDS, facet=True, method="filter_kind")
    mechanism = Values("mechanism", label="Mechanism", choices=(*OF_HOSTS, *OF_CONTAINERS), facet=True)
    state = Values("state", label="State", choices=from_enum(DefenceState), facet=True)
    environment = Environments("asset__environment")
    asset = Ids("asset", label="Asset")
    host = Ids("asset__host", label="Host of containers")
    search = Search("asset__name")

    facet_choices = {"environment": "environment_choices"}

    def filter_kind(self, queryset: Any, name: str, value: list[str]) -> Any:
        """By mechanism, which stands in the indexes: each is one of hosts or one of containers."""
        return queryset.filter(mechanism__in=[m.id for m in BY_ID.values() if m.subject.value in value])

    def branches(self, keys: Ordering) -> list[Any]:
        """Ranges that are merged: the state stands between a mechanism and the time in the index, one value each.

        Merged by time only: names sort otherwise in a database.
        """
        queryset = self.apply()
        if self.data.get("ordering") == "mechanism":
            return [queryset]
        states = self.given("state") or []
        if self.given("mechanism") and not states:
            states = list(DefenceState)
        return [queryset.filter(state=state) for state in states] if len(states) > 1 else [queryset]


class Standing(Values):
    """Rows on which any of these mechanisms is in one state."""

    def __init__(self, state: State, **kwargs: Any) -> None:
        self.state = state
        super().__init__(
            label=DefenceState(state.value).label, facet=True, method="filter_standing", **kwargs
        )


class MatrixFilterSet(StateFilterSet):
    """Rows of the matrix. Each state is a filter whose values are mechanisms: any one named must be in that state."""

    mechanisms: ClassVar[tuple[Mechanism, ...]]

    @property
    def is_whole(self) -> bool:
        """Nothing narrows the rows: they are all hosts, or all containers, that a probe tells of now."""
        is_filtered = any(value is not None for value in self.values.values())
        return not is_filtered and self.moment is None and self.user.environment_ids() is None

    def cells(self, *without: str) -> Any:
        """The cells of the rows that match; of the whole matrix they are named without looking at its rows."""
        cells = Defence.objects.as_of(self.moment)
        if self.is_whole:
            return cells.filter(mechanism__in=[mechanism.id for mechanism in self.mechanisms])
        return cells.of_rows(self.apply(*without))

    @cached_property
    def _states_of_rows(self) -> dict[tuple[str, str], int]:
        return self.cells().count_states()

    def facet(self, name: str) -> dict[str, Any]:
        """Facets of states are counted together: one question instead of one for each mechanism and state."""
        item = self.filters[name]
        if not isinstance(item, Standing):
            return super().facet(name)
        is_own = self.given(name) is not None
        numbers = self.cells(name).count_states() if is_own else self._states_of_rows
        values = [
            {
                "value": choice.value,
                "label": choice.label,
                "count": bounded(numbers.get((choice.stored, item.state.value), 0)).as_dict(),
            }
            for choice in item.choices
        ]
        return {"name": name, "label": item.label, "values": values}

    def filter_standing(self, queryset: Any, name: str, value: list[str]) -> Any:
        cells = Defence.objects.as_of(self.moment).filter(
            asset=OuterRef("asset"), mechanism__in=value, state=self.filters[name].state.value
        )
        return queryset.filter(Exists(cells))


class HostMatrixFilterSet(MatrixFilterSet):
    mechanisms = HOST

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
    mechanisms = CONTAINER

    environment = Environments("asset__environment")
    manager = Values("manager", label="Started by", facet=True)
    absent = Standing(State.ABSENT, choices=OF_CONTAINERS)
    permissive = Standing(State.PERMISSIVE, choices=OF_CONTAINERS)
    not_measured = Standing(State.NOT_MEASURED, choices=OF_CONTAINERS)
    enforcing = Standing(State.ENFORCING, choices=OF_CONTAINERS)
    host = Ids("host", label="Host")
    gone = Flag(label="Gone", method="filter_gone")
    search = Search("asset__name")
