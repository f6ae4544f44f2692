"""What the API takes and says about reading nodes: connection tests, host keys, bulk actions; overviews; search."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer
from posture.fleet.choices import NodeKind
from posture.fleet.serializers import NodeErrorSerializer
from posture.fleet.serializers_write import CredentialSerializer

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
    demo = serializers.BooleanField()
