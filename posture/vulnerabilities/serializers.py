"""What the API says of packages, vulnerabilities, and what tools told of images."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer
from posture.vulnerabilities.choices import FIX_CHOICES, FIX_STATUSES, ScanState


class FixStatusField(serializers.ChoiceField):
    """What is said of a fix, stored as a number and shown by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=FIX_CHOICES, **kwargs)

    def to_representation(self, value: Any) -> str:
        return FIX_STATUSES[value].value


class VulnerabilityRefSerializer(Serializer):
    id = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    is_exploited = serializers.SerializerMethodField()
    epss = serializers.FloatField(allow_null=True)

    def get_is_exploited(self, row: Any) -> bool:
        return row.exploited_since is not None


class PackageRefSerializer(Serializer):
    id = serializers.IntegerField()
    ecosystem = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    architecture = serializers.CharField()
    distribution = serializers.CharField()


class SkippedPartSerializer(PlainSerializer):
    where = serializers.CharField()
    reason = serializers.CharField()


class ScanSerializer(Serializer):
    tool = serializers.CharField()
    tool_version = serializers.CharField()
    format = serializers.CharField()
    state = serializers.ChoiceField(choices=ScanState.choices)
    reason = serializers.CharField()
    told_at = serializers.DateTimeField(allow_null=True, help_text="When the tool made its report.")
    data_at = serializers.DateTimeField(allow_null=True, help_text="Age of the tool's own data.")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    findings = serializers.IntegerField()
    packages = serializers.IntegerField(allow_null=True, help_text="Null: the tool lists none.")
    skipped = SkippedPartSerializer(many=True)
    skipped_total = serializers.IntegerField()
