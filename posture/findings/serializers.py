"""What the API says of findings."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, RequirementsField, Serializer, SeverityField
from posture.findings.choices import FindingKind, FindingState
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer
from posture.vulnerabilities.serializers import (
    FixStatusField,
    PackageRefSerializer,
    VulnerabilityRefSerializer,
)


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
    asset = AssetRefSerializer()
    host = AssetRefSerializer(allow_null=True, source="asset.host")
    environment = EnvironmentRefSerializer(allow_null=True)
    first_opened_at = serializers.DateTimeField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    times_opened = serializers.IntegerField()


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


class FindingItemSerializer(FindingSerializer):
    evidence = serializers.ListField(child=serializers.CharField())
    rationale = serializers.CharField()
    remediation = serializers.CharField()
    requirements = RequirementsField(help_text="Framework id → requirement ids.")
    factors = FactorSerializer(many=True, source="factor_figures")
    intervals = OpenIntervalSerializer(many=True, source="interval_figures")
    words = WordSerializer(many=True, help_text="What each tool that reported it says.")
    share = FindingShareSerializer(allow_null=True, source="share_figures")


class FindingGroupSerializer(PlainSerializer):
    key = serializers.CharField(help_text="What to put into the filter that the groups are made by.")
    title = serializers.CharField()
    severity = serializers.CharField(help_text="The worst in the group.")
    findings = serializers.IntegerField()
    assets = serializers.IntegerField()
    assets_total = serializers.IntegerField(allow_null=True, help_text="Of how many: the Y of “X of Y”.")
    points_max = serializers.FloatField()


class AffectedVulnerabilitySerializer(PlainSerializer):
    id = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    severity = SeverityField(allow_null=True)
    epss = serializers.FloatField(allow_null=True)
    exploited_since = serializers.DateField(allow_null=True)


class FeedAgeSerializer(PlainSerializer):
    name = serializers.CharField()
    last_success_at = serializers.DateTimeField()
    data_at = serializers.DateTimeField(allow_null=True)


class AffectedPackageSerializer(PlainSerializer):
    id = serializers.IntegerField()
    ecosystem = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    distribution = serializers.CharField()
    fixed_version = serializers.CharField(help_text="The nearest that mends it; empty when none is known.")


class UndecidablePackageSerializer(AffectedPackageSerializer):
    reason = serializers.CharField()


class AffectedAssetSerializer(PlainSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    containers = serializers.IntegerField(help_text="That run.")


class AffectedEnvironmentSerializer(PlainSerializer):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    hosts = serializers.IntegerField()


class AffectedSerializer(PlainSerializer):
    """Whether and where the fleet is affected. Lists are bounded, numbers are not."""

    about = serializers.ChoiceField(choices=["vulnerability", "package"])
    known = serializers.BooleanField(
        help_text="False: neither a feed nor a tool tells of it, so the answer says nothing."
    )
    vulnerability = AffectedVulnerabilitySerializer(allow_null=True)
    advisories = serializers.IntegerField()
    feeds = FeedAgeSerializer(
        many=True, help_text="The feeds of advisories that were read, on which the answer rests."
    )
    packages_total = serializers.IntegerField()
    packages = AffectedPackageSerializer(many=True)
    undecidable = UndecidablePackageSerializer(many=True, help_text="Their version cannot be compared.")
    images_total = serializers.IntegerField()
    images = AffectedAssetSerializer(many=True)
    containers_total = serializers.IntegerField()
    hosts_total = serializers.IntegerField()
    hosts = AffectedAssetSerializer(many=True)
    environments = AffectedEnvironmentSerializer(many=True)
