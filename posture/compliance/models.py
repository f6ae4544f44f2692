"""What checks there are, what they said of each asset and since when, and the tallies behind "X of Y"."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from posture.base.intervals import Interval
from posture.compliance.querysets import CheckResultQuerySet


class Check(models.Model):
    """A check of the catalogue, as the running version declares it; retired ones stay for their history."""

    id = models.SmallAutoField(primary_key=True)
    slug = models.CharField(max_length=120, unique=True)
    title = models.CharField(max_length=300)
    severity = models.SmallIntegerField()
    asset_kind = models.CharField(max_length=10)
    rationale = models.TextField()
    remediation = models.TextField()
    evidence_source = models.CharField(max_length=100)
    requirements = models.JSONField(default=dict)  # framework id -> [requirement id]
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


class CheckResult(Interval):
    """What one check said of one asset, while its outcome and evidence stayed the same: passes too."""

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="check_results")
    check_definition = models.ForeignKey(
        Check, on_delete=models.PROTECT, related_name="results", db_column="check_id"
    )
    node = models.ForeignKey("fleet.Node", null=True, on_delete=models.SET_NULL, related_name="+")
    outcome = models.SmallIntegerField()  # compliance.choices.OUTCOMES
    severity = models.SmallIntegerField()
    evidence = ArrayField(models.TextField(), default=list)
    per_requirement = models.JSONField(null=True)

    objects = CheckResultQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset", "check_definition"),
                condition=Q(closed_at__isnull=True),
                name="one_current_result",
            ),
        )
        indexes = (
            models.Index(F("opened_at").desc(), F("id").desc(), name="result_newest"),
            models.Index(
                F("check_definition"),
                F("outcome"),
                F("opened_at").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=True),
                name="result_by_check",
            ),
            models.Index(
                F("severity"),
                F("opened_at").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=True),
                name="result_by_severity",
            ),
            models.Index(fields=("asset", "check_definition", "opened_at"), name="result_history"),
        )


class Tally(models.Model):
    """How many assets of an environment have each outcome of a check now. Written with the results, never counted late."""

    check_definition = models.ForeignKey(
        Check, on_delete=models.CASCADE, related_name="tallies", db_column="check_id"
    )
    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="+"
    )
    outcome = models.SmallIntegerField()
    assets = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("check_definition", "environment", "outcome"), nulls_distinct=False, name="one_tally"
            ),
        )

    def __str__(self) -> str:
        return f"{self.assets} assets"
