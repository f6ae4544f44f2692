"""Words for reading findings."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef

from posture.fleet.querysets import within

if TYPE_CHECKING:
    from posture.accounts.models import User


class FindingQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(within(ids, "asset__"))

    def open(self, moment: datetime | None = None) -> Self:
        """Open now, or at `moment`."""
        if moment is None:
            return self.filter(closed_at__isnull=True)
        return self.filter(first_opened_at__lte=moment).filter(Exists(self._intervals_at(moment)))

    def resolved(self, moment: datetime | None = None) -> Self:
        """Known and not open, now or at `moment`."""
        if moment is None:
            return self.filter(closed_at__isnull=False)
        return self.filter(first_opened_at__lte=moment).filter(~Exists(self._intervals_at(moment)))

    def known(self, moment: datetime | None = None) -> Self:
        """Everything ever found until now, or until `moment`."""
        return self if moment is None else self.filter(first_opened_at__lte=moment)

    def _intervals_at(self, moment: datetime) -> Any:
        intervals: Any = self.model._meta.get_field("intervals").related_model
        return intervals.objects.as_of(moment).filter(finding=OuterRef("pk"))
