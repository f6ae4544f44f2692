"""Kernel defences: what stands between an attacker and the kernel, on each host and around each container."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from posture.base.intervals import Interval
from posture.defences.choices import DefenceState
from posture.defences.querysets import DefenceQuerySet


class Defence(Interval):
    """The state of one mechanism on one asset, while it and its evidence stayed the same."""

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="defences")
    mechanism = models.CharField(max_length=40)
    state = models.CharField(max_length=16, choices=DefenceState.choices)
    state_since = models.DateTimeField()  # earlier than opened_at when only the evidence changed
    evidence = ArrayField(models.TextField(), default=list)

    objects = DefenceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset", "mechanism"), condition=Q(closed_at__isnull=True), name="one_current_defence"
            ),
        )
        indexes = (
            models.Index(
                fields=("mechanism", "state", "asset"),
                condition=Q(closed_at__isnull=True),
                name="defence_by_state",
            ),
            models.Index(fields=("asset", "mechanism", "opened_at"), name="defence_history"),
        )
