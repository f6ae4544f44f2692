"""What the API takes and says about the gate."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer, SeverityField
from posture.fleet.models import Environment
from posture.fleet.serializers import EnvironmentRefSerializer


class RulesSerializer(serializers.Serializer):
    """What is demanded of an image. A rule that is null or false demands nothing."""

    refuse_severity = SeverityField(
        required=False, allow_null=True, help_text="Refuse vulnerabilities of this severity or worse."
    )
    only_fixable = serializers.BooleanField(required=False, help_text="Count only what has a fixed version.")
    only_in_use = serializers.BooleanField(
        required=False, help_text="Leave out packages that were watched and not seen in use."
    )
    grace_days = serializers.IntegerField(
        required=False, min_value=0, max_value=3650, help_text="Leave out what is known for fewer days."
    )
    refuse_exploited = serializers.BooleanField(required=False, help_text="Refuse what CISA KEV lists.")
    refuse_epss = serializers.FloatField(required=False, allow_null=True, min_value=0.0, max_value=1.0)
    refuse_secrets = serializers.BooleanField(required=False)
    max_age_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=36_500)
    require_scan = serializers.BooleanField(required=False)
    require_signature = serializers.BooleanField(required=False)


class GatePolicyWriteSerializer(RulesSerializer):
    environment = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Environment.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Null: for every environment without a policy of its own.",
    )


class GateRulesSerializer(Serializer):
    refuse_severity = SeverityField(allow_null=True)
    only_fixable = serializers.BooleanField()
    only_in_use = serializers.BooleanField()
    grace_days = serializers.IntegerField()
    refuse_exploited = serializers.BooleanField()
    refuse_epss = serializers.FloatField(allow_null=True)
    refuse_secrets = serializers.BooleanField()
    max_age_days = serializers.IntegerField(allow_null=True)
    require_scan = serializers.BooleanField()
    require_signature = serializers.BooleanField()


class GatePolicySerializer(GateRulesSerializer):
    id = serializers.IntegerField()
    environment = EnvironmentRefSerializer(allow_null=True)
    changed_at = serializers.DateTimeField()


class ReasonSerializer(PlainSerializer):
    rule = serializers.CharField()
    text = serializers.CharField()
    count = serializers.IntegerField()
    examples = serializers.ListField(child=serializers.CharField())


class GateDecisionSerializer(Serializer):
    """One answer of the gate."""

    id = serializers.IntegerField()
    environment = EnvironmentRefSerializer(allow_null=True)
    image = serializers.IntegerField(source="image_id", allow_null=True)
    image_name = serializers.CharField()
    digest = serializers.CharField()
    allowed = serializers.BooleanField(source="is_allowed")
    reasons = ReasonSerializer(many=True)
    asked_by = serializers.CharField(source="asked_by_name", allow_null=True)
    asked_at = serializers.DateTimeField()


class GateDecisionItemSerializer(GateDecisionSerializer):
    policy = serializers.JSONField(help_text="What was demanded, as it stood then.")


class GateQuestionSerializer(serializers.Serializer):
    """`image` is a digest, or a name that one image has."""

    image = serializers.CharField(max_length=600)
    environment = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class TrialSerializer(RulesSerializer):
    """A policy to try, not kept: rules that are not named demand what they do by default."""

    environment = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    images = serializers.IntegerField(min_value=1, max_value=1000, required=False, default=200)


class RefusedSerializer(PlainSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    reasons = ReasonSerializer(many=True)


class TrialAnswerSerializer(PlainSerializer):
    """What a policy would have said to the newest images, as they are known now."""

    images = serializers.IntegerField()
    refused_total = serializers.IntegerField()
    by_rule = serializers.DictField(child=serializers.IntegerField())
    refused = RefusedSerializer(many=True)
