"""State as intervals: nothing that matters is overwritten, and `as_of` is one word over every such table."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models


class IntervalQuerySet(models.QuerySet):
    def current(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def as_of(self, moment: datetime | None) -> Self:
        """The rows that were true at `moment`; None means now. An interval is closed at its start, open at its end."""
        if moment is None:
            return self.current()
        return self.filter(
            models.Q(closed_at__isnull=True) | models.Q(closed_at__gt=moment), opened_at__lte=moment
        )


class Interval(models.Model):
    """A row that was true from `opened_at` until `closed_at` (null while it still is)."""

    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
