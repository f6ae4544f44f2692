"""Words for reading defences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from posture.base.intervals import IntervalQuerySet

if TYPE_CHECKING:
    from posture.accounts.models import User


class DefenceQuerySet(IntervalQuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(asset__environment__in=ids)
