"""Words for reading uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from posture.collection.choices import ACTIVE_UPLOADS

if TYPE_CHECKING:
    from posture.accounts.models import User


class UploadQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Who is limited to environments sees only what was uploaded under their own name: a report may be of anything."""
        return self if user.environment_ids() is None else self.filter(uploaded_by=user)

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_UPLOADS)
