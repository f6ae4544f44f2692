"""What the API takes and says about reading nodes: connection tests, host keys, bulk actions; overviews; search."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer
from posture.collection.choices import UploadSource, UploadState
from posture.fleet.choices import NodeKind
from posture.fleet.serializers import AssetRefSerializer, NodeErrorSerializer
from posture.fleet.serializers_write import CredentialSerializer
from posture.vulnerabilities.choices import FeedKind

MAX_BULK = 10_000
SEARCH_KINDS = ("host", "container", "image", "vulnerability", "package", "check", "node", "finding")


class ConnectionSerializer(serializers.Serializer):
    """An address and credential to try; nothing is stored."""

    kind = serializers.ChoiceField(choices=NodeKind.choices, required=False, default=NodeKind.DOCKER)
    address = serializers.CharField(max_length=400)
    credential = CredentialSerializer(required=False)
    allow_plaintext = serializers.BooleanField(required=False, default=False)
    use_sudo = serializers.BooleanField(required=False, default=False)
    reads_host = serializers.BooleanField(required=False, default=False)


class ConnectionReportSerializer(PlainSerializer):
    engine = serializers.CharField()
    version = serializers.CharField()
    api_version = serializers.CharField()
    name = serializers.CharField()
    containers = serializers.IntegerField(allow_null=True)
    images = serializers.IntegerField(allow_null=True)
    readable = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())


class ConnectionTestSerializer(PlainSerializer):
    ok = serializers.BooleanField()
    report = ConnectionReportSerializer(allow_null=True)
    error = NodeErrorSerializer(allow_null=True)
    elapsed_ms = serializers.IntegerField()


class AddressSerializer(serializers.Serializer):
    address = serializers.CharField(max_length=400)


class ScannedHostKeySerializer(PlainSerializer):
    type = serializers.CharField()
    key = serializers.CharField(help_text="What goes into credential.ssh_host_key.")
    fingerprint = serializers.CharField(help_text="For a person to compare.")


class BulkSerializer(serializers.Serializer):
    """One action on chosen nodes: `ids`, or `filters` as in the list's address."""

    action = serializers.ChoiceField(choices=["pull", "pause", "resume"])
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=MAX_BULK, required=False
    )
    filters = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    preview = serializers.BooleanField(default=False, help_text="Only say what would be touched.")


class BulkAnswerSerializer(PlainSerializer):
    matched = serializers.IntegerField()
    changed = serializers.IntegerField()
    preview = serializers.BooleanField()


class SkippedItemSerializer(PlainSerializer):
    kind = serializers.CharField()
    where = serializers.CharField()
    reason = serializers.CharField()


class UploadSerializer(Serializer):
    """A report that was sent to us, and what came of it."""

    id = serializers.IntegerField()
    file_name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of the file as sent.")
    source = serializers.ChoiceField(choices=UploadSource.choices)  # type: ignore[assignment]
    uploaded_by = serializers.CharField(source="uploaded_by_name", allow_null=True)
    about = AssetRefSerializer(allow_null=True, help_text="What the sender says that it is about.")
    state = serializers.ChoiceField(choices=UploadState.choices)
    cancel_requested = serializers.BooleanField()
    reader = serializers.CharField()
    images = serializers.IntegerField()
    findings = serializers.IntegerField()
    opened = serializers.IntegerField()
    reopened = serializers.IntegerField()
    resolved = serializers.IntegerField()
    statements = serializers.IntegerField(help_text="Of VEX.")
    skipped_total = serializers.IntegerField()
    error = serializers.CharField()
    uploaded_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class UploadItemSerializer(UploadSerializer):
    skipped = SkippedItemSerializer(many=True, help_text="What could not be read; at most 500.")


class UploadFileSerializer(serializers.Serializer):
    """A form with one file. `image` (digest or name) or `host` (id) says what the report is about, where it need not."""

    file = serializers.FileField()
    image = serializers.CharField(required=False, default="", allow_blank=True, max_length=600)
    host = serializers.IntegerField(required=False, default=None, allow_null=True, min_value=1)


class FeedSerializer(Serializer):
    """Where advisories, or what is known of their use, come from."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=FeedKind.choices)
    address = serializers.CharField()
    is_enabled = serializers.BooleanField()
    is_reading = serializers.BooleanField(source="is_being_read", help_text="Just now.")
    interval_seconds = serializers.IntegerField()
    next_due_at = serializers.DateTimeField(allow_null=True)
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField(help_text="In a row.")
    error = serializers.CharField(help_text="Why the last attempt failed.")
    edition = serializers.CharField()
    data_at = serializers.DateTimeField(allow_null=True, help_text="How old what it says is.")
    entries = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="Entries that the last reading changed.")
    skipped_total = serializers.IntegerField()


class FeedItemSerializer(FeedSerializer):
    skipped = SkippedItemSerializer(many=True, help_text="What could not be read; at most 100.")


class FeedChangeSerializer(serializers.Serializer):
    is_enabled = serializers.BooleanField(required=False)
    address = serializers.URLField(required=False, max_length=400)
    interval_seconds = serializers.IntegerField(required=False, min_value=300, max_value=30 * 86_400)


class FeedFileSerializer(serializers.Serializer):
    file = serializers.FileField()


class FreshnessSerializer(PlainSerializer):
    nodes = serializers.IntegerField()
    fresh = serializers.IntegerField()
    stale = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Nodes whose first pull has not ended yet.")
    failing = serializers.IntegerField()
    paused = serializers.IntegerField()
    queue_lag_seconds = serializers.FloatField(
        allow_null=True, help_text="How long the oldest queued pull waits."
    )
    oldest_success_at = serializers.DateTimeField(allow_null=True)


class SearchResultSerializer(PlainSerializer):
    kind = serializers.ChoiceField(choices=SEARCH_KINDS)
    id = serializers.CharField(help_text="A number; for a check its name.")
    name = serializers.CharField()
    detail = serializers.CharField()


class SearchSerializer(PlainSerializer):
    results = SearchResultSerializer(many=True)


class EnumValueSerializer(PlainSerializer):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    order = serializers.IntegerField()
    glyph = serializers.CharField(required=False)


class MetaSerializer(PlainSerializer):
    version = serializers.CharField()
    enums = serializers.DictField(child=EnumValueSerializer(many=True))
    checks_version = serializers.CharField()
    upload_max_bytes = serializers.IntegerField(help_text="No larger file is taken in.")
    demo = serializers.BooleanField()
