"""Words for reading defences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from posture.base.intervals import IntervalQuerySet

if TYPE_CHECKING:
    from posture.accounts.models import User


class DefenceQuerySet(IntervalQuerySet):
    def of_rows(self, probes: models.QuerySet) -> Self:
        """The cells in these rows of the matrix (host or container probes)."""
        relation = probes.model._meta.get_field("asset").remote_field.related_name
        return self.filter(**{f"asset__{relation}__in": probes.order_by().values("pk")})

    def count_states(self) -> dict[tuple[str, str], int]:
        """How many cells of each mechanism are in each state: (mechanism, state) -> number. One query."""
        rows = self.values_list("mechanism", "state").annotate(number=models.Count("*")).order_by()
        return {(mechanism, state): number for mechanism, state, number in rows}

    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(asset__environment__in=ids)
