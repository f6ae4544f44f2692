"""Kernel defences: what stands between an attacker and the kernel, on each host and around each container."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from posture.base.intervals import Interval
from posture.defences.choices import DefenceState
from posture.defences.querysets import DefenceQuerySet

_CURRENT = Q(closed_at__isnull=True)
_NEWEST = (F("state_since").desc(), F("id").desc())


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
                fields=("asset", "mechanism"), condition=_CURRENT, name="one_current_defence"
            ),
        )
        indexes = (
            models.Index(
                fields=("mechanism", "state", "asset"),
                condition=_CURRENT,
                name="defence_by_state",
            ),
            models.Index(fields=("asset", "mechanism", "opened_at"), name="defence_history"),
            # Pages of cells, newest first: of all, of a state, of a mechanism in a state; and by mechanism. Those of all
            # serve the past too.
            models.Index(*_NEWEST, name="defence_newest"),
            models.Index(F("state"), *_NEWEST, condition=_CURRENT, name="defence_of_state"),
            models.Index(
                F("mechanism"), F("state"), *_NEWEST, condition=_CURRENT, name="defence_of_mechanism"
            ),
            models.Index(fields=("mechanism", "id"), name="defence_by_mechanism"),
        )
