"""Filters of images and of trusted signers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from rest_framework.exceptions import ValidationError as Invalid

from posture.base.filtersets import FilterSet, Flag, Ids, Search, Values, from_enum
from posture.fleet.choices import ALIVE
from posture.fleet.filtersets import EnvironmentFacet, Environments, environment_ids
from posture.fleet.models import ContainerState
from posture.images import choices
from posture.images.models import Presence

ROOT_USERS = ("", "0", "root", "0:0", "root:root", "0:root", "root:0")


class HeldIn(Environments):
    """Images that some host of these environments holds."""


class ImageFilterSet(EnvironmentFacet, FilterSet):
    environment = HeldIn("pk", method="filter_environment")
    host = Ids("pk", label="Host", method="filter_host")
    os = Values("os", label="Operating system", facet=True)
    architecture = Values("architecture", label="Architecture", facet=True)
    in_use = Flag("pk", label="In use", facet=True, method="filter_in_use")
    repository = Values(
        "pk", label="Repository", method="filter_repository", help_text="For example library/nginx."
    )
    user_root = Flag("user", label="Runs as root", facet=True, method="filter_user_root")
    gone = Flag("pk", label="Gone", method="filter_gone")
    search = Search("asset__name")

    facet_choices = {"environment": "environment_choices"}
    defaults = {"gone": [False]}

    def _held(self, **on: object) -> Any:
        return Presence.objects.as_of(self.moment).filter(**on).values("image")

    def filter_environment(self, queryset: Any, name: str, value: list[int | str]) -> Any:
        return queryset.filter(pk__in=self._held(host__environment__in=environment_ids(value)))

    def filter_host(self, queryset: Any, name: str, value: list[int]) -> Any:
        return queryset.filter(pk__in=self._held(host__in=value))

    def filter_in_use(self, queryset: Any, name: str, value: list[bool]) -> Any:
        """In use: a live container runs it, on a host that the asker may see."""
        running = ContainerState.objects.as_of(self.moment).filter(image=OuterRef("pk"), status__in=ALIVE)
        return queryset.filter(
            Exists(running.visible_to(self.user)) if value[0] else ~Exists(running.visible_to(self.user))
        )

    def filter_repository(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        """Images with a name in one of these repositories: what stands before the tag."""
        condition = Q()
        for repository in value:
            condition |= Q(asset__name=repository) | Q(asset__name__startswith=f"{repository}:")
        return queryset.filter(condition)

    def filter_user_root(self, queryset: Any, name: str, value: list[bool]) -> Any:
        return queryset.filter(user__in=ROOT_USERS) if value[0] else queryset.exclude(user__in=ROOT_USERS)

    def filter_gone(self, queryset: Any, name: str, value: list[bool]) -> Any:
        if not value[0]:
            return queryset.as_of(self.moment)
        if self.moment is not None:
            raise Invalid({"gone": ["What is gone cannot be listed as of a past moment."]})
        return queryset.filter(asset__gone_at__isnull=False)


class TrustedSignerFilterSet(EnvironmentFacet, FilterSet):
    environment = Environments("environment")
    kind = Values("kind", label="Kind", choices=from_enum(choices.SignerKind), facet=True)
    search = Search("name", method="filter_search")

    facet_choices = {"environment": "environment_choices"}

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        # They are few: no index is needed.
        return queryset.filter(name__icontains=value[0])
