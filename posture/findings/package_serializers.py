"""What the API says of packages."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import CountSerializer, PlainSerializer, Serializer, SeverityField
from posture.vulnerabilities.serializers import PackageRefSerializer, VulnerabilityRefSerializer


class PackageSerializer(Serializer):
    id = serializers.IntegerField()
    ecosystem = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    architecture = serializers.CharField()
    distribution = serializers.CharField(help_text="The release that it is of; empty for languages.")
    source_name = serializers.CharField(help_text="What it was built from, where that has another name.")
    source_version = serializers.CharField()
    images = CountSerializer(source="image_count", help_text="That hold it.")
    findings = CountSerializer(source="finding_count", help_text="Open ones, over all images.")
    severity = SeverityField(allow_null=True, source="worst_open", help_text="Null: none is open.")
    first_seen_at = serializers.DateTimeField()


class PackageVersionSerializer(PackageRefSerializer):
    images = CountSerializer(source="image_count")
    severity = SeverityField(allow_null=True, source="worst_open")


class PackageVulnerabilitySerializer(PlainSerializer):
    vulnerability = VulnerabilityRefSerializer()
    severity = serializers.CharField()
    fix = serializers.CharField(help_text="What is said of a fix.")
    fixed_versions = serializers.ListField(child=serializers.CharField())
    images = serializers.IntegerField()


class PackageItemSerializer(PackageSerializer):
    url = serializers.CharField(source="package_url", help_text="The package URL.")
    vulnerabilities = PackageVulnerabilitySerializer(
        many=True, source="open_vulnerabilities", help_text="At most 200, the worst first."
    )
    versions = PackageVersionSerializer(
        many=True, source="other_versions", help_text="Of the same package in the fleet; at most 100."
    )
