"""Findings: one problem on one asset is one row; each time it was open is one interval."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from posture.base.intervals import Interval, IntervalQuerySet
from posture.findings.choices import FindingKind
from posture.findings.querysets import FindingQuerySet
from posture.vulnerabilities.choices import Use


class Finding(models.Model):
    """One problem on one asset. `key` names the problem within its asset and never depends on order or free text.

    `points` (0..100) and `factors` come from the published formula (`risk.points`); `closed_at` is null while open.
    """

    # These tables are large, so each index must earn its place: the constraint below begins with the asset, and lists by
    # environment, check, vulnerability and node have indexes of their own, made for them.
    asset = models.ForeignKey(
        "fleet.Asset", on_delete=models.CASCADE, related_name="findings", db_index=False
    )
    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20, choices=FindingKind.choices, default=FindingKind.FAILED_CHECK)
    key = models.CharField(max_length=200)
    check_definition = models.ForeignKey(
        "compliance.Check",
        null=True,
        on_delete=models.PROTECT,
        related_name="findings",
        db_column="check_id",
        db_index=False,
    )
    vulnerability = models.ForeignKey(
        "vulnerabilities.Vulnerability",
        null=True,
        on_delete=models.PROTECT,
        related_name="findings",
        db_index=False,
    )
    package = models.ForeignKey(
        "vulnerabilities.Package",
        null=True,
        on_delete=models.PROTECT,
        related_name="findings",
        db_index=False,
    )
    node = models.ForeignKey(
        "fleet.Node", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    severity = models.SmallIntegerField()
    points = models.FloatField()
    factors = models.JSONField(default=list)  # [[name, detail, factor], …]; the first is the base
    evidence = ArrayField(models.TextField(), default=list)
    first_opened_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    times_opened = models.IntegerField(default=1)
    # Whether a vulnerability's package was seen loaded in a running container; of other kinds it says nothing.
    use = models.SmallIntegerField(choices=Use.choices, default=Use.NOT_MEASURED, db_default=0)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("asset", "kind", "key"), name="one_finding_per_key"),)
        indexes = (
            models.Index(
                F("points").desc(), F("id").desc(), condition=Q(closed_at__isnull=True), name="open_by_points"
            ),
            models.Index(
                # Serves the severity filter ordered by points too; by points alone, mild ones are far down.
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=True),
                name="open_by_severity",
            ),
            models.Index(
                # Counts by environment and severity, from the index alone.
                fields=("environment", "severity"),
                condition=Q(closed_at__isnull=True),
                name="open_in_environment",
            ),
            models.Index(
                # Groups by check are read from this alone; a page by points merges one range per severity.
                F("check_definition"),
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=True),
                name="open_of_check",
            ),
            models.Index(fields=("node",), condition=Q(node__isnull=False), name="finding_of_node"),
            models.Index(
                fields=("environment",), condition=Q(environment__isnull=False), name="finding_in_environment"
            ),
            models.Index(
                fields=("vulnerability", "package"),
                condition=Q(vulnerability__isnull=False),
                name="finding_of_vulnerability",
            ),
            models.Index(
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=False),
                name="resolved_by_points",
            ),
            models.Index(
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=False),
                name="resolved_by_severity",
            ),
            models.Index(
                fields=("id",), condition=Q(closed_at__isnull=True, times_opened__gt=1), name="open_again"
            ),
            models.Index(
                F("opened_at").desc(), F("id").desc(), condition=Q(closed_at__isnull=True), name="open_newest"
            ),
            models.Index(
                F("closed_at").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=False),
                name="resolved_newest",
            ),
            models.Index(
                # Only what was measured: a filter for the rest is served by the order that is asked for.
                F("use"),
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=True, use__gt=0),
                name="open_by_use",
            ),
            models.Index(F("points").desc(), F("id").desc(), name="finding_by_points"),
            models.Index(F("opened_at").desc(), F("id").desc(), name="finding_newest"),
        )

    def __str__(self) -> str:
        return f"{self.key} on {self.asset_id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class OpenInterval(Interval):
    """One time that a finding was open, with the evidence of that time."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="intervals", db_index=False)
    severity = models.SmallIntegerField()
    evidence = ArrayField(models.TextField(), default=list)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("finding",), condition=Q(closed_at__isnull=True), name="one_open_interval"
            ),
        )
        indexes = (models.Index(fields=("finding", "opened_at"), name="interval_of_finding"),)


class Attribution(Interval):
    """One tool's word on a finding, while it says the same. A finding is open while one word is left that is not closed."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="attributions")
    tool = models.CharField(max_length=40)
    severity = models.SmallIntegerField(null=True)  # null: the tool gives none
    status = models.SmallIntegerField()  # vulnerabilities.choices.FIX_STATUSES
    fixed_versions = ArrayField(models.TextField(), default=list)
    outranks = models.BooleanField(default=False)  # its severity comes from who made the package

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("finding", "tool"),
                condition=Q(closed_at__isnull=True),
                name="one_current_attribution",
            ),
        )
