"""Filters of the gate's policies and answers."""

from __future__ import annotations

from typing import ClassVar

from posture.base.filtersets import FilterSet, Flag, Search
from posture.fleet.filtersets import EnvironmentFacet, Environments


class GatePolicyFilterSet(EnvironmentFacet, FilterSet):
    facet_choices: ClassVar[dict[str, str]] = {"environment": "environment_choices"}

    environment = Environments("environment")


class GateDecisionFilterSet(EnvironmentFacet, FilterSet):
    facet_choices: ClassVar[dict[str, str]] = {"environment": "environment_choices"}

    allowed = Flag("is_allowed", label="Allowed", facet=True)
    environment = Environments("environment")
    search = Search("image_name")
