"""What the API says of environments, nodes, pulls, hosts and containers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from posture.base.serializers import (
    DocumentField,
    LoadSerializer,
    PlainSerializer,
    Serializer,
    SeverityCountsSerializer,
)
from posture.fleet import choices


class EnvironmentRefSerializer(Serializer):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"id": instance.pk, "slug": instance.slug, "name": instance.name}


class AssetRefSerializer(Serializer):
    kind = serializers.ChoiceField(choices=choices.AssetKind.choices)
    id = serializers.IntegerField()
    name = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"kind": instance.kind, "id": instance.pk, "name": instance.name}


class ImageRefSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"id": instance.pk, "name": instance.name}


class NodeRefSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"id": instance.pk, "name": instance.name}


class NodeLampSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=choices.NodeState.choices)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"id": instance.pk, "name": instance.name, "state": instance.state}


class EnvironmentSerializer(Serializer):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    line = serializers.FloatField()
    data_classes = serializers.ListField(child=serializers.ChoiceField(choices=choices.DataClass.choices))
    requires_signatures = serializers.BooleanField()
    requires_approval = serializers.BooleanField(
        help_text="A second person has to agree to decisions that hide findings here."
    )
    allowed_registries = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Null: nobody wrote a list."
    )
    load = LoadSerializer(source="load_figures")
    hosts = serializers.IntegerField(source="hosts_total")
    hosts_above_line = serializers.IntegerField(source="hosts_above")
    containers = serializers.IntegerField(source="containers_total")
    open_findings = SeverityCountsSerializer(source="finding_figures")


class NodeLimitsSerializer(PlainSerializer):
    seconds = serializers.IntegerField()
    bytes = serializers.IntegerField()
    items = serializers.IntegerField()


class HostKeySerializer(PlainSerializer):
    type = serializers.CharField()
    fingerprint = serializers.CharField()


class EngineSerializer(PlainSerializer):
    name = serializers.CharField()
    version = serializers.CharField()
    api_version = serializers.CharField()


class LastPullSerializer(PlainSerializer):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=choices.PullState.choices)
    finished_at = serializers.DateTimeField(allow_null=True)


class NodeErrorSerializer(PlainSerializer):
    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    hint = serializers.CharField(required=False, allow_blank=True)
    at = serializers.DateTimeField(required=False)


class NodeSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=choices.NodeKind.choices)
    address = serializers.CharField()
    allow_plaintext = serializers.BooleanField()
    use_sudo = serializers.BooleanField()
    reads_host = serializers.BooleanField()
    environment = EnvironmentRefSerializer()
    labels = serializers.DictField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=choices.NodeState.choices)
    paused = serializers.BooleanField()
    interval_seconds = serializers.IntegerField()
    limits = NodeLimitsSerializer(source="limit_figures")
    has_credential = serializers.BooleanField()
    credential_parts = serializers.ListField(
        child=serializers.CharField(), help_text="Which parts are set. Their content never leaves the server."
    )
    host_key = HostKeySerializer(allow_null=True, source="host_key_figures")
    host = AssetRefSerializer(allow_null=True)
    engine = EngineSerializer(allow_null=True)
    last_pull = LastPullSerializer(allow_null=True, source="last_pull_figures")
    last_success_at = serializers.DateTimeField(allow_null=True)
    host_read_at = serializers.DateTimeField(
        allow_null=True, help_text="When the host probe last told something."
    )
    next_due_at = serializers.DateTimeField()
    consecutive_failures = serializers.IntegerField()
    last_error = NodeErrorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()


class MakerSerializer(Serializer):
    id = serializers.IntegerField(source="pk")
    username = serializers.CharField()


class EnrolmentTokenSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How its text begins.")
    environment = EnvironmentRefSerializer(help_text="Where the host becomes a node.")
    labels = serializers.DictField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=choices.EnrolmentState.choices)
    created_at = serializers.DateTimeField()
    created_by = MakerSerializer(allow_null=True)
    expires_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    node = NodeRefSerializer(
        allow_null=True, source="node_figures", help_text="The node that it made, while there is one."
    )


class NewEnrolmentTokenSerializer(EnrolmentTokenSerializer):
    """The answer to a creation, the only one that holds the token's text."""

    token = serializers.CharField()


class EnrolledSerializer(PlainSerializer):
    node = NodeRefSerializer()


class PullStepSerializer(PlainSerializer):
    name = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=["waiting", "running", "done", "failed"])
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class PullProgressSerializer(PlainSerializer):
    phase = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)


class PullSerializer(Serializer):
    id = serializers.IntegerField()
    node = NodeRefSerializer()
    state = serializers.ChoiceField(choices=choices.PullState.choices)
    trigger = serializers.ChoiceField(choices=choices.PullTrigger.choices)
    attempt = serializers.IntegerField()
    step = serializers.SerializerMethodField()
    steps = PullStepSerializer(many=True)
    progress = PullProgressSerializer(allow_null=True)
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    worker = serializers.CharField()
    cancel_requested = serializers.BooleanField()
    error = NodeErrorSerializer(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    bytes_read = serializers.IntegerField()

    def get_step(self, pull: Any) -> str | None:
        return pull.step or None


class PullLogSerializer(PlainSerializer):
    at = serializers.DateTimeField()
    level = serializers.CharField()
    message = serializers.CharField()


class SkippedSerializer(PlainSerializer):
    kind = serializers.CharField()
    where = serializers.CharField()
    reason = serializers.CharField()


class PullItemSerializer(PullSerializer):
    log = PullLogSerializer(many=True)
    skipped = SkippedSerializer(many=True)
    skipped_total = serializers.IntegerField()


class HostSerializer(Serializer):
    id = serializers.IntegerField(source="asset_id")
    name = serializers.CharField()
    environment = EnvironmentRefSerializer(allow_null=True, source="asset.environment")
    node = NodeLampSerializer(allow_null=True)
    operating_system = serializers.CharField()
    kernel_version = serializers.CharField()
    architecture = serializers.CharField()
    cpus = serializers.IntegerField()
    memory_bytes = serializers.IntegerField()
    engine = serializers.CharField()
    engine_version = serializers.CharField()
    api_version = serializers.CharField()
    storage_driver = serializers.CharField()
    cgroup_version = serializers.CharField()
    is_rootless = serializers.BooleanField()
    remaps_users = serializers.BooleanField()
    swarm_state = serializers.CharField()
    containers_running = serializers.IntegerField()
    containers_total = serializers.IntegerField()
    images_total = serializers.IntegerField()
    load = LoadSerializer(source="load_figures")
    severity_counts = SeverityCountsSerializer(source="finding_figures")
    first_seen_at = serializers.DateTimeField(source="asset.first_seen_at")
    last_seen_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    gone_at = serializers.DateTimeField(allow_null=True)


class HostItemSerializer(HostSerializer):
    document = DocumentField(help_text="The engine's own answers as they were read, redacted.")


class ContainerSerializer(Serializer):
    id = serializers.IntegerField(source="asset_id")
    name = serializers.CharField()
    engine_container_id = serializers.CharField()
    host = AssetRefSerializer()
    environment = EnvironmentRefSerializer(allow_null=True, source="asset.environment")
    image = ImageRefSerializer(allow_null=True)
    image_reference = serializers.CharField()
    status = serializers.ChoiceField(choices=choices.ContainerStatus.choices)
    user = serializers.CharField()
    privileged = serializers.BooleanField()
    network_mode = serializers.CharField()
    published = serializers.ListField(child=serializers.CharField())
    project = serializers.CharField()
    created_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    load = LoadSerializer(source="load_figures")
    severity_counts = SeverityCountsSerializer(source="finding_figures")
    first_seen_at = serializers.DateTimeField(source="asset.first_seen_at")
    last_seen_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    gone_at = serializers.DateTimeField(allow_null=True)


class SettingSerializer(PlainSerializer):
    name = serializers.CharField()
    value = serializers.CharField()


class ContainerItemSerializer(ContainerSerializer):
    document = DocumentField(help_text="The engine's inspect answer, redacted.")
    settings = SettingSerializer(many=True, source="setting_figures")


class NotMeasuredSerializer(PlainSerializer):
    pointer = serializers.CharField(help_text="The fact's place in the document (RFC 6901).")
    reason = serializers.CharField()


class SkippedFileSerializer(PlainSerializer):
    where = serializers.CharField()
    reason = serializers.CharField()


class PackageFiguresSerializer(PlainSerializer):
    manager = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(allow_null=True, help_text="Null: not measured.")


class HostProbeSerializer(Serializer):
    node = NodeLampSerializer(allow_null=True)
    probe_version = serializers.CharField()
    is_root = serializers.BooleanField()
    distribution = serializers.CharField(source="distribution_name")
    kernel_release = serializers.CharField()
    reboot_required = serializers.BooleanField(allow_null=True, help_text="Null: not measured.")
    packages = PackageFiguresSerializer(source="package_figures")
    since = serializers.DateTimeField(source="opened_at", help_text="Since when the probe says the same.")
    not_measured = NotMeasuredSerializer(many=True, source="reasons")
    skipped = SkippedFileSerializer(many=True, help_text="What could not be read when this was first said.")
    document = DocumentField(help_text="The probe's words, without packages and containers.")


class HostPackageSerializer(PlainSerializer):
    name = serializers.CharField()
    version = serializers.CharField()
    architecture = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="The source package; empty when it has the same name."
    )


class LoadedFilesSerializer(Serializer):
    watched_since = serializers.DateTimeField()
    grown_at = serializers.DateTimeField(help_text="When a file was last seen for the first time.")
    paths = serializers.ListField(child=serializers.CharField())


class ContainerProbeSerializer(Serializer):
    host = AssetRefSerializer()
    manager = serializers.CharField(help_text="Who started it; empty when that cannot be told.")
    since = serializers.DateTimeField(source="opened_at", help_text="Since when the probe says the same.")
    loaded = LoadedFilesSerializer(
        allow_null=True, help_text="Programs and libraries seen in use; null when none could be read."
    )
    not_measured = NotMeasuredSerializer(many=True, source="reasons")
    document = DocumentField(help_text="The probe's words on this container.")
