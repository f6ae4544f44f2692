"""What the API says of packages, vulnerabilities, and what tools told of images."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer
from posture.images import serializers as images
from posture.vulnerabilities.choices import (
    FIX_CHOICES,
    FIX_STATUSES,
    ImageScanState,
    JobPriority,
    JobState,
    ScanState,
)


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


class ToldStateField(serializers.ChoiceField):
    """How the newest attempt of a tool ended; null while it has told nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=ScanState.choices, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return value or None


class ScanNodeSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ScanJobSerializer(Serializer):
    """One of our own tools and the image: where it stands, and if it failed why, and when it is tried again."""

    state = serializers.ChoiceField(choices=JobState.choices)
    code = serializers.CharField(
        help_text="Of the failure: no_database, timed_out, crashed, too_large, unreadable, bad_report, missing, unreachable, "
        "vanished, no_source, no_space, worker_lost … or the code of the node's error; empty when there was none."
    )
    reason = serializers.CharField()
    attempts = serializers.IntegerField(help_text="Since it last went well.")
    priority = serializers.ChoiceField(choices=JobPriority.choices, help_text="The lowest goes first.")
    next_try_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True, help_text="Of the image as it was read.")
    node = ScanNodeSerializer(allow_null=True, help_text="Where it was last read.")


class ScanSerializer(Serializer):
    tool = serializers.CharField()
    tool_version = serializers.CharField()
    format = serializers.CharField()
    state = ToldStateField(allow_null=True, help_text="Null: the tool has told nothing yet.")
    reason = serializers.CharField()
    told_at = serializers.DateTimeField(allow_null=True, help_text="When the tool made its report.")
    data_at = serializers.DateTimeField(allow_null=True, help_text="Age of the tool's own data.")
    first_seen_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)
    findings = serializers.IntegerField()
    packages = serializers.IntegerField(allow_null=True, help_text="Null: the tool lists none.")
    skipped = SkippedPartSerializer(many=True)
    skipped_total = serializers.IntegerField()
    job = ScanJobSerializer(allow_null=True, help_text="Null: the report came from elsewhere.")


class ScannedSerializer(Serializer):
    """What an image has beside what `images` knows of it."""

    scan_state = serializers.ChoiceField(
        choices=ImageScanState.choices, allow_null=True, help_text="Of all tools together; null in the past."
    )
    scan_reason = serializers.CharField(help_text="Why a tool could not look at it.")


class ImageSerializer(ScannedSerializer, images.ImageSerializer):
    pass


class ImageItemSerializer(ScannedSerializer, images.ImageItemSerializer):
    pass
