"""Packages, each once for the whole fleet; vulnerabilities with their aliases; and what tools said of images."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from posture.base.intervals import Interval, IntervalQuerySet
from posture.base.trigrams import Trigrams
from posture.vulnerabilities.choices import ScanState
from scanners.reported import ReportedPackage


class Package(models.Model):
    """One version of one package for one architecture, as its ecosystem names it. See `scanners.reported.ReportedPackage`."""

    ecosystem = models.CharField(max_length=20)
    namespace = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    version = models.CharField(max_length=200)
    architecture = models.CharField(max_length=40)
    distribution = models.CharField(max_length=60)
    source_name = models.CharField(max_length=300)
    source_version = models.CharField(max_length=200)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("name", "ecosystem", "namespace", "version", "architecture", "distribution"),
                name="one_package_per_key",
            ),
        )
        indexes = (
            models.Index(
                fields=("source_name", "ecosystem"), condition=~Q(source_name=""), name="package_by_source"
            ),
            GinIndex(Trigrams("name"), name="package_name_trigrams"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def reported(self) -> ReportedPackage:
        """The package as a record, as it is in every image."""
        return ReportedPackage(
            ecosystem=self.ecosystem,
            namespace=self.namespace,
            name=self.name,
            version=self.version,
            architecture=self.architecture,
            distribution=self.distribution,
            source_name=self.source_name,
            source_version=self.source_version,
        )


class Vulnerability(models.Model):
    """An advisory group: what its aliases name too, counted once. `key` is its CVE where it has one.

    `severity` is the worst that a source gives to it by itself; a finding has the one that fits its package.
    """

    key = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=500)
    description = models.TextField()
    severity = models.SmallIntegerField(null=True)
    severities = models.JSONField(default=dict)  # source -> severity's number
    scores = models.JSONField(default=list)  # [[source, vector, score], …]
    weaknesses = ArrayField(models.CharField(max_length=30), default=list)
    references = ArrayField(models.TextField(), default=list)
    published_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    epss = models.FloatField(null=True)
    epss_percentile = models.FloatField(null=True)
    exploited_since = models.DateField(null=True)  # CISA's KEV catalogue: dateAdded
    fix_due_at = models.DateField(null=True)
    is_used_by_ransomware = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(F("epss").desc(nulls_last=True), F("id").desc(), name="vulnerability_by_epss"),
            models.Index(
                F("exploited_since").desc(),
                F("id").desc(),
                condition=Q(exploited_since__isnull=False),
                name="vulnerability_exploited",
            ),
            models.Index(
                F("severity").desc(nulls_last=True), F("id").desc(), name="vulnerability_by_severity"
            ),
        )

    def __str__(self) -> str:
        return self.key


class Alias(models.Model):
    """Another name of a vulnerability: GHSA, DSA, RHSA … A name means one vulnerability."""

    name = models.CharField(max_length=80, primary_key=True)
    vulnerability = models.ForeignKey(Vulnerability, on_delete=models.CASCADE, related_name="aliases")

    def __str__(self) -> str:
        return self.name


class PackageList(Interval):
    """The packages that one tool found in an image, while it finds the same. `layers` is as long as `packages`: the place
    of each one's layer in the image's list, -1 for not known."""

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="package_lists")
    tool = models.CharField(max_length=40)
    packages = ArrayField(models.IntegerField(), default=list)  # ids, rising
    layers = ArrayField(models.SmallIntegerField(), default=list)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset", "tool"), condition=Q(closed_at__isnull=True), name="one_current_package_list"
            ),
        )
        indexes = (
            # Which images hold one of these packages? One entry a package and list, delta-compressed by PostgreSQL.
            GinIndex(fields=["packages"], name="package_list_holds"),
            models.Index(fields=("asset", "opened_at"), name="package_list_history"),
        )


class Scan(models.Model):
    """What one tool last told of an image. `fingerprint` is of everything that it told but times: the same told again
    only moves `last_seen_at`."""

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="scans")
    tool = models.CharField(max_length=40)
    tool_version = models.CharField(max_length=60)
    format = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=ScanState.choices)
    reason = models.CharField(max_length=500)  # why it failed or is partial
    fingerprint = models.CharField(max_length=32)
    told_at = models.DateTimeField(null=True)  # when the tool made the report
    data_at = models.DateTimeField(null=True)  # age of the tool's own data
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    findings = models.IntegerField()
    packages = models.IntegerField(null=True)  # null: the tool lists none
    skipped = models.JSONField(default=list)  # [{"where", "reason"}], bounded
    skipped_total = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("asset", "tool"), name="one_scan_per_tool"),)
        indexes = (models.Index(F("last_seen_at").desc(), F("id").desc(), name="scan_newest"),)

    def __str__(self) -> str:
        return f"{self.tool} of {self.asset_id}"
