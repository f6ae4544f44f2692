"""Filters of environments, nodes, pulls, hosts and containers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Q
from rest_framework.exceptions import ValidationError as Invalid

from posture.base.filtersets import Choice, Choices, FilterSet, Flag, Ids, Search, Values, from_enum
from posture.fleet import choices
from posture.fleet.models import Environment, Node


def id_or_slug(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


def environment_ids(values: Sequence[int | str]) -> list[int]:
    """Ids of environments given by id or slug; unknown slugs match nothing."""
    slugs = [value for value in values if isinstance(value, str)]
    ids = [value for value in values if isinstance(value, int)]
    return ids + (
        list(Environment.objects.filter(slug__in=slugs).values_list("pk", flat=True)) if slugs else []
    )


def host_ids_of_nodes(node_ids: Sequence[int]) -> list[int]:
    hosts = Node.objects.filter(pk__in=node_ids).values_list("host", flat=True)
    return [host for host in hosts if host is not None]


class Environments(Values):
    """Environments by id or slug."""

    parse = staticmethod(id_or_slug)

    def __init__(self, field_name: str | None = None, *, facet: bool = True, **kwargs: Any) -> None:
        super().__init__(
            field_name, label="Environment", facet=facet, help_text="Environment ids or slugs.", **kwargs
        )

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value is None else super().filter(qs, environment_ids(value) or [0])


class EnvironmentFacet:
    """A facet whose values are the environments that the asker may see."""

    user: Any

    def environment_choices(self) -> Choices:
        rows = Environment.objects.visible_to(self.user).values_list("pk", "name")
        return tuple(Choice(str(pk), name, pk) for pk, name in rows)


class EnvironmentFilterSet(FilterSet):
    search = Search("name")


class Labels(Values):
    """key or key=value."""

    def filter(self, qs: Any, value: Any) -> Any:
        if value is None:
            return qs
        condition = Q()
        for text in value:
            key, equals, expected = text.partition("=")
            condition |= Q(labels__contains={key: expected}) if equals else Q(labels__has_key=key)
        return qs.filter(condition)


class NodeFilterSet(EnvironmentFacet, FilterSet):
    environment = Environments("environment")
    state = Values("state", label="State", choices=from_enum(choices.NodeState), facet=True)
    kind = Values("kind", label="Kind", choices=from_enum(choices.NodeKind), facet=True)
    label = Labels("labels", label="Label", help_text="Labels as key or key=value.")
    search = Search("name")

    facet_choices = {"environment": "environment_choices"}


class EnrolmentTokenFilterSet(EnvironmentFacet, FilterSet):
    environment = Environments("environment")
    state = Values(
        "used_at",
        label="State",
        choices=from_enum(choices.EnrolmentState),
        facet=True,
        method="filter_state",
    )
    search = Search("name", method="filter_search")

    facet_choices = {"environment": "environment_choices"}

    def filter_state(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.in_states(value)

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        # They are few: no index is needed.
        return queryset.filter(name__icontains=value[0])


class PullFilterSet(EnvironmentFacet, FilterSet):
    node = Ids("node", label="Node")
    environment = Environments("node__environment")
    state = Values("state", label="State", choices=from_enum(choices.PullState), facet=True)
    trigger = Values("trigger", label="Trigger", choices=from_enum(choices.PullTrigger), facet=True)
    search = Search("node__name")

    facet_choices = {"environment": "environment_choices"}


class StateFilterSet(EnvironmentFacet, FilterSet):
    """Filters of assets that are shown through their state at a moment: exactly one state of each is left."""

    defaults = {"gone": [False]}
    facet_choices = {"environment": "environment_choices"}

    def filter_gone(self, queryset: Any, name: str, value: list[bool]) -> Any:
        if not value[0]:
            return queryset.as_of(self.moment)
        if self.moment is not None:
            raise Invalid({"gone": ["What is gone cannot be listed as of a past moment."]})
        return queryset.filter(asset__gone_at__isnull=False, closed_at=F("asset__gone_at"))

    def filter_above_line(self, queryset: Any, name: str, value: list[bool]) -> Any:
        """Above: more load than the line of its environment. A load that is not measured is neither."""
        load = "asset__load" if self.moment is None else "load_then__load"
        return queryset.filter(**{f"{load}__{'gt' if value[0] else 'lte'}": F("asset__environment__line")})


class HostFilterSet(StateFilterSet):
    environment = Environments("asset__environment")
    node = Ids("node", label="Node", method="filter_node")
    engine = Values("engine", label="Engine", facet=True)
    engine_version = Values("engine_version", label="Engine version", facet=True)
    operating_system = Values("operating_system", label="Operating system", facet=True)
    kernel_version = Values("kernel_version", label="Kernel", facet=True)
    architecture = Values("architecture", label="Architecture", facet=True)
    cgroup_version = Values("cgroup_version", label="Cgroup version", facet=True)
    is_rootless = Flag("is_rootless", label="Rootless", facet=True)
    swarm_state = Values("swarm_state", label="Swarm", facet=True)
    above_line = Flag(label="Above the line", facet=True, method="filter_above_line")
    gone = Flag(label="Gone", method="filter_gone")
    search = Search("asset__name")

    def filter_node(self, queryset: Any, name: str, value: list[int]) -> Any:
        return queryset.filter(asset__in=host_ids_of_nodes(value))


class ContainerFilterSet(StateFilterSet):
    environment = Environments("asset__environment")
    host = Ids("host", label="Host")
    node = Ids(label="Node", method="filter_node")
    image = Ids("image", label="Image")
    status = Values("status", label="Status", choices=from_enum(choices.ContainerStatus), facet=True)
    privileged = Flag("privileged", label="Privileged", facet=True)
    exposed = Flag("exposed", label="Published on every address", facet=True)
    project = Values("project", label="Project", facet=True)
    network_mode = Values("network_mode", label="Network", facet=True)
    gone = Flag(label="Gone", method="filter_gone")
    search = Search("asset__name")

    def filter_node(self, queryset: Any, name: str, value: list[int]) -> Any:
        return queryset.filter(host__in=host_ids_of_nodes(value))
