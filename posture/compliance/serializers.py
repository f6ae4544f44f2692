"""What the API says of checks and their results."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, RequirementsField, Serializer, SeverityField
from posture.compliance.choices import OUTCOMES
from posture.fleet import choices
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer

OUTCOME_NAMES = [outcome.value for outcome in OUTCOMES]


class OutcomeField(serializers.ChoiceField):
    """An outcome, stored as a number and shown by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=OUTCOME_NAMES, **kwargs)

    def to_representation(self, value: Any) -> str:
        return OUTCOME_NAMES[value]


OutcomeCountsSerializer = type(
    "OutcomeCountsSerializer",
    (PlainSerializer,),
    {
        "__doc__": "How many assets have each outcome.",
        "__module__": __name__,
        **{name: serializers.IntegerField() for name in OUTCOME_NAMES},
    },
)


class CheckSerializer(Serializer):
    id = serializers.CharField(source="slug", help_text="Stable, for example docker.container.privileged.")
    title = serializers.CharField(help_text="The right state.")
    severity = SeverityField()
    asset_kind = serializers.ChoiceField(choices=choices.AssetKind.choices)
    rationale = serializers.CharField()
    remediation = serializers.CharField()
    evidence_source = serializers.CharField()
    requirements = RequirementsField(help_text="Framework id → requirement ids.")
    counts = OutcomeCountsSerializer(source="count_figures")
    failing = serializers.IntegerField()
    applicable = serializers.IntegerField(help_text="Assets that it judged and to which it applies.")


class CheckResultSerializer(Serializer):
    id = serializers.IntegerField()
    check = serializers.CharField(source="check_definition.slug")
    title = serializers.CharField(source="check_definition.title")
    severity = SeverityField()
    outcome = OutcomeField()
    asset = AssetRefSerializer()
    host = AssetRefSerializer(allow_null=True, source="asset.host")
    environment = EnvironmentRefSerializer(allow_null=True, source="asset.environment")
    evidence = serializers.ListField(child=serializers.CharField())
    requirements = RequirementsField(source="check_definition.requirements")
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
