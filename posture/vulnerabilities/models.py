"""Packages, each once for the whole fleet; vulnerabilities with their aliases; and what tools said of images."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from posture.base.intervals import Interval, IntervalQuerySet
from posture.base.trigrams import Trigrams
from posture.vulnerabilities.choices import FeedKind, JobPriority, JobState, ScanState, VexChoices
from posture.vulnerabilities.querysets import ScanJobQuerySet
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
    # Under which advisories may concern it: `scanners.advisories.names`, as text.
    lookups = ArrayField(models.TextField(), default=list)
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
            GinIndex(fields=["lookups"], name="package_by_lookup"),
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
    # Another group that turned out to be the same: its names and findings are that one's now.
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", db_index=False
    )

    class Meta:
        indexes = (
            models.Index(
                fields=("merged_into",), condition=Q(merged_into__isnull=False), name="vulnerability_merged"
            ),
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


class PackageFiles(models.Model):
    """Programs and libraries that a package owns, wherever in the fleet it is installed: what can be seen loaded.

    A distribution's package has the same ones everywhere; of others, which may be installed anywhere, these are all places
    together. `scanners.loaded_files.canonical` spells them.
    """

    package = models.OneToOneField(
        Package, primary_key=True, on_delete=models.CASCADE, related_name="owned_files"
    )
    paths = ArrayField(models.TextField(), default=list)

    def __str__(self) -> str:
        return f"{len(self.paths)} files"


class ImageUse(models.Model):
    """What is watched of an image's use. `watched_since` is null when not all that runs of it is watched: then a package that
    was not seen may be in use all the same. `signature` is of what it was worked out from; "" asks for it anew."""

    image = models.OneToOneField(
        "fleet.Asset", primary_key=True, on_delete=models.CASCADE, related_name="use"
    )
    signature = models.CharField(max_length=32)
    watched_since = models.DateTimeField(null=True)
    is_long = models.BooleanField(default=False)  # watched long enough for "not seen" to weigh
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"use of {self.image_id}"


class PackageUse(models.Model):
    """A package of an image that was seen loaded: since when that is known, in which container, and by which file."""

    image = models.ForeignKey(
        "fleet.Asset", on_delete=models.CASCADE, related_name="packages_in_use", db_index=False
    )
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="uses")
    container = models.ForeignKey("fleet.Asset", null=True, on_delete=models.SET_NULL, related_name="+")
    path = models.TextField()
    since = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("image", "package"), name="one_use_per_package_of_image"),
        )

    def __str__(self) -> str:
        return self.path


class ScanJob(models.Model):
    """One of our own tools and one image: when it looks at it, or why it could not. What it then told is its `Scan`.

    The token fences a run: whoever lost the lease can no longer write how it ended.
    """

    asset = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="scan_jobs")
    tool = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    priority = models.SmallIntegerField(choices=JobPriority.choices, default=JobPriority.REST)
    attempts = models.IntegerField(default=0)  # since it last went well
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)  # null: when a newer tool or database is there
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    worker = models.CharField(max_length=120, default="")
    lease_until = models.DateTimeField(null=True)
    code = models.CharField(max_length=30, default="")  # of the failure; "" when there was none
    reason = models.CharField(max_length=1000, default="")
    node = models.ForeignKey("fleet.Node", null=True, on_delete=models.SET_NULL, related_name="+")
    seconds = models.FloatField(null=True)
    bytes = models.BigIntegerField(null=True)  # of the image, as it was read
    tool_version = models.CharField(max_length=60, default="")
    data_at = models.DateTimeField(null=True)  # age of the tool's database, when it last went well

    objects = ScanJobQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("asset", "tool"), name="one_scan_job_per_tool"),)
        indexes = (
            models.Index(
                fields=("priority", "next_try_at", "id"),
                condition=Q(state__in=(JobState.WAITING, JobState.FAILED)),
                name="scan_job_due",
            ),
            models.Index(
                fields=("lease_until",), condition=Q(state=JobState.RUNNING), name="scan_job_leases"
            ),
        )

    def __str__(self) -> str:
        return f"{self.tool} for {self.asset_id}"


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
    # Of the whole report, and how many images it told of: while all of them have it, the same report tells nothing new.
    report_mark = models.CharField(max_length=32, default="")
    report_images = models.IntegerField(default=0)
    told_at = models.DateTimeField(null=True)  # when the tool made the report
    data_at = models.DateTimeField(null=True)  # age of the tool's own data
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    findings = models.IntegerField()
    packages = models.IntegerField(null=True)  # null: the tool lists none
    skipped = models.JSONField(default=list)  # [{"where", "reason"}], bounded
    skipped_total = models.IntegerField(default=0)

    job: ScanJob | None = None  # set by `scans.of_image`

    class Meta:
        constraints = (models.UniqueConstraint(fields=("asset", "tool"), name="one_scan_per_tool"),)
        indexes = (
            models.Index(F("last_seen_at").desc(), F("id").desc(), name="scan_newest"),
            models.Index(fields=("report_mark",), condition=~Q(report_mark=""), name="scan_by_report"),
        )

    def __str__(self) -> str:
        return f"{self.tool} of {self.asset_id}"


class Feed(models.Model):
    """Where advisories, or what is known of their use, come from: fetched from `address`, or loaded from a file."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=FeedKind.choices)
    address = models.CharField(max_length=400)
    is_enabled = models.BooleanField(default=False)
    interval_seconds = models.PositiveIntegerField(default=6 * 3600)
    next_due_at = models.DateTimeField(null=True)  # null: it is not fetched
    etag = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the file that was read last
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)  # in a row
    error = models.CharField(max_length=1000, blank=True)
    edition = models.CharField(max_length=100, blank=True)
    data_at = models.DateTimeField(null=True)  # the age of what it says, in its publisher's words
    entries = models.IntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    changed = models.IntegerField(default=0)  # entries that the last reading changed
    skipped = models.JSONField(default=list)  # [{"kind", "where", "reason"}], bounded
    skipped_total = models.IntegerField(default=0)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Advisory(models.Model):
    """One entry of a feed. `vulnerability_ids` are the groups that it is about; none for an entry that says nothing of any
    package, of which only the mark is kept."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="advisories")
    entry = models.CharField(max_length=200)  # its name within the feed's archive
    mark = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=40)
    vulnerability_ids = ArrayField(models.BigIntegerField(), default=list)
    severity = models.SmallIntegerField(null=True)
    published_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("feed", "entry"), name="one_advisory_per_entry"),)
        indexes = (
            GinIndex(fields=["vulnerability_ids"], name="advisory_of_vulnerability"),
            models.Index(fields=("name",), name="advisory_by_name"),
        )

    def __str__(self) -> str:
        return self.name


class AffectedPackage(models.Model):
    """What an advisory says of one package: `scanners.advisories.records.Affected`. `ranges` are [introduced, fixed, last
    affected]; `lookup` is the key under which packages find it."""

    advisory = models.ForeignKey(Advisory, on_delete=models.CASCADE, related_name="affected")
    lookup = models.TextField(db_index=True)
    ecosystem = models.CharField(max_length=20)
    namespace = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    distribution = models.CharField(max_length=60)
    is_source = models.BooleanField()
    ranges = models.JSONField(default=list)
    versions = ArrayField(models.TextField(), default=list)
    architectures = ArrayField(models.TextField(), default=list)
    status = models.SmallIntegerField()
    severity = models.SmallIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.name} in {self.advisory_id}"


class Match(models.Model):
    """An advisory holds for a version of a package. `doubt` says why that cannot be told; then nothing is opened by it."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="matches", db_index=False)
    affected = models.ForeignKey(AffectedPackage, on_delete=models.CASCADE, related_name="matches")
    fixed_version = models.CharField(max_length=200)
    doubt = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("package", "affected"), name="one_match"),)

    def __str__(self) -> str:
        return f"{self.affected_id} holds for {self.package_id}"


class Rematch(models.Model):
    """An asset whose findings do not say yet what the matches of its packages say."""

    asset = models.OneToOneField(
        "fleet.Asset", primary_key=True, on_delete=models.CASCADE, related_name="rematch"
    )
    wanted_at = models.DateTimeField()
    is_urgent = models.BooleanField(default=False)  # a container of it runs

    class Meta:
        indexes = (models.Index(fields=("-is_urgent", "wanted_at"), name="rematch_order"),)

    def __str__(self) -> str:
        return f"asset {self.asset_id}"


class Statement(Interval):
    """What a VEX document says of a vulnerability in one product, while its author says the same. `product` and
    `subcomponents` are identifiers as written: package URLs, image references and digests."""

    vulnerability = models.ForeignKey(Vulnerability, on_delete=models.PROTECT, related_name="statements")
    author = models.CharField(max_length=200)
    tool = models.CharField(max_length=40)  # the format's name, as in `Scan`
    product = models.CharField(max_length=600)
    subcomponents = ArrayField(models.CharField(max_length=600), default=list)
    status = models.CharField(max_length=20, choices=VexChoices.choices)
    justification = models.CharField(max_length=100, blank=True)
    detail = models.TextField(blank=True)
    action = models.TextField(blank=True)
    stated_at = models.DateTimeField(null=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("vulnerability", "author", "product", "subcomponents", "closed_at"),
                nulls_distinct=False,
                name="one_current_statement",
            ),
        )

    def __str__(self) -> str:
        return f"{self.author}: {self.status}"


class KnownExploited(models.Model):
    """An entry of CISA's catalogue of known exploited vulnerabilities, also of those that nothing here has."""

    name = models.CharField(max_length=80, primary_key=True)
    title = models.CharField(max_length=300)
    added_on = models.DateField()
    due_on = models.DateField(null=True)
    is_used_by_ransomware = models.BooleanField()

    def __str__(self) -> str:
        return self.name


class Likelihood(models.Model):
    """FIRST's EPSS score of a vulnerability, also of those that nothing here has."""

    name = models.CharField(max_length=80, primary_key=True)
    probability = models.FloatField()
    percentile = models.FloatField()

    def __str__(self) -> str:
        return self.name
