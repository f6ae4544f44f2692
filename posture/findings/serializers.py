"""What the API says of findings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from posture.base.serializers import (
    CountSerializer,
    PlainSerializer,
    RequirementsField,
    Serializer,
    SeverityField,
)
from posture.findings.choices import AGREEMENTS, Agreement, FindingKind, FindingState, Outcome
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer
from posture.vulnerabilities.choices import USE_CHOICES, VexChoices
from posture.vulnerabilities.serializers import (
    FixStatusField,
    PackageRefSerializer,
    VulnerabilityRefSerializer,
)


class AgreementField(serializers.ChoiceField):
    """How far tools agree, stored as a number and shown by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Agreement.choices, **kwargs)

    def to_representation(self, value: Any) -> str:
        return AGREEMENTS[value].value


class FindingDeadlineSerializer(PlainSerializer):
    at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=["due", "overdue", "met", "missed"])


class FindingSerializer(Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=FindingKind.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=FindingState.choices)
    severity = SeverityField()
    points = serializers.FloatField(help_text="0 to 100, by the published formula.")
    check = serializers.CharField(allow_null=True, source="check_slug")
    vulnerability = VulnerabilityRefSerializer(allow_null=True)
    package = PackageRefSerializer(allow_null=True)
    agreement = AgreementField(
        allow_null=True, help_text="Whether the tools that looked for it say the same; null: of a check."
    )
    fix = FixStatusField(allow_null=True, help_text="What is said of a fix; null: of a check.")
    fixed_versions = serializers.ListField(child=serializers.CharField())
    use = serializers.ChoiceField(
        choices=USE_CHOICES,
        allow_null=True,
        source="use_word",
        help_text="Whether the vulnerability's package was seen loaded in a running container, as known now; null for other "
        "kinds.",
    )
    asset = AssetRefSerializer()
    host = AssetRefSerializer(allow_null=True, source="asset.host")
    environment = EnvironmentRefSerializer(allow_null=True)
    first_opened_at = serializers.DateTimeField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    times_opened = serializers.IntegerField()
    assignee = serializers.CharField(source="assignee_name", allow_null=True)
    team = serializers.CharField(source="team_name", allow_null=True)
    deadline = FindingDeadlineSerializer(allow_null=True)


class FactorSerializer(PlainSerializer):
    name = serializers.CharField()
    detail = serializers.CharField()
    factor = serializers.FloatField(help_text="The first is the base in points; points are the product.")


class OpenIntervalSerializer(PlainSerializer):
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    evidence = serializers.ListField(child=serializers.CharField())


class FindingShareSerializer(Serializer):
    of = AssetRefSerializer()
    load = serializers.FloatField(allow_null=True)
    share = serializers.FloatField()


class WordSerializer(Serializer):
    tool = serializers.CharField()
    severity = SeverityField(allow_null=True, help_text="Null: the tool gives none.")
    status = FixStatusField()
    fixed_versions = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField(source="opened_at")


class StatementSerializer(Serializer):
    """What a VEX document says of the finding."""

    author = serializers.CharField()
    status = serializers.ChoiceField(choices=VexChoices.choices)
    justification = serializers.CharField()
    detail = serializers.CharField()
    action = serializers.CharField()
    product = serializers.CharField()
    stated_at = serializers.DateTimeField(allow_null=True)


class UseSerializer(Serializer):
    """What is known of a package's use: seen since, where and by which file; or since when nothing was seen."""

    since = serializers.DateTimeField(allow_null=True, help_text="Seen: since when that is known.")
    container = AssetRefSerializer(allow_null=True)
    path = serializers.CharField()
    watched_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when all that runs of the image is watched; null when not all is."
    )


class FindingDecisionSerializer(PlainSerializer):
    id = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    layer = serializers.ChoiceField(choices=["rule", "statement", "person"])
    reason = serializers.CharField()
    note = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class FindingActivitySerializer(PlainSerializer):
    """Something that a person did about it, or that a decision hid it (`hidden`) or no longer does (`shown`)."""

    at = serializers.DateTimeField()
    who = serializers.CharField(allow_null=True, help_text="Null: no person.")
    verb = serializers.ChoiceField(
        choices=["start", "stop", "assign", "comment", "decide", "hidden", "shown"]
    )
    details = serializers.DictField()
    change = serializers.IntegerField(allow_null=True, help_text="Of `/finding-changes`.")
    findings = serializers.IntegerField(help_text="How many findings were changed together.")
    undone_at = serializers.DateTimeField(allow_null=True)


class FindingItemSerializer(FindingSerializer):
    evidence = serializers.ListField(child=serializers.CharField())
    rationale = serializers.CharField()
    remediation = serializers.CharField()
    requirements = RequirementsField(help_text="Framework id → requirement ids.")
    factors = FactorSerializer(many=True, source="factor_figures")
    intervals = OpenIntervalSerializer(many=True, source="interval_figures")
    words = WordSerializer(many=True, help_text="What each tool that reported it says.")
    statements = StatementSerializer(many=True, help_text="What VEX documents say of it, newest first.")
    use_evidence = UseSerializer(
        allow_null=True, help_text="Null: not a vulnerability, or nothing is measured."
    )
    share = FindingShareSerializer(allow_null=True, source="share_figures")
    decision = FindingDecisionSerializer(
        allow_null=True, source="decision_figures", help_text="What hides it; null: nothing."
    )
    activity = FindingActivitySerializer(many=True, source="activity_figures", help_text="Newest first.")
    related = CountSerializer(
        help_text="Other findings of the same problem on the worklist; of one without vulnerability or check, those of "
        "its kind on its asset."
    )


class FindingGroupSerializer(PlainSerializer):
    key = serializers.CharField(help_text="What to put into the filter that the groups are made by.")
    title = serializers.CharField()
    severity = serializers.CharField(help_text="The worst in the group.")
    findings = serializers.IntegerField()
    assets = serializers.IntegerField()
    assets_total = serializers.IntegerField(allow_null=True, help_text="Of how many: the Y of “X of Y”.")
    points_max = serializers.FloatField()
