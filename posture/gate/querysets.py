"""Words for reading policies and decisions of the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from posture.accounts.models import User


class GatePolicyQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """The policy for every environment is everybody's to know."""
        ids = user.environment_ids()
        return self if ids is None else self.filter(Q(environment__isnull=True) | Q(environment__in=ids))


class GateDecisionQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(environment__in=ids)
