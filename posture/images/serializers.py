"""What the API says of images."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import (
    DocumentField,
    LoadSerializer,
    PlainSerializer,
    Serializer,
    SeverityCountsSerializer,
)
from posture.fleet import choices


class ImageSerializer(Serializer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="asset.name", help_text="The best reference, else the short digest.")
    digest = serializers.CharField()
    references = serializers.ListField(child=serializers.CharField())
    repo_digests = serializers.ListField(child=serializers.CharField())
    os = serializers.CharField()
    architecture = serializers.CharField()
    size_bytes = serializers.IntegerField()
    created_at = serializers.DateTimeField(allow_null=True)
    user = serializers.CharField()
    hosts = serializers.IntegerField(help_text="Hosts that hold it.")
    containers_running = serializers.IntegerField()
    load = LoadSerializer(source="load_figures")
    severity_counts = SeverityCountsSerializer(source="finding_figures")
    first_seen_at = serializers.DateTimeField(source="asset.first_seen_at")
    last_seen_at = serializers.DateTimeField()
    gone_at = serializers.DateTimeField(allow_null=True)


class LayerSerializer(PlainSerializer):
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField(allow_null=True)
    size_bytes = serializers.IntegerField()


class HoldingHostSerializer(PlainSerializer):
    kind = serializers.ChoiceField(choices=choices.AssetKind.choices)
    id = serializers.IntegerField()
    name = serializers.CharField()
    references = serializers.ListField(child=serializers.CharField())


class ImageBeneathSerializer(PlainSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    layers = serializers.IntegerField(help_text="How many of the lowest layers are all of that image.")


class BaseSerializer(PlainSerializer):
    """What the image is built on: as its own labels tell it, and images of the fleet whose layers are its lowest."""

    name = serializers.CharField()
    digest = serializers.CharField()
    images = ImageBeneathSerializer(many=True, help_text="The nearest first.")


class ImageItemSerializer(ImageSerializer):
    document = DocumentField(help_text="The engine's inspect answer, redacted.")
    history = LayerSerializer(many=True, allow_null=True, help_text="Newest first; null: not readable.")
    layers = serializers.ListField(child=serializers.CharField(), source="layer_digests")
    base = BaseSerializer()
    hosts_list = HoldingHostSerializer(many=True)
