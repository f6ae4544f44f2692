"""What the API takes and says of decisions, of what people do with findings, and of deadlines."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from posture.accounts.models import Team, User
from posture.base.serializers import (
    SEVERITY_NAMES,
    CountSerializer,
    PlainSerializer,
    Serializer,
    SeverityCountsSerializer,
    SeverityField,
)
from posture.compliance.models import Check
from posture.decisions import worklist
from posture.decisions.choices import LAYER_CHOICES, ClockStart, DecisionState, EndsWhen, Layer, Reason
from posture.findings.choices import FindingKind, Outcome
from posture.fleet.models import Asset, Environment
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer
from posture.vulnerabilities.models import Alias, Vulnerability
from posture.vulnerabilities.serializers import VulnerabilityRefSerializer


class LayerField(serializers.ChoiceField):
    """Stored as a number, shown and taken by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=LAYER_CHOICES, **kwargs)

    def to_representation(self, value: Any) -> str:
        return Layer(value).word

    def to_internal_value(self, data: Any) -> Any:
        return Layer[str(super().to_internal_value(data)).upper()]


@extend_schema_field(str)
class VulnerabilityNameField(serializers.Field):
    """A vulnerability by any of its names."""

    def to_representation(self, value: Any) -> str:
        return str(value.key)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not 0 < len(data) <= 80 or not data.isprintable():
            raise serializers.ValidationError("Give a name such as CVE-2024-21626.")
        name = data.strip()
        found = Alias.objects.filter(name__in={name, name.upper()}).values("vulnerability")
        vulnerability = Vulnerability.objects.filter(pk__in=found).first()
        if vulnerability is None:
            raise serializers.ValidationError(f"“{name[:60]}” is no vulnerability that is known here.")
        return vulnerability


class VisibleField(serializers.SlugRelatedField):
    """A row that the asker may see."""

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["request"].user)


class TermsSerializer(serializers.Serializer):
    """What is decided, why, and what ends it."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.ChoiceField(choices=Reason.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    link = serializers.URLField(required=False, allow_blank=True, max_length=500)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    ends_when = serializers.ChoiceField(required=False, choices=EndsWhen.choices)
    trips_on_exploited = serializers.BooleanField(
        required=False,
        help_text="Suspend it when CISA lists the vulnerability as exploited. True unless said.",
    )
    trips_on_epss = serializers.FloatField(required=False, allow_null=True, min_value=0.0, max_value=1.0)
    trips_on_exposed = serializers.BooleanField(
        required=False, help_text="Suspend it when something it covers can be reached from outside."
    )
    trips_on_control = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="A mechanism of `/mechanisms` that has to stay in force.",
    )
    trips_on_version = serializers.BooleanField(
        required=False, help_text="Suspend it when another version of the package is found."
    )


class DecisionWriteSerializer(TermsSerializer):
    """A decision to be made. The scope names one problem; what else it holds narrows where it is meant."""

    layer = LayerField(required=False)
    vulnerability = VulnerabilityNameField(required=False, allow_null=True)
    check = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Check.objects.all(),
        required=False,
        allow_null=True,
        source="check_definition",
    )
    finding_kind = serializers.ChoiceField(required=False, allow_blank=True, choices=FindingKind.choices)
    finding_key = serializers.CharField(required=False, allow_blank=True, max_length=200)
    ecosystem = serializers.CharField(required=False, allow_blank=True, max_length=20)
    package = serializers.CharField(required=False, allow_blank=True, max_length=300)
    repository = serializers.CharField(required=False, allow_blank=True, max_length=500)
    tag = serializers.CharField(required=False, allow_blank=True, max_length=200)
    digest = serializers.CharField(required=False, allow_blank=True, max_length=100)
    asset = VisibleField(slug_field="id", queryset=Asset.objects.all(), required=False, allow_null=True)
    environment = VisibleField(
        slug_field="slug", queryset=Environment.objects.all(), required=False, allow_null=True
    )
    labels = serializers.DictField(child=serializers.CharField(max_length=200), required=False)


class RenewSerializer(serializers.Serializer):
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class WhySerializer(serializers.Serializer):
    why = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class DecisionSerializer(Serializer):
    id = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    layer = LayerField()
    state = serializers.ChoiceField(choices=DecisionState.choices)
    problem = serializers.CharField(help_text="What it is about, in words.")
    vulnerability = VulnerabilityRefSerializer(allow_null=True)
    check = serializers.CharField(source="check_slug", allow_null=True)
    finding_kind = serializers.CharField()
    finding_key = serializers.CharField()
    ecosystem = serializers.CharField()
    package = serializers.CharField()
    repository = serializers.CharField()
    tag = serializers.CharField()
    digest = serializers.CharField()
    asset = AssetRefSerializer(allow_null=True)
    environment = EnvironmentRefSerializer(allow_null=True)
    labels = serializers.DictField(child=serializers.CharField())
    product = serializers.CharField(allow_null=True, help_text="Of a VEX document's statement.")
    reason = serializers.ChoiceField(choices=Reason.choices)
    reason_label = serializers.CharField(source="get_reason_display")
    note = serializers.CharField()
    link = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    ends_when = serializers.ChoiceField(choices=EndsWhen.choices)
    trips_on_exploited = serializers.BooleanField()
    trips_on_epss = serializers.FloatField(allow_null=True)
    trips_on_exposed = serializers.BooleanField()
    trips_on_control = serializers.CharField()
    trips_on_version = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(source="author", allow_null=True)
    approved_by = serializers.CharField(source="approver", allow_null=True)
    active_from = serializers.DateTimeField(allow_null=True)
    suspended_at = serializers.DateTimeField(allow_null=True, help_text="When a tripwire suspended it last.")
    suspended_because = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_because = serializers.CharField()
    hides = CountSerializer(help_text="Open findings that it hides now, as far as the asker may see them.")
    is_stale = serializers.BooleanField(help_text="In force, and hiding nothing.")


class SampleSerializer(PlainSerializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=SEVERITY_NAMES)
    asset = AssetRefSerializer()


class WeekSerializer(PlainSerializer):
    at = serializers.DateTimeField()
    hidden = serializers.IntegerField()


class TripSerializer(PlainSerializer):
    at = serializers.DateTimeField()
    why = serializers.CharField()


class DecisionHistorySerializer(PlainSerializer):
    """Had it been made twelve weeks ago."""

    findings = CountSerializer()
    weeks = WeekSerializer(many=True, help_text="How many findings it would have hidden at these times.")
    trips = TripSerializer(many=True, help_text="What would have suspended it.")


class DecisionPreviewSerializer(Serializer):
    findings = CountSerializer()
    assets = serializers.IntegerField()
    by_severity = SeverityCountsSerializer()
    exploited = serializers.IntegerField(help_text="Findings whose vulnerability is known to be exploited.")
    unseen = serializers.IntegerField(help_text="Findings it would hide that the asker may not see.")
    decided_already = serializers.IntegerField()
    environments = EnvironmentRefSerializer(many=True)
    needs_approval = serializers.BooleanField()
    sample = SampleSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    history = DecisionHistorySerializer()


class SuggestionSerializer(PlainSerializer):
    """The scope of a finding that outlives rebuilds."""

    vulnerability = serializers.CharField(allow_null=True)
    check = serializers.CharField(allow_null=True)
    finding_kind = serializers.CharField()
    finding_key = serializers.CharField()
    ecosystem = serializers.CharField()
    package = serializers.CharField()
    repository = serializers.CharField()
    asset = AssetRefSerializer(allow_null=True)
    repositories = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    digests = serializers.ListField(child=serializers.CharField())
    environments = EnvironmentRefSerializer(many=True)


class ChangeWriteSerializer(serializers.Serializer):
    """Something to do with findings: those with these ids, or all that match filters of `/findings`."""

    verb = serializers.ChoiceField(choices=worklist.VERBS)
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=10_000
    )
    filters = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    preview = serializers.BooleanField(default=False, help_text="Only tell what it would touch.")
    text = serializers.CharField(required=False, max_length=10_000, help_text="Of a comment.")
    assignee = serializers.SlugRelatedField(
        slug_field="username",
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    team = serializers.SlugRelatedField(
        slug_field="name", queryset=Team.objects.all(), required=False, allow_null=True
    )
    terms = TermsSerializer(required=False, help_text="Of decide: the scope is made of each finding.")
    environment = VisibleField(
        slug_field="slug",
        queryset=Environment.objects.all(),
        required=False,
        allow_null=True,
        help_text="Of decide: only there.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filters" in attrs):
            raise serializers.ValidationError({"ids": "Give either ids or filters."})
        if attrs["verb"] == "decide" and "terms" not in attrs:
            raise serializers.ValidationError({"terms": "Say what is decided."})
        return attrs


class ChangePreviewSerializer(PlainSerializer):
    findings = serializers.IntegerField()
    assets = serializers.IntegerField()
    by_severity = SeverityCountsSerializer()
    exploited = serializers.IntegerField()
    left_alone = serializers.DictField(
        child=serializers.IntegerField(), help_text="State → findings in it, to which it cannot be done."
    )
    decisions = serializers.IntegerField(allow_null=True, help_text="Of decide: how many it would make.")


class ChangeSerializer(Serializer):
    id = serializers.IntegerField()
    verb = serializers.CharField()
    details = serializers.DictField()
    at = serializers.DateTimeField()
    by = serializers.CharField(source="who", allow_null=True)
    findings = serializers.IntegerField(source="findings_total")
    undone_at = serializers.DateTimeField(allow_null=True)


class DeadlineSerializer(serializers.Serializer):
    """Findings of this severity are to be mended within so many days. Null narrows nothing."""

    severity = SeverityField()
    exposed = serializers.BooleanField(source="is_exposed", allow_null=True, default=None)
    exploited = serializers.BooleanField(source="is_exploited", allow_null=True, default=None)
    days = serializers.IntegerField(min_value=1, max_value=3650)
    starts = serializers.ChoiceField(choices=ClockStart.choices, default=ClockStart.OPENED)


class DeadlinesSerializer(serializers.Serializer):
    deadlines = DeadlineSerializer(many=True)
