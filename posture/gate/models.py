"""What an environment demands of an image before it is deployed, and what was answered when somebody asked."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from posture.gate.querysets import GateDecisionQuerySet, GatePolicyQuerySet


class GatePolicy(models.Model):
    """The policy of one environment; that of `environment` null holds for those without one of their own.

    A rule that is null or False demands nothing. Vulnerabilities count from `refuse_severity` on; `only_fixable`,
    `only_in_use` and `grace_days` leave some of them out. Whether one is exploited is a rule of its own, and spares none.
    """

    environment = models.OneToOneField(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="gate_policy"
    )
    refuse_severity = models.SmallIntegerField(null=True)
    only_fixable = models.BooleanField(default=False)
    only_in_use = models.BooleanField(default=False)
    grace_days = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(3650)])
    refuse_exploited = models.BooleanField(default=True)
    refuse_epss = models.FloatField(null=True, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    refuse_secrets = models.BooleanField(default=True)
    max_age_days = models.PositiveIntegerField(null=True, validators=[MinValueValidator(1)])
    require_scan = models.BooleanField(default=True)
    require_signature = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = GatePolicyQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("environment",), nulls_distinct=False, name="one_gate_policy_per_environment"
            ),
        )

    def __str__(self) -> str:
        return "for every environment" if self.environment is None else self.environment.name


class GateDecision(models.Model):
    """One answer of the gate. `policy` is what was demanded, as it stood; `reasons` why the image was refused."""

    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    image = models.ForeignKey(
        "fleet.Asset", null=True, on_delete=models.SET_NULL, related_name="gate_decisions"
    )
    image_name = models.CharField(max_length=300)
    digest = models.CharField(max_length=100, blank=True)
    is_allowed = models.BooleanField()
    reasons = models.JSONField(default=list)  # [{"rule", "text", "count", "examples"}]
    policy = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField()

    objects = GateDecisionQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(F("id").desc(), condition=Q(is_allowed=False), name="gate_refused"),
            models.Index(fields=("environment", "-id"), name="gate_in_environment"),
        )

    def __str__(self) -> str:
        return f"{self.image_name}: {'allowed' if self.is_allowed else 'refused'}"

    @property
    def asked_by_name(self) -> str | None:
        return None if self.asked_by is None else self.asked_by.username
