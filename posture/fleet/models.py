"""Environments, nodes, pulls, enrolment, and the assets that pulls find: hosts, containers, clusters (images have an app)."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.utils import timezone

from posture.base.intervals import Interval, IntervalQuerySet
from posture.base.trigrams import Trigrams
from posture.fleet import choices
from posture.fleet.querysets import (
    AssetQuerySet,
    ContainerStateQuerySet,
    EnrolmentTokenQuerySet,
    EnvironmentQuerySet,
    HostStateQuerySet,
    NodeQuerySet,
    PullQuerySet,
)


class Environment(models.Model):
    """Production, staging, …: hosts under one owner's tolerance. `line` is the load that its owners accept."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=500, blank=True)
    line = models.FloatField(default=100.0, validators=[MinValueValidator(1.0), MaxValueValidator(10_000.0)])
    data_classes = ArrayField(
        models.CharField(max_length=20, choices=choices.DataClass.choices), default=list, blank=True
    )
    # What runs here must be signed by somebody trusted.
    requires_signatures = models.BooleanField(default=False, db_default=False)
    # A second person has to agree to decisions that hide findings here.
    requires_approval = models.BooleanField(default=False, db_default=False)
    # Registries, or repositories below them, that images here may come from; null: nobody wrote a list.
    allowed_registries = ArrayField(models.CharField(max_length=300), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Node(models.Model):
    """Something registered that a worker pulls from. Its credential is encrypted and never leaves the API."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=choices.NodeKind.choices, default=choices.NodeKind.DOCKER)
    address = models.CharField(max_length=400)
    allow_plaintext = models.BooleanField(default=False)
    use_sudo = models.BooleanField(default=False)  # run the host probe as root, over SSH
    reads_host = models.BooleanField(
        default=False
    )  # an engine over SSH whose host is probed in the same pull
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="nodes")
    labels = models.JSONField(default=dict, blank=True)
    credential = models.BinaryField(null=True, editable=False)
    credential_parts = ArrayField(models.CharField(max_length=40), default=list, editable=False)
    host_key_fingerprint = models.CharField(max_length=100, blank=True, editable=False)

    interval_seconds = models.PositiveIntegerField(
        default=900, validators=[MinValueValidator(30), MaxValueValidator(7 * 86400)]
    )
    limit_seconds = models.PositiveIntegerField(
        default=300, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    limit_bytes = models.PositiveBigIntegerField(
        default=256 * 1024 * 1024, validators=[MinValueValidator(65_536), MaxValueValidator(8 * 1024**3)]
    )
    limit_items = models.PositiveIntegerField(
        default=20_000, validators=[MinValueValidator(1), MaxValueValidator(200_000)]
    )

    # Of a made-up fleet: nothing answers at its address, so no worker tries.
    is_demo = models.BooleanField(default=False, db_default=False, editable=False)
    paused = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=choices.NodeState.choices, default=choices.NodeState.NEW)
    host = models.ForeignKey(
        "fleet.Asset", null=True, blank=True, on_delete=models.SET_NULL, related_name="nodes"
    )
    engine = models.JSONField(null=True, blank=True)  # {"name", "version", "api_version"} as last seen
    last_success_at = models.DateTimeField(null=True, blank=True)
    host_read_at = models.DateTimeField(null=True, blank=True)  # when the host probe last told something
    last_error = models.JSONField(null=True, blank=True)  # {"code", "title", "detail", "hint", "at"}
    consecutive_failures = models.PositiveIntegerField(default=0)
    next_due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = NodeQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        indexes = (
            # The beat's question, every few seconds: which nodes are due?
            models.Index(fields=("next_due_at",), condition=Q(paused=False), name="node_due"),
            models.Index(F("last_success_at").asc(nulls_first=True), F("id"), name="node_by_success"),
            models.Index(F("consecutive_failures").desc(), F("id").desc(), name="node_by_failures"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def sources(self) -> tuple[choices.Source, ...]:
        """What a pull of this node brings of a host; a registry tells of images alone."""
        if self.kind == choices.NodeKind.REGISTRY:
            return ()
        if self.kind == choices.NodeKind.PROBE:
            return (choices.Source.PROBE,)
        return tuple(choices.Source) if self.reads_host else (choices.Source.ENGINE,)

    @property
    def stale_after(self) -> timedelta:
        """Evidence older than this no longer counts towards coverage: three missed pulls, at least 15 minutes."""
        return timedelta(seconds=max(3 * self.interval_seconds, 900))

    @property
    def is_stale(self) -> bool:
        return self._is_old(self.last_success_at)

    def is_stale_source(self, source: choices.Source) -> bool:
        """What this source said is too old to count: an engine may answer while its host cannot be probed."""
        return self._is_old(self.host_read_at if source == choices.Source.PROBE else self.last_success_at)

    def _is_old(self, moment: datetime | None) -> bool:
        return moment is None or timezone.now() - moment > self.stale_after


class Pull(models.Model):
    """One run against one node. The lease token fences it: who lost the lease can no longer write."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="pulls")
    state = models.CharField(
        max_length=12, choices=choices.PullState.choices, default=choices.PullState.QUEUED
    )
    trigger = models.CharField(max_length=14, choices=choices.PullTrigger.choices)
    attempt = models.PositiveIntegerField(default=1)
    token = models.UUIDField(default=uuid.uuid4, editable=False)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=120, blank=True)
    cancel_requested = models.BooleanField(default=False)
    step = models.CharField(max_length=20, blank=True)
    steps = models.JSONField(default=list)  # [{"name", "state", "started_at", "finished_at"}]
    progress = models.JSONField(null=True)  # {"phase", "done", "total"}
    log = models.JSONField(default=list)  # [{"at", "level", "message"}], bounded
    skipped = models.JSONField(default=list)  # [{"kind", "where", "reason"}], bounded
    skipped_total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    bytes_read = models.PositiveBigIntegerField(default=0)
    error = models.JSONField(null=True)

    objects = PullQuerySet.as_manager()

    class Meta:
        ordering = ("-queued_at", "-id")
        constraints = (
            # Two workers never pull one node at once, whatever the code above believes.
            models.UniqueConstraint(
                fields=("node",), condition=Q(state__in=choices.ACTIVE_PULLS), name="one_active_pull_per_node"
            ),
        )
        indexes = (
            models.Index(fields=("-queued_at", "-id"), name="pull_newest"),
            models.Index(fields=("node", "-queued_at", "-id"), name="pull_of_node"),
            models.Index(fields=("state", "-queued_at", "-id"), name="pull_by_state"),
            models.Index(fields=("trigger", "-queued_at", "-id"), name="pull_by_trigger"),
            models.Index(
                ExpressionWrapper(
                    F("finished_at") - F("started_at"), output_field=models.DurationField()
                ).desc(nulls_last=True),
                F("id").desc(),
                name="pull_by_duration",
            ),
            models.Index(
                fields=("lease_until",), condition=Q(state__in=choices.ACTIVE_PULLS), name="pull_leases"
            ),
        )

    def __str__(self) -> str:
        return f"pull {self.pk} of {self.node_id}"

    @property
    def is_active(self) -> bool:
        return self.state in choices.ACTIVE_PULLS


class EnrolmentToken(models.Model):
    """Lets one host register itself as a node, once. Only its SHA-256 is kept: the text has 256 random bits."""

    name = models.CharField(max_length=100)  # what it is for
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="enrolment_tokens")
    labels = models.JSONField(default=dict, blank=True)  # of the node that it makes
    created_by = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.SET_NULL, related_name="enrolment_tokens"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, editable=False)
    node = models.ForeignKey(Node, null=True, editable=False, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = EnrolmentTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True),
                name="enrolment_used_or_revoked",
            ),
        )

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @staticmethod
    def new_text() -> str:
        return f"plme_{secrets.token_urlsafe(32)}"

    @staticmethod
    def digest_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def state(self) -> choices.EnrolmentState:
        if self.used_at is not None:
            return choices.EnrolmentState.USED
        if self.revoked_at is not None:
            return choices.EnrolmentState.REVOKED
        is_over = self.expires_at <= timezone.now()
        return choices.EnrolmentState.EXPIRED if is_over else choices.EnrolmentState.OPEN


class Document(models.Model):
    """Raw evidence, redacted, kept once per content: zlib-compressed canonical JSON under its fingerprint."""

    fingerprint = models.CharField(max_length=64, primary_key=True)
    body = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.fingerprint


class Asset(models.Model):
    """Anything that gets check results, findings and a load. `key` is its identity in the world, per kind.

    The columns from `load` on are a read model of the present, written by `fleet.ingest.set_loads` for `risk`;
    the past is in `risk.Load`. The fingerprints let an unchanged pull stop after one query: of what an engine and of
    what a host probe says, and of the verdicts on each; "" while it says nothing. `evidence` names what is there and
    fresh (`risk.formula.EXPECTED`).
    """

    kind = models.CharField(max_length=10, choices=choices.AssetKind.choices)
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    environment = models.ForeignKey(Environment, null=True, on_delete=models.PROTECT, related_name="assets")
    host = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="placed")
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    state_fingerprint = models.CharField(max_length=64, db_default="")
    results_fingerprint = models.CharField(max_length=32, db_default="")
    probe_fingerprint = models.CharField(max_length=32, db_default="")
    probe_results_fingerprint = models.CharField(max_length=32, db_default="")
    evidence = ArrayField(models.CharField(max_length=40), default=list, db_default=[])

    load = models.FloatField(null=True)
    own_energy = models.FloatField(db_default=0.0)
    energy = models.FloatField(db_default=0.0)
    coverage = models.FloatField(db_default=0.0)
    band = models.FloatField(null=True)
    # What a source that left had told, as energy: it is in the band until all that is expected is measured again.
    lost_energy = models.FloatField(db_default=0.0)
    open_critical = models.IntegerField(db_default=0)
    open_high = models.IntegerField(db_default=0)
    open_medium = models.IntegerField(db_default=0)
    open_low = models.IntegerField(db_default=0)
    open_info = models.IntegerField(db_default=0)
    # The same without what a host's containers and images have.
    own_critical = models.IntegerField(db_default=0)
    own_high = models.IntegerField(db_default=0)
    own_medium = models.IntegerField(db_default=0)
    own_low = models.IntegerField(db_default=0)
    own_info = models.IntegerField(db_default=0)

    objects = AssetQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "key"), name="one_asset_per_key"),)
        indexes = (
            models.Index(fields=("kind", "name", "id"), name="asset_by_name"),
            models.Index(
                F("kind"), F("load").desc(nulls_last=True), F("id").desc(), name="asset_by_load_desc"
            ),
            models.Index(F("kind"), F("load").asc(nulls_last=True), F("id").asc(), name="asset_by_load_asc"),
            models.Index(F("kind"), F("changed_at").desc(), F("id").desc(), name="asset_by_change"),
            models.Index(F("kind"), F("first_seen_at").desc(), F("id").desc(), name="asset_by_first_seen"),
            models.Index(fields=("host", "kind"), name="asset_on_host"),
            models.Index(fields=("environment", "kind", "name", "id"), name="asset_in_environment"),
            GinIndex(Trigrams("name"), name="asset_name_trigrams"),
        )

    def __str__(self) -> str:
        return self.name


class HostState(Interval):
    """What a host was: one row while its engine says the same."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="host_states")
    node = models.ForeignKey(Node, null=True, on_delete=models.SET_NULL, related_name="+")
    fingerprint = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    operating_system = models.CharField(max_length=200)
    kernel_version = models.CharField(max_length=200)
    architecture = models.CharField(max_length=40)
    cpus = models.IntegerField()
    memory_bytes = models.BigIntegerField()
    engine = models.CharField(max_length=20)
    engine_version = models.CharField(max_length=80)
    api_version = models.CharField(max_length=20)
    storage_driver = models.CharField(max_length=60)
    cgroup_version = models.CharField(max_length=10)
    is_rootless = models.BooleanField()
    remaps_users = models.BooleanField()
    swarm_state = models.CharField(max_length=20)
    cluster = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL, related_name="member_states")

    objects = HostStateQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset",), condition=Q(closed_at__isnull=True), name="one_host_state"
            ),
        )
        indexes = (models.Index(fields=("asset", "opened_at"), name="host_state_history"),)


class ContainerState(Interval):
    """What a container was told to be: one row while the engine's settings and status stay the same."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="container_states")
    host = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    image = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL, related_name="used_by_states")
    fingerprint = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    engine_container_id = models.CharField(max_length=80)
    image_reference = models.CharField(max_length=500)
    status = models.CharField(max_length=12, choices=choices.ContainerStatus.choices)
    user = models.CharField(max_length=120)
    privileged = models.BooleanField()
    exposed = models.BooleanField()  # a port published on every address
    network_mode = models.CharField(max_length=120)
    published = ArrayField(models.CharField(max_length=120), default=list)
    project = models.CharField(max_length=200)  # compose project, swarm service, pod or task; "" when none
    created_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    settings = models.JSONField(default=list)  # [[name, value], …] for people

    objects = ContainerStateQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset",), condition=Q(closed_at__isnull=True), name="one_container_state"
            ),
        )
        indexes = (
            models.Index(fields=("asset", "opened_at"), name="container_state_history"),
            models.Index(fields=("host", "closed_at"), name="container_state_on_host"),
            models.Index(fields=("image", "closed_at"), name="container_state_of_image"),
            models.Index(fields=("status",), condition=Q(closed_at__isnull=True), name="container_by_status"),
            models.Index(
                fields=("asset",), condition=Q(closed_at__isnull=True, privileged=True), name="container_priv"
            ),
            models.Index(
                fields=("asset",), condition=Q(closed_at__isnull=True, exposed=True), name="container_exposed"
            ),
            models.Index(
                fields=("project",), condition=Q(closed_at__isnull=True), name="container_by_project"
            ),
        )


class ClusterState(Interval):
    """What a Swarm was, as one of its managers described it."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="cluster_states")
    node = models.ForeignKey(Node, null=True, on_delete=models.SET_NULL, related_name="+")
    fingerprint = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    managers = models.IntegerField()
    members = models.IntegerField()

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset",), condition=Q(closed_at__isnull=True), name="one_cluster_state"
            ),
        )


class HostProbe(Interval):
    """What the host probe said of a host: one row while it says the same, clocks and counters apart."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="host_probes")
    node = models.ForeignKey(Node, null=True, on_delete=models.SET_NULL, related_name="+")
    fingerprint = models.CharField(max_length=32)
    packages_fingerprint = models.CharField(max_length=32)  # "" when the packages were not read
    probe_version = models.CharField(max_length=20)
    is_root = models.BooleanField()
    distribution = models.CharField(max_length=40)  # os-release(5) ID
    distribution_version = models.CharField(max_length=40)
    distribution_name = models.CharField(max_length=200)
    kernel_release = models.CharField(max_length=200)
    reboot_required = models.BooleanField(null=True)  # null: not measured

    objects = HostStateQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset",), condition=Q(closed_at__isnull=True), name="one_host_probe"
            ),
        )
        indexes = (
            models.Index(fields=("asset", "opened_at"), name="host_probe_history"),
            models.Index(
                fields=("distribution", "distribution_version"),
                condition=Q(closed_at__isnull=True),
                name="host_probe_distribution",
            ),
        )


class ContainerProbe(Interval):
    """What the host probe said of a container: its process as the kernel confines it, and its bundle."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="container_probes")
    host = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=32)
    manager = models.CharField(max_length=20)  # who started it, "" when that cannot be told

    objects = HostStateQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("asset",), condition=Q(closed_at__isnull=True), name="one_container_probe"
            ),
        )
        indexes = (
            models.Index(fields=("asset", "opened_at"), name="container_probe_history"),
            models.Index(fields=("host", "closed_at"), name="container_probe_on_host"),
        )


class LoadedFiles(models.Model):
    """Programs and libraries seen loaded in a container since it is watched, as the container names them."""

    asset = models.OneToOneField(
        Asset, primary_key=True, on_delete=models.CASCADE, related_name="loaded_files"
    )
    watched_since = models.DateTimeField()
    grown_at = models.DateTimeField()
    paths = ArrayField(models.TextField(), default=list)

    def __str__(self) -> str:
        return f"{len(self.paths)} files"
