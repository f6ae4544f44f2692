"""Pieces that every resource's answers are made of. Read-only: writes have serializers of their own."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scanners.records import Severity

SEVERITY_NAMES = [severity.label for severity in reversed(Severity)]


class Serializer(serializers.Serializer):
    """A read-only serializer: the declared fields are the contract, in this order."""

    def create(self, validated_data: Any) -> Any:
        raise NotImplementedError("read-only")

    def update(self, instance: Any, validated_data: Any) -> Any:
        raise NotImplementedError("read-only")


class SeverityField(serializers.ChoiceField):
    """A severity, stored as a number in rising order, shown and taken by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=SEVERITY_NAMES, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return int(Severity[str(super().to_internal_value(data)).upper()])

    def to_representation(self, value: Any) -> str:
        return Severity(value).label


class PlainSerializer(Serializer):
    """Declares the shape of a value that is a plain mapping already."""

    def to_representation(self, instance: Any) -> Any:
        return instance


class CountSerializer(PlainSerializer):
    value = serializers.IntegerField()
    exact = serializers.BooleanField(help_text="False: there are at least `value`.")


class FacetValueSerializer(PlainSerializer):
    value = serializers.CharField(help_text="What to put into the filter.")
    label = serializers.CharField()  # type: ignore[assignment]
    count = CountSerializer()


class FacetSerializer(PlainSerializer):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    values = FacetValueSerializer(many=True)


class FacetsSerializer(PlainSerializer):
    facets = FacetSerializer(many=True)


class LoadSerializer(PlainSerializer):
    load = serializers.FloatField(allow_null=True, help_text="Null: not measured.")
    line = serializers.FloatField(help_text="The load that the environment's owners tolerate.")
    coverage = serializers.FloatField(help_text="Share of the expected evidence that is there, 0 to 1.")
    band = serializers.FloatField(allow_null=True, help_text="What the load could be at worst.")
    measured = serializers.BooleanField()


class SeverityCountsSerializer(PlainSerializer):
    critical = serializers.IntegerField()
    high = serializers.IntegerField()
    medium = serializers.IntegerField()
    low = serializers.IntegerField()
    info = serializers.IntegerField()


class FieldErrorSerializer(PlainSerializer):
    field = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(PlainSerializer):
    """Every error, as RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable, for programs.")
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]
    hint = serializers.CharField(required=False)
    retry_after = serializers.IntegerField(required=False)
    request_id = serializers.CharField(required=False)


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
)
class RequirementsField(serializers.Field):
    """Framework id → requirement ids."""

    def to_representation(self, value: Any) -> dict[str, list[str]]:
        return value


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class DocumentField(serializers.Field):
    """Raw evidence as it was read, redacted."""

    def to_representation(self, value: Any) -> Any:
        return value
