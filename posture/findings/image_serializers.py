"""What the API says of what is inside an image."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer, SeverityCountsSerializer, SeverityField
from posture.findings.serializers import AgreementField
from posture.vulnerabilities.serializers import (
    FixStatusField,
    PackageRefSerializer,
    VulnerabilityRefSerializer,
)


class ImageLayerSerializer(PlainSerializer):
    place = serializers.IntegerField(help_text="From 0, the lowest; -1: what no layer is known for.")
    digest = serializers.CharField()
    created_by = serializers.CharField(allow_null=True, help_text="Null: not known.")
    created_at = serializers.DateTimeField(allow_null=True)
    size_bytes = serializers.IntegerField(allow_null=True)
    packages = serializers.IntegerField()
    severity_counts = SeverityCountsSerializer()


class BaseImageSerializer(PlainSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    digest = serializers.CharField()
    layers = serializers.IntegerField(help_text="How many of the lowest layers are its.")
    packages = serializers.IntegerField()
    closes = SeverityCountsSerializer(help_text="Open findings in the packages that it brought.")


class ImageBuildSerializer(PlainSerializer):
    layers = ImageLayerSerializer(many=True, help_text="Lowest first.")
    base = BaseImageSerializer(allow_null=True, help_text="A guess by the layers; null: none is known.")
    user = serializers.CharField(help_text="Empty: root.")
    has_healthcheck = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
    is_configuration_known = serializers.BooleanField(help_text="False: only reports tell of this image.")
    secrets = serializers.ListField(
        child=serializers.CharField(),
        help_text="Where secrets were seen in configuration, history and files.",
    )
    packages = serializers.IntegerField(allow_null=True, help_text="Null: no tool listed any.")


class ImagePackageSerializer(PackageRefSerializer):
    source_name = serializers.CharField()
    source_version = serializers.CharField()
    layer = serializers.IntegerField(help_text="Place of the layer that brought it; -1: not known.")
    tools = serializers.ListField(child=serializers.CharField(), help_text="That list it.")
    severity = SeverityField(allow_null=True, source="worst_open", help_text="Null: none is open.")
    severity_counts = SeverityCountsSerializer(source="finding_figures")


class WordCellSerializer(PlainSerializer):
    tool = serializers.CharField()
    says = serializers.ChoiceField(
        choices=[("affected", "Says so"), ("silent", "Does not say so"), ("not_looked", "Did not look")],
        help_text="silent: it looked through the image in this ecosystem and does not report it.",
    )
    severity = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    fixed_versions = serializers.ListField(child=serializers.CharField())


class ImageWordSerializer(Serializer):
    """One vulnerability in one package of the image, with what each tool says of it."""

    id = serializers.IntegerField(help_text="Of the finding.")
    vulnerability = VulnerabilityRefSerializer()
    package = PackageRefSerializer()
    severity = SeverityField()
    agreement = AgreementField()
    fix = FixStatusField()
    cells = WordCellSerializer(many=True, help_text="One for each tool that told of the image, by name.")
