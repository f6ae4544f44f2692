"""Words for reading what is told to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from posture.accounts.models import User


class WebhookQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """A webhook of the whole fleet is for those who see all of it."""
        ids = user.environment_ids()
        return self if ids is None else self.filter(environment__in=ids)


class DigestQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """A person's own; whoever manages notifications, and whoever reads the trail, sees everybody's."""
        everybodys: Any = self if sees_all(user) else self.filter(owner=user)
        return everybodys


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        everybodys: Any = self if sees_all(user) else self.filter(Q(person=user))
        return everybodys


def sees_all(user: User) -> bool:
    """Whether a person reads what is told to others: it can be about any environment."""
    manages = user.may("notifications.change") or user.may("history.view")
    return manages and user.environment_ids() is None
