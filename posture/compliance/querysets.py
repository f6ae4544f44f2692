"""Words for reading check results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from posture.base.intervals import IntervalQuerySet
from posture.compliance.choices import NUMBER
from posture.fleet.querysets import within
from scanners.records import Outcome

if TYPE_CHECKING:
    from posture.accounts.models import User


class CheckResultQuerySet(IntervalQuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(within(ids, "asset__"))

    def failing(self) -> Self:
        return self.filter(outcome=NUMBER[Outcome.FAIL])
