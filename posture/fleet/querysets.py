"""Words for reading the fleet. Every list a person or program gets passes through `visible_to`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from posture.base.intervals import IntervalQuerySet
from posture.fleet import choices

if TYPE_CHECKING:
    from posture.accounts.models import User


class VisibleQuerySet(models.QuerySet):
    """Object-level permission: a person limited to environments sees only what is in them."""

    environment_path = "environment"

    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(**{f"{self.environment_path}__in": ids})


class EnvironmentQuerySet(VisibleQuerySet):
    environment_path = "pk"

    def named(self, text: str) -> Self:
        """The one with this id or slug."""
        if text.isascii() and text.isdigit() and len(text) < 19:
            return self.filter(pk=int(text))
        return self.filter(slug=text[:60])


class NodeQuerySet(VisibleQuerySet):
    def due(self) -> Self:
        return self.filter(paused=False, is_demo=False, next_due_at__lte=timezone.now())

    def bringing(self, source: choices.Source) -> Self:
        """Nodes whose pulls bring this source's evidence."""
        if source == choices.Source.ENGINE:
            return self.filter(kind=choices.NodeKind.DOCKER)
        return self.filter(Q(kind=choices.NodeKind.PROBE) | Q(reads_host=True))

    def idle(self) -> Self:
        """Nodes that no queued or running pull holds."""
        pulls: Any = self.model._meta.get_field("pulls").related_model
        active = pulls.objects.filter(node=OuterRef("pk"), state__in=choices.ACTIVE_PULLS)
        return self.filter(~Exists(active))


class PullQuerySet(VisibleQuerySet):
    environment_path = "node__environment"

    def active(self) -> Self:
        return self.filter(state__in=choices.ACTIVE_PULLS)

    def lease_expired(self) -> Self:
        return self.active().filter(lease_until__lt=timezone.now())


class EnrolmentTokenQuerySet(VisibleQuerySet):
    def in_states(self, states: Iterable[str]) -> Self:
        """Tokens that are in any of these states now."""
        unspent, now = Q(used_at__isnull=True, revoked_at__isnull=True), timezone.now()
        conditions = {
            choices.EnrolmentState.OPEN: unspent & Q(expires_at__gt=now),
            choices.EnrolmentState.USED: Q(used_at__isnull=False),
            choices.EnrolmentState.EXPIRED: unspent & Q(expires_at__lte=now),
            choices.EnrolmentState.REVOKED: Q(revoked_at__isnull=False),
        }
        return self.filter(reduce(or_, (conditions[choices.EnrolmentState(state)] for state in states)))


class AssetQuerySet(VisibleQuerySet):
    """Assets. An image has no environment of its own: it is seen by whoever sees a host that holds it."""

    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(within(ids))

    def present(self) -> Self:
        return self.filter(gone_at__isnull=True)


def within(environment_ids: list[int], prefix: str = "") -> Q:
    """Condition: the asset at `prefix` ("" or "asset__") is in these environments; an image by a host that holds it."""
    # The model behind a reverse relation, so that fleet need not import images, which is built on it.
    presence: Any = apps.get_model("fleet", "Asset")._meta.get_field("presences").related_model
    held = presence.objects.current().filter(host__environment__in=environment_ids).values("image")
    return Q(**{f"{prefix}environment__in": environment_ids}) | Q(
        **{f"{prefix}kind": choices.AssetKind.IMAGE, f"{prefix}id__in": held}
    )


class HostStateQuerySet(IntervalQuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(asset__environment__in=ids)


class ContainerStateQuerySet(HostStateQuerySet):
    def alive(self) -> Self:
        return self.filter(status__in=choices.ALIVE)
