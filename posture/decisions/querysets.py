"""Words for reading decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from posture.decisions.choices import DecisionState
from posture.fleet.querysets import within

if TYPE_CHECKING:
    from posture.accounts.models import User


class DecisionQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Those that may hide something that the person sees: what is narrowed to another environment, or to an asset
        elsewhere, is not shown."""
        ids = user.environment_ids()
        if ids is None:
            return self
        here = Q(environment__isnull=True) | Q(environment__in=ids)
        return self.filter(here).filter(Q(asset__isnull=True) | within(ids, "asset__"))

    def active(self) -> Self:
        return self.filter(state=DecisionState.ACTIVE)


class ChangeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """A person's own; who sees the trail sees everybody's."""
        own: Any = self if user.may("history.view") else self.filter(by=user)
        return own


class OwnerRuleQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(environment__in=ids)
