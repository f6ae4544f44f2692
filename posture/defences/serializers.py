"""What the API says of kernel defences: mechanisms, cells, rows of the matrix, groups, and where hosts differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from posture.base.serializers import LoadSerializer, PlainSerializer, Serializer
from posture.defences.choices import DefenceState
from posture.fleet.choices import AssetKind
from posture.fleet.serializers import AssetRefSerializer, EnvironmentRefSerializer, NodeLampSerializer
from scanners.defences.mechanisms import BY_ID, CONTAINER, HOST
from scanners.defences.records import Mechanism

KINDS = [(kind.value, kind.label) for kind in (AssetKind.HOST, AssetKind.CONTAINER)]


class WeaknessSerializer(PlainSerializer):
    id = serializers.CharField()
    meaning = serializers.CharField(help_text="What an attacker does with it, in one sentence.")


class RuleSerializer(PlainSerializer):
    weakness = serializers.CharField()
    factor = serializers.FloatField(help_text="What the points of a finding are multiplied by.")
    reason = serializers.CharField()


class MechanismSerializer(PlainSerializer):
    id = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    blunts = WeaknessSerializer(many=True)
    why = serializers.CharField()
    remediation = serializers.CharField()
    check = serializers.CharField(help_text="The check that judges the same; empty when there is none.")
    in_container = serializers.CharField(
        help_text="The mechanism that says whether one container has what the host offers; empty when there is none."
    )
    rules = RuleSerializer(many=True, help_text="How it lightens findings while it is enforcing.")


class DefenceSerializer(Serializer):
    id = serializers.IntegerField()
    asset = AssetRefSerializer()
    host = AssetRefSerializer(allow_null=True, source="asset.host")
    environment = EnvironmentRefSerializer(allow_null=True, source="asset.environment")
    mechanism = serializers.CharField()
    title = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=DefenceState.choices)
    since = serializers.DateTimeField(source="state_since", help_text="Since when it is in this state.")
    evidence = serializers.ListField(child=serializers.CharField())
    evidence_since = serializers.DateTimeField(source="opened_at")
    why = serializers.SerializerMethodField()
    remediation = serializers.SerializerMethodField()
    check = serializers.SerializerMethodField()

    def get_title(self, row: Any) -> str:
        return BY_ID[row.mechanism].title if row.mechanism in BY_ID else row.mechanism

    def get_why(self, row: Any) -> str:
        return BY_ID[row.mechanism].why if row.mechanism in BY_ID else ""

    def get_remediation(self, row: Any) -> str:
        return BY_ID[row.mechanism].remediation if row.mechanism in BY_ID else ""

    def get_check(self, row: Any) -> str:
        return BY_ID[row.mechanism].check if row.mechanism in BY_ID else ""


class CellSerializer(PlainSerializer):
    id = serializers.IntegerField(help_text="The cell's row under /defences.")
    state = serializers.ChoiceField(choices=DefenceState.choices)
    since = serializers.DateTimeField()


def cells_of(mechanisms: Iterable[Mechanism], name: str) -> Any:
    """A serializer class with one cell a mechanism, so that exports have a column for each."""
    fields = {mechanism.id: CellSerializer(required=False, allow_null=True) for mechanism in mechanisms}
    return type(name, (PlainSerializer,), {**fields, "__module__": __name__})


HostCellsSerializer = cells_of(HOST, "HostCellsSerializer")
ContainerCellsSerializer = cells_of(CONTAINER, "ContainerCellsSerializer")


class HostMatrixSerializer(Serializer):
    id = serializers.IntegerField(source="asset_id")
    name = serializers.CharField(source="asset.name")
    environment = EnvironmentRefSerializer(allow_null=True, source="asset.environment")
    node = NodeLampSerializer(allow_null=True)
    distribution = serializers.CharField(source="distribution_name")
    kernel_release = serializers.CharField()
    is_root = serializers.BooleanField(help_text="The probe ran as root; else much is not measured.")
    reboot_required = serializers.BooleanField(allow_null=True, help_text="Null: not measured.")
    load = LoadSerializer(source="load_figures")
    last_seen_at = serializers.DateTimeField()
    defences = HostCellsSerializer(source="cells")


class ContainerMatrixSerializer(Serializer):
    id = serializers.IntegerField(source="asset_id")
    name = serializers.CharField(source="asset.name")
    host = AssetRefSerializer()
    environment = EnvironmentRefSerializer(allow_null=True, source="asset.environment")
    manager = serializers.CharField(help_text="Who started it; empty when that cannot be told.")
    load = LoadSerializer(source="load_figures")
    last_seen_at = serializers.DateTimeField()
    defences = ContainerCellsSerializer(source="cells")


class StateCountsSerializer(PlainSerializer):
    absent = serializers.IntegerField()
    permissive = serializers.IntegerField()
    not_measured = serializers.IntegerField()
    not_applicable = serializers.IntegerField()
    enforcing = serializers.IntegerField()


class MechanismCountsSerializer(PlainSerializer):
    mechanism = serializers.CharField()
    states = StateCountsSerializer()


class DefenceGroupSerializer(PlainSerializer):
    group = serializers.CharField(help_text="What to put into the filter of the matrix; empty for all.")
    label = serializers.CharField()  # type: ignore[assignment]
    assets = serializers.IntegerField()
    mechanisms = MechanismCountsSerializer(many=True)


class DifferingValueSerializer(PlainSerializer):
    value = serializers.CharField()
    hosts = AssetRefSerializer(many=True)


class DifferenceSerializer(PlainSerializer):
    pointer = serializers.CharField(help_text="The fact's place in the probe's document (RFC 6901).")
    name = serializers.CharField()
    is_different = serializers.BooleanField(
        help_text="False: all hosts that were measured agree, and some were not measured."
    )
    values = DifferingValueSerializer(many=True, help_text="Most common first.")
    not_measured = DifferingValueSerializer(many=True, help_text="By reason.")
    absent = AssetRefSerializer(many=True, help_text="Hosts that do not have the thing.")


class DivergenceSerializer(PlainSerializer):
    hosts = AssetRefSerializer(many=True)
    hosts_total = serializers.IntegerField(help_text="Hosts that match; at most 500 are compared.")
    alike = serializers.IntegerField(help_text="Settings on which all hosts agree.")
    differences = DifferenceSerializer(many=True)
