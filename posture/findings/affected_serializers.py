"""What the API answers when asked whether the fleet is affected."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, SeverityField


class AskedVulnerabilitySerializer(PlainSerializer):
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


class HeldPackageSerializer(PlainSerializer):
    id = serializers.IntegerField()
    ecosystem = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    distribution = serializers.CharField()
    fixed_version = serializers.CharField(help_text="The nearest that mends it; empty when none is known.")


class UndecidablePackageSerializer(HeldPackageSerializer):
    reason = serializers.CharField()


class HoldingAssetSerializer(PlainSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    containers = serializers.IntegerField(help_text="That run.")


class HoldingEnvironmentSerializer(PlainSerializer):
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
    vulnerability = AskedVulnerabilitySerializer(allow_null=True)
    advisories = serializers.IntegerField()
    feeds = FeedAgeSerializer(
        many=True, help_text="The feeds of advisories that were read, on which the answer rests."
    )
    packages_total = serializers.IntegerField()
    packages = HeldPackageSerializer(many=True)
    undecidable = UndecidablePackageSerializer(many=True, help_text="Their version cannot be compared.")
    images_total = serializers.IntegerField()
    images = HoldingAssetSerializer(many=True)
    containers_total = serializers.IntegerField()
    hosts_total = serializers.IntegerField()
    hosts = HoldingAssetSerializer(many=True)
    environments = HoldingEnvironmentSerializer(many=True)
