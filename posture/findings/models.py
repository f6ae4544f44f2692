"""Findings: one problem on one asset is one row; each time it was open is one interval."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When

from posture.base.intervals import Interval, IntervalQuerySet
from posture.findings.agreement import Word
from posture.findings.choices import FindingKind, Work
from posture.findings.querysets import FindingQuerySet
from posture.vulnerabilities.choices import Use
from scanners.records import Severity

# Open, and nothing is decided: what lists show until they are told otherwise, and so what their indexes hold.
ON_THE_WORKLIST = Q(closed_at__isnull=True, decided__isnull=True)


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
    factors = models.JSONField(default=list)  # [[name, detail, factor], …]; the base goes without saying
    evidence = ArrayField(models.TextField(), default=list)
    first_opened_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    times_opened = models.IntegerField(default=1)
    agreement = models.SmallIntegerField(
        null=True
    )  # number of `choices.AGREEMENTS`; null: no tool reports it
    fix = models.SmallIntegerField(
        null=True
    )  # number of `vulnerabilities.choices.FIX_STATUSES`; null likewise
    # What was decided of it, while it holds: number of `choices.OUTCOME_NUMBER`. By whom, and until when: `decisions`.
    decided = models.SmallIntegerField(null=True)
    work = models.SmallIntegerField(choices=Work.choices, null=True)  # what people do about it
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    due_at = models.DateTimeField(null=True)  # by the deadlines of its environment; null: it has none
    # Whether a vulnerability's package was seen loaded in a running container; of other kinds it says nothing.
    use = models.SmallIntegerField(choices=Use.choices, default=Use.NOT_MEASURED, db_default=0)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("asset", "kind", "key"), name="one_finding_per_key"),)
        indexes = (
            models.Index(
                # Serves orders by points too: a page merges one range per severity.
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=ON_THE_WORKLIST,
                name="open_by_severity",
            ),
            models.Index(
                # Counts by environment and severity, from the index alone.
                fields=("environment", "severity"),
                condition=ON_THE_WORKLIST,
                name="open_in_environment",
            ),
            models.Index(
                # Groups by check are read from this alone; a page by points merges one range per severity.
                F("check_definition"),
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=ON_THE_WORKLIST & Q(check_definition__isnull=False),
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
                # The first of a package is its worst.
                F("package"),
                F("severity").desc(),
                condition=ON_THE_WORKLIST & Q(package__isnull=False),
                name="open_of_package",
            ),
            models.Index(
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=False),
                name="resolved_by_severity",
            ),
            models.Index(
                fields=("id",), condition=ON_THE_WORKLIST & Q(times_opened__gt=1), name="open_again"
            ),
            models.Index(
                # Without the id: what opens together has one entry, and is sorted when it is read.
                fields=("-opened_at",),
                condition=ON_THE_WORKLIST,
                name="open_newest",
            ),
            models.Index(
                F("closed_at").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=False),
                name="resolved_newest",
            ),
            models.Index(
                F("opened_at").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=False),
                name="resolved_by_opening",
            ),
            models.Index(
                # Few values, and so a small index: what is frequent is found by points, what is rare by this. PostgreSQL
                # skips over the values of a column that is not asked for.
                fields=("kind", "agreement", "fix"),
                condition=ON_THE_WORKLIST,
                name="open_by_kind",
            ),
            models.Index(
                # Only what was measured: a filter for the rest is served by the order that is asked for.
                F("use"),
                F("points").desc(),
                F("id").desc(),
                condition=ON_THE_WORKLIST & Q(use__gt=0),
                name="open_by_use",
            ),
            models.Index(
                # The first of a vulnerability is one that was seen in use, if there is one.
                F("vulnerability"),
                F("use").desc(),
                condition=ON_THE_WORKLIST & Q(use__gt=0),
                name="open_use_of_vulnerability",
            ),
            # The rest are few: what is decided, worked on, owned, or due.
            models.Index(
                F("severity").desc(),
                F("points").desc(),
                F("id").desc(),
                condition=Q(closed_at__isnull=True, decided__isnull=False),
                name="decided_by_severity",
            ),
            models.Index(
                fields=("work",), condition=ON_THE_WORKLIST & Q(work__isnull=False), name="open_by_work"
            ),
            models.Index(
                fields=("assignee",),
                condition=ON_THE_WORKLIST & Q(assignee__isnull=False),
                name="open_of_assignee",
            ),
            models.Index(
                fields=("team",), condition=ON_THE_WORKLIST & Q(team__isnull=False), name="open_of_team"
            ),
            models.Index(
                fields=("due_at", "id"),
                condition=ON_THE_WORKLIST & Q(due_at__isnull=False),
                name="open_by_due",
            ),
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
    # When the finding was due as the interval ended: the finding's own is another one when it comes back.
    due_at = models.DateTimeField(null=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        # One index for two needs: at most one interval is open, and a finding's intervals are found.
        constraints = (
            models.UniqueConstraint(
                fields=("finding", "closed_at"), nulls_distinct=False, name="one_open_interval"
            ),
        )
        # Intervals are written as they happen, so that ranges of time are ranges of the table: a few pages of index.
        indexes = (
            BrinIndex(fields=("opened_at",), autosummarize=True, name="interval_opened"),
            BrinIndex(fields=("closed_at",), autosummarize=True, name="interval_closed"),
        )


class PastWeight(models.Model):
    """What a finding weighed until a moment at which its points changed. See `weights`."""

    finding = models.ForeignKey(
        Finding, on_delete=models.CASCADE, related_name="past_weights", db_index=False
    )
    until = models.DateTimeField()
    points = models.FloatField()
    factors = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("finding", "until"), name="one_past_weight_per_moment"),
        )

    def __str__(self) -> str:
        return f"{self.points} until {self.until}"


class Attribution(Interval):
    """One tool's word on a finding, while it says the same. A finding is open while one word is left that is not closed."""

    finding = models.ForeignKey(
        Finding, on_delete=models.CASCADE, related_name="attributions", db_index=False
    )
    tool = models.CharField(max_length=40)
    severity = models.SmallIntegerField(null=True)  # null: the tool gives none
    status = models.SmallIntegerField()  # vulnerabilities.choices.FIX_STATUSES
    fixed_versions = ArrayField(models.TextField(), default=list)
    outranks = models.BooleanField(default=False)  # its severity comes from who made the package

    objects = IntervalQuerySet.as_manager()

    class Meta:
        # One index for two needs, as above.
        constraints = (
            models.UniqueConstraint(
                fields=("finding", "tool", "closed_at"), nulls_distinct=False, name="one_current_attribution"
            ),
        )

    @property
    def word(self) -> Word:
        return Word(
            severity=None if self.severity is None else Severity(self.severity),
            status=self.status,
            fixed_versions=tuple(self.fixed_versions),
            outranks=self.outranks,
        )


class Witness(models.Model):
    """A tool that looked through a whole image for vulnerabilities, and in which ecosystems: where it looked, its silence
    is a word too."""

    asset = models.ForeignKey(
        "fleet.Asset", on_delete=models.CASCADE, related_name="witnesses", db_index=False
    )
    tool = models.CharField(max_length=40)
    ecosystems = ArrayField(models.CharField(max_length=20), default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("asset", "tool"), name="one_witness_per_tool"),)

    def __str__(self) -> str:
        return f"{self.tool} of {self.asset_id}"


class Reach(models.Model):
    """How far a vulnerability reaches: images, and findings on the worklist.

    An image lies in a set of environments, those of the hosts that hold it, and is counted in the one row of exactly that
    set; so the sum over the sets that touch some environments counts no image twice. The row without a set is the fleet.
    """

    environments = ArrayField(models.BigIntegerField(), null=True)  # ids, rising
    images = models.IntegerField(default=0)
    critical = models.IntegerField(default=0)
    high = models.IntegerField(default=0)
    medium = models.IntegerField(default=0)
    low = models.IntegerField(default=0)
    info = models.IntegerField(default=0)
    fixable = models.IntegerField(default=0)
    disputed = models.IntegerField(default=0)
    single_source = models.IntegerField(default=0)
    ecosystems = ArrayField(
        models.CharField(max_length=20), default=list
    )  # of the packages it was ever found in
    findings = models.GeneratedField(
        expression=F("critical") + F("high") + F("medium") + F("low") + F("info"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    worst = models.GeneratedField(  # number of the severity; -1: none is open
        expression=Case(
            When(critical__gt=0, then=Value(4)),
            When(high__gt=0, then=Value(3)),
            When(medium__gt=0, then=Value(2)),
            When(low__gt=0, then=Value(1)),
            When(info__gt=0, then=Value(0)),
            default=Value(-1),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.images} images"


class Tally(Reach):
    """How far a vulnerability reaches now, never counted late. See `tallies`."""

    vulnerability = models.ForeignKey(
        "vulnerabilities.Vulnerability", on_delete=models.CASCADE, related_name="tallies", db_index=False
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("vulnerability", "environments"), nulls_distinct=False, name="one_vulnerability_tally"
            ),
        )
        indexes = (
            models.Index(
                F("worst").desc(),
                F("images").desc(),
                F("vulnerability").desc(),
                condition=Q(environments__isnull=True),
                name="tally_by_severity",
            ),
            models.Index(
                F("images").desc(),
                F("vulnerability").desc(),
                condition=Q(environments__isnull=True),
                name="tally_by_images",
            ),
        )


class CountedMoment(models.Model):
    """A past moment of which somebody asked how far vulnerabilities reached, and when that was counted."""

    at = models.DateTimeField(unique=True)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.at.isoformat()


class PastTally(Reach):
    """How far a vulnerability reached at a counted moment. See `past_tallies`."""

    moment = models.ForeignKey(
        CountedMoment, on_delete=models.CASCADE, related_name="tallies", db_index=False
    )
    vulnerability = models.ForeignKey(
        "vulnerabilities.Vulnerability",
        on_delete=models.CASCADE,
        related_name="past_tallies",
        db_index=False,
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("moment", "vulnerability", "environments"),
                nulls_distinct=False,
                name="one_past_tally",
            ),
        )


class TallyChange(models.Model):
    """What one transaction changed of the tallies for one image, until `tallies.fold` adds it to them. The lists are as
    long as `vulnerabilities`."""

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="+", db_index=False)
    vulnerabilities = ArrayField(models.BigIntegerField())
    images = ArrayField(models.SmallIntegerField())
    critical = ArrayField(models.IntegerField())
    high = ArrayField(models.IntegerField())
    medium = ArrayField(models.IntegerField())
    low = ArrayField(models.IntegerField())
    info = ArrayField(models.IntegerField())
    fixable = ArrayField(models.IntegerField())
    disputed = ArrayField(models.IntegerField())
    single_source = ArrayField(models.IntegerField())
    ecosystems = ArrayField(models.TextField())  # each one's, joined by commas

    def __str__(self) -> str:
        return f"of {self.asset_id}"


class Placement(models.Model):
    """In the row of which environments an image is counted."""

    asset = models.OneToOneField(
        "fleet.Asset", primary_key=True, on_delete=models.CASCADE, related_name="placement"
    )
    environments = ArrayField(models.BigIntegerField(), default=list)

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.environments}"
