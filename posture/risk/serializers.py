"""What the API says of loads: ledgers."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import SEVERITY_NAMES, PlainSerializer
from posture.findings.serializers import FactorSerializer, FindingDeadlineSerializer
from posture.fleet.serializers import AssetRefSerializer


class LedgerFindingSerializer(PlainSerializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=SEVERITY_NAMES)
    check = serializers.CharField(allow_null=True)
    is_accepted = serializers.BooleanField(help_text="A risk that somebody accepted: it still weighs.")
    deadline = FindingDeadlineSerializer(allow_null=True)


class LedgerLineSerializer(PlainSerializer):
    finding = LedgerFindingSerializer()
    asset = AssetRefSerializer()
    points = serializers.FloatField()
    energy = serializers.FloatField(help_text="The fourth power of the points.")
    share = serializers.FloatField(help_text="The line's part of the load; all parts add up to it.")
    factors = FactorSerializer(many=True)


class MissingEvidenceSerializer(PlainSerializer):
    evidence = serializers.CharField()
    why = serializers.CharField()


class LedgerTotalsSerializer(PlainSerializer):
    formula = serializers.CharField(help_text="Version of the published formula.")
    load = serializers.FloatField(allow_null=True)
    line = serializers.FloatField()
    coverage = serializers.FloatField()
    band = serializers.FloatField(allow_null=True)
    energy = serializers.FloatField()
    lines_total = serializers.IntegerField()
    rest = serializers.FloatField(help_text="The share of the lines that are not shown.")
    missing = MissingEvidenceSerializer(
        many=True,
        allow_null=True,
        help_text="Null at a past date: of what was missing only its share is kept.",
    )


class LedgerSerializer(LedgerTotalsSerializer):
    asset = AssetRefSerializer()
    lines = LedgerLineSerializer(many=True)


class LedgerOwnerSerializer(PlainSerializer):
    kind = serializers.ChoiceField(choices=["environment"])
    id = serializers.IntegerField()
    name = serializers.CharField()


class HostLineSerializer(PlainSerializer):
    asset = AssetRefSerializer()
    load = serializers.FloatField()
    energy = serializers.FloatField()
    share = serializers.FloatField()


class EnvironmentLedgerSerializer(LedgerTotalsSerializer):
    asset = LedgerOwnerSerializer()
    lines = HostLineSerializer(many=True)
