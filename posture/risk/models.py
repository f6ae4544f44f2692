"""Loads over time. The formula is in `risk.formula`; the present is also on `fleet.Asset`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from posture.base.intervals import Interval, IntervalQuerySet


class Load(Interval):
    """An asset's load while it stayed the same. `load` is null when nothing was measured."""

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="loads")
    load = models.FloatField(null=True)
    energy = models.FloatField()
    coverage = models.FloatField()
    band = models.FloatField(null=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset",), condition=Q(closed_at__isnull=True), name="one_current_load"
            ),
        )
        indexes = (models.Index(fields=("asset", "opened_at"), name="load_history"),)
