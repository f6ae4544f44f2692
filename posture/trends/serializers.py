"""What the API says of days, and of what changed between two of them."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import SEVERITY_NAMES, CountSerializer, PlainSerializer, Serializer
from posture.decisions.choices import DecisionState
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer
from posture.trends.spells import GROUPS


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
        child=NumbersSerializer(),
        allow_null=True,
        help_text="Severity, kind, environment or team → its numbers.",
    )
    load = serializers.FloatField(allow_null=True)
    line = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField(allow_null=True)
    band = serializers.FloatField(allow_null=True)
    hosts = serializers.IntegerField(allow_null=True)
    hosts_above = serializers.IntegerField(allow_null=True)


class TrendSerializer(Serializer):
    environment = EnvironmentRefSerializer(allow_null=True, help_text="Null: the whole fleet.")
    by = serializers.ChoiceField(choices=GROUPS)
    days = DaySerializer(many=True)


class BucketSerializer(PlainSerializer):
    from_days = serializers.IntegerField()
    to_days = serializers.IntegerField(allow_null=True, help_text="Before this; null: no end.")
    resolved = serializers.IntegerField()


class TimesSerializer(PlainSerializer):
    resolved = serializers.IntegerField(help_text="Each time that a finding was resolved counts.")
    mean_days = serializers.FloatField(
        allow_null=True, help_text="From when it opened or came back; null: nothing was resolved."
    )
    median_days = serializers.FloatField(allow_null=True)
    p90_days = serializers.FloatField(allow_null=True, help_text="Nine of ten took no longer.")
    distribution = BucketSerializer(many=True)
    met = serializers.IntegerField(help_text="Resolved by the deadline that held then.")
    missed = serializers.IntegerField(help_text="Resolved after it.")
    overdue = serializers.IntegerField(help_text="On the worklist at the end, and due before.")


class GroupTimesSerializer(TimesSerializer):
    key = serializers.CharField(help_text="Severity, kind, slug of an environment, or id of a team.")
    name = serializers.CharField()


class DayTimesSerializer(PlainSerializer):
    day = serializers.DateField()
    resolved = serializers.IntegerField()
    met = serializers.IntegerField()
    missed = serializers.IntegerField()


class RemediationSerializer(Serializer):
    environment = EnvironmentRefSerializer(allow_null=True, help_text="Null: all that you may see.")
    by = serializers.ChoiceField(choices=GROUPS)
    begin = serializers.DateField()
    end = serializers.DateField()
    total = TimesSerializer()
    groups = GroupTimesSerializer(many=True)
    days = DayTimesSerializer(many=True, help_text="Days on which something was resolved.")


class LeftSerializer(PlainSerializer):
    day = serializers.DateField()
    left = serializers.IntegerField(help_text="Of what was there at the beginning.")
    open = serializers.IntegerField(
        allow_null=True, help_text="All on the worklist; null where no day was counted."
    )


class BurnDownSerializer(Serializer):
    environment = EnvironmentRefSerializer(allow_null=True, help_text="Null: all that you may see.")
    begin = serializers.DateField(help_text="Later than asked for where nothing is known of before.")
    end = serializers.DateField()
    beginning = serializers.IntegerField(help_text="On the worklist when the first day began.")
    days = LeftSerializer(many=True)
    per_day = serializers.FloatField(help_text="How many fewer there are a day, on the average.")
    clear_on = serializers.DateField(
        allow_null=True,
        help_text="When none was left; or when none will be at this pace, within ten years.",
    )


class EventSerializer(PlainSerializer):
    at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=DecisionState.choices, help_text="Active: it began.")
    decision = serializers.IntegerField()
    title = serializers.CharField()
    because = serializers.CharField(help_text="Why it ended.")


class AnnotationsSerializer(PlainSerializer):
    total = serializers.IntegerField()
    events = EventSerializer(many=True, help_text="The newest 200, in the order of time.")


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
