"""Words for reading decisions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When

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

    def as_of(self, moment: datetime | None) -> Self:
        """Those that had been made at `moment` (None: now), each with the `state_then` that it was in."""
        if moment is None:
            return self.annotate(state_then=F("state"))
        then = Case(
            When(ended_at__lte=moment, then=F("state")),
            When(suspended_at__lte=moment, then=Value(DecisionState.SUSPENDED.value)),
            When(active_from__lte=moment, then=Value(DecisionState.ACTIVE.value)),
            default=Value(DecisionState.AWAITING_APPROVAL.value),
            output_field=models.CharField(),
        )
        return self.filter(created_at__lte=moment).annotate(state_then=then)


class ChangeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """A person's own; who sees the trail sees everybody's."""
        own: Any = self if user.may("history.view") else self.filter(by=user)
        return own


class OwnerRuleQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(environment__in=ids)
