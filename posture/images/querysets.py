"""Words for reading images."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from posture.base.intervals import IntervalQuerySet
from posture.fleet.figures import during
from posture.fleet.querysets import within

if TYPE_CHECKING:
    from posture.accounts.models import User


class ImageQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(within(ids, "asset__"))

    def as_of(self, moment: datetime | None) -> Self:
        """Images that some host held at `moment`; None means now."""
        if moment is None:
            return self.filter(asset__gone_at__isnull=True)
        # One that left and came back was away in between: its load tells, which ends and begins with it.
        return self.filter(during("asset__loads", moment), asset__first_seen_at__lte=moment)


class TrustedSignerQuerySet(models.QuerySet):
    """Who is trusted everywhere is trusted in each environment, so everybody sees those."""

    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(Q(environment__isnull=True) | Q(environment__in=ids))


class ImageSignatureQuerySet(IntervalQuerySet):
    """Outcomes in an environment are for those who see it; the one by signers trusted everywhere is for all who see
    the image."""

    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(Q(environment__isnull=True) | Q(environment__in=ids))
