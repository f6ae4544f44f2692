"""Entries of the history as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer
from posture.history.models import Entry


class ActorSerializer(PlainSerializer):
    kind = serializers.ChoiceField(choices=["user", "token", "system"])
    id = serializers.IntegerField(
        allow_null=True, help_text="The person, also behind a token; null: the system."
    )
    name = serializers.CharField()


class ObjectSerializer(PlainSerializer):
    kind = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField()


class EntrySerializer(Serializer):
    """One change. `changes` maps a field to its old and new value; secrets are never in it."""

    id = serializers.IntegerField(source="pk")
    at = serializers.DateTimeField()
    actor = serializers.SerializerMethodField()
    verb = serializers.CharField()
    object = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    ip = serializers.CharField(allow_null=True)
    request_id = serializers.CharField()
    hash = serializers.CharField()

    @extend_schema_field(ActorSerializer)
    def get_actor(self, entry: Entry) -> dict[str, Any]:
        return {"kind": entry.actor_kind, "id": entry.actor_id, "name": entry.actor_name}

    @extend_schema_field(ObjectSerializer)
    def get_object(self, entry: Entry) -> dict[str, Any]:
        return {"kind": entry.object_kind, "id": entry.object_id, "name": entry.object_name}

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_changes(self, entry: Entry) -> dict[str, Any]:
        return entry.changes


class VerificationSerializer(PlainSerializer):
    """Whether every entry follows from the one before it."""

    ok = serializers.BooleanField()
    entries = serializers.IntegerField(help_text="How many were read.")
    broken_at = serializers.IntegerField(allow_null=True, help_text="The first entry that does not follow.")
