"""What the API says of days, and of what changed between two of them."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import SEVERITY_NAMES, CountSerializer, PlainSerializer, Serializer
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer


class NumbersSerializer(PlainSerializer):
    opened = serializers.IntegerField()
    reopened = serializers.IntegerField()
    resolved = serializers.IntegerField()
    open = serializers.IntegerField()
    decided = serializers.IntegerField()


class DaySerializer(Serializer):
    """One day, in UTC. Null: nothing was counted or measured."""

    day = serializers.DateField()
    opened = serializers.IntegerField(allow_null=True)
    reopened = serializers.IntegerField(allow_null=True)
    resolved = serializers.IntegerField(allow_null=True)
    open = serializers.IntegerField(allow_null=True, help_text="On the worklist at the end of the day.")
    decided = serializers.IntegerField(allow_null=True, help_text="Open then, and hidden by a decision.")
    groups = serializers.DictField(
        child=NumbersSerializer(), allow_null=True, help_text="Severity, or kind → its numbers."
    )
    load = serializers.FloatField(allow_null=True)
    line = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField(allow_null=True)
    band = serializers.FloatField(allow_null=True)
    hosts = serializers.IntegerField(allow_null=True)
    hosts_above = serializers.IntegerField(allow_null=True)


class TrendSerializer(Serializer):
    environment = EnvironmentRefSerializer(allow_null=True, help_text="Null: the whole fleet.")
    by = serializers.ChoiceField(choices=["severity", "kind"])
    days = DaySerializer(many=True)


class ChangedRowSerializer(PlainSerializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=SEVERITY_NAMES, allow_null=True)
    asset = AssetRefSerializer()


class ChangedSerializer(PlainSerializer):
    total = CountSerializer()
    rows = ChangedRowSerializer(many=True, help_text="The worst, or newest, 50.")


class ChangesSerializer(PlainSerializer):
    begin = serializers.DateTimeField()
    end = serializers.DateTimeField()
    opened = ChangedSerializer()
    reopened = ChangedSerializer()
    resolved = ChangedSerializer()
    decided = ChangedSerializer()
    new_assets = ChangedSerializer()
    gone_assets = ChangedSerializer()
