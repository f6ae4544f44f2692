"""Decisions about findings, what they hide and since when; what people did about findings; deadlines."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from posture.base.intervals import Interval, IntervalQuerySet
from posture.decisions import choices
from posture.decisions.querysets import ChangeQuerySet, DecisionQuerySet, OwnerRuleQuerySet
from posture.decisions.scope import Scope
from posture.findings.choices import OUTCOME_NUMBER, FindingKind, Outcome


class Decision(models.Model):
    """A word about findings: what it is about (the scope), what is decided and why, and what ends it.

    The scope names one problem (a vulnerability, a check, or else kind and key of a finding) and narrows where it is
    meant; what is empty narrows nothing. It holds no image's tag or row unless it is narrowed to one, so it outlives
    rebuilds.
    """

    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    layer = models.SmallIntegerField(choices=choices.Layer.choices, default=choices.Layer.PERSON)
    state = models.CharField(max_length=20, choices=choices.DecisionState.choices)

    vulnerability = models.ForeignKey(
        "vulnerabilities.Vulnerability",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
    )
    check_definition = models.ForeignKey(
        "compliance.Check",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
        db_column="check_id",
    )
    finding_kind = models.CharField(max_length=20, choices=FindingKind.choices, blank=True)
    finding_key = models.CharField(max_length=200, blank=True)
    ecosystem = models.CharField(max_length=20, blank=True)
    package = models.CharField(max_length=300, blank=True)  # by name, or by that of its source
    repository = models.CharField(max_length=500, blank=True)
    tag = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=100, blank=True)
    asset = models.ForeignKey(
        "fleet.Asset", null=True, blank=True, on_delete=models.CASCADE, related_name="decisions"
    )
    environment = models.ForeignKey(
        "fleet.Environment", null=True, blank=True, on_delete=models.CASCADE, related_name="decisions"
    )
    labels = models.JSONField(default=dict, blank=True)

    reason = models.CharField(max_length=60, choices=choices.Reason.choices)
    note = models.TextField(max_length=5000, blank=True)
    link = models.URLField(max_length=500, blank=True)

    expires_at = models.DateTimeField(null=True, blank=True)
    ends_when = models.CharField(
        max_length=20, choices=choices.EndsWhen.choices, default=choices.EndsWhen.NEVER
    )
    trips_on_exploited = models.BooleanField(default=True)
    trips_on_epss = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )  # at this and above
    trips_on_exposed = models.BooleanField(default=False)
    trips_on_control = models.CharField(max_length=40, blank=True)  # a mechanism that has to be in force
    trips_on_version = models.BooleanField(default=False)
    # How things stood when it was decided: a tripwire tells of what is new since.
    was_exploited = models.BooleanField(default=False)
    was_exposed = models.BooleanField(default=False)
    versions = ArrayField(models.CharField(max_length=300), default=list, blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="decisions"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    active_from = models.DateTimeField(null=True, blank=True)
    # Both are kept when it ends for good later.
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_because = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=500, blank=True)
    statement = models.ForeignKey(
        "vulnerabilities.Statement",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decisions",
    )
    change = models.ForeignKey(
        "Change", null=True, blank=True, on_delete=models.SET_NULL, related_name="decisions"
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("state", "-id"), name="decision_by_state"),
            models.Index(
                fields=("expires_at", "id"),
                condition=Q(state=choices.DecisionState.ACTIVE, expires_at__isnull=False),
                name="decision_by_expiry",
            ),
            models.Index(
                fields=("finding_kind", "finding_key"), condition=~Q(finding_kind=""), name="decision_of_key"
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="decision_about_one_problem",
                condition=(
                    Q(vulnerability__isnull=False, check_definition__isnull=True, finding_kind="")
                    | Q(vulnerability__isnull=True, check_definition__isnull=False, finding_kind="")
                    | (Q(vulnerability__isnull=True, check_definition__isnull=True) & ~Q(finding_kind=""))
                ),
            ),
            models.UniqueConstraint(
                fields=("statement",),
                condition=Q(state=choices.DecisionState.ACTIVE, statement__isnull=False),
                name="one_decision_per_statement",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.problem}"

    @property
    def problem(self) -> str:
        """What it is about, in words. Reads the vulnerability or check that it refers to."""
        if self.vulnerability is not None:
            return f"{self.vulnerability.key}{f' in {self.package}' if self.package else ''}"
        if self.check_definition is not None:
            return self.check_definition.slug
        return f"{self.finding_kind} {self.finding_key}"

    @property
    def outcome_number(self) -> int:
        return OUTCOME_NUMBER[self.outcome]

    @property
    def scope(self) -> Scope:
        return Scope(
            vulnerability_id=self.vulnerability_id,
            check_id=self.check_definition_id,
            kind=self.finding_kind,
            key=self.finding_key,
            ecosystem=self.ecosystem,
            package=self.package,
            repository=self.repository,
            tag=self.tag,
            digest=self.digest,
            asset_id=self.asset_id,
            environment_id=self.environment_id,
            labels=tuple(sorted(self.labels.items())),
        )


class Verdict(Interval):
    """That a decision was in force over a finding, while it was: of all that are about it, the one that decides."""

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.CASCADE, related_name="verdicts", db_index=False
    )
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="verdicts", db_index=False)
    outcome = models.SmallIntegerField()

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("finding", "closed_at"), nulls_distinct=False, name="one_current_verdict"
            ),
        )
        indexes = (models.Index(fields=("decision", "closed_at"), name="verdict_of_decision"),)


class Change(models.Model):
    """One act of a person on any number of findings, which can be undone as a whole."""

    verb = models.CharField(max_length=20)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    findings_total = models.IntegerField()
    undone_at = models.DateTimeField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.verb} of {self.findings_total}"


class Activity(models.Model):
    """What one change did to one finding: `before` is what undoing it brings back."""

    finding = models.ForeignKey(
        "findings.Finding", on_delete=models.CASCADE, related_name="activity", db_index=False
    )
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="activity", db_index=False)
    before = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("finding", "change"), name="one_activity_per_change"),)
        indexes = (models.Index(fields=("change",), name="activity_of_change"),)

    def __str__(self) -> str:
        return f"{self.change_id} on {self.finding_id}"


class OwnerRule(models.Model):
    """Which team looks after findings of assets in an environment, with these labels, of this repository. The first rule
    that fits gives new findings their team; whom people name stays."""

    position = models.PositiveIntegerField(default=100)  # lower ones are asked first
    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="+"
    )
    labels = models.JSONField(default=dict, blank=True)
    repository = models.CharField(max_length=500, blank=True)
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="owner_rules")

    objects = OwnerRuleQuerySet.as_manager()

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return f"{self.position}: {self.team}"


class Deadline(models.Model):
    """Within how many days an environment wants findings of a severity mended. Null narrows nothing; of several that fit,
    the shortest holds."""

    environment = models.ForeignKey("fleet.Environment", on_delete=models.CASCADE, related_name="deadlines")
    severity = models.SmallIntegerField()
    is_exposed = models.BooleanField(null=True)
    is_exploited = models.BooleanField(null=True)
    days = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(3650)])
    starts = models.CharField(
        max_length=10, choices=choices.ClockStart.choices, default=choices.ClockStart.OPENED
    )

    class Meta:
        ordering = (F("environment"), F("severity").desc(), F("days"), F("id"))
        constraints = (
            models.UniqueConstraint(
                fields=("environment", "severity", "is_exposed", "is_exploited", "starts"),
                nulls_distinct=False,
                name="one_deadline_per_case",
            ),
        )

    def __str__(self) -> str:
        return f"{self.days} days"
