"""What the API takes and says of webhooks, digests, reminders and messages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer
from posture.fleet.models import Environment
from posture.fleet.serializers import EnvironmentRefSerializer
from posture.integrations.choices import WANTED, Cause, Frequency, MessageState
from posture.integrations.models import MOST_DAYS, Digest, Message, Webhook

_CAUSES = [cause.value for cause in WANTED]


class VisibleSlugField(serializers.SlugRelatedField):
    """One of the environments that the asker sees, by its slug; null for every one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            slug_field="slug", queryset=Environment.objects.all(), allow_null=True, required=False, **kwargs
        )

    def get_queryset(self) -> Any:
        return Environment.objects.visible_to(self.context["user"])


class VisibleWebhookField(serializers.SlugRelatedField):
    """One of the webhooks that the asker sees, by its name; null for none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            slug_field="name", queryset=Webhook.objects.all(), allow_null=True, required=False, **kwargs
        )

    def get_queryset(self) -> Any:
        return Webhook.objects.visible_to(self.context["user"])


class WebhookSerializer(Serializer):
    """The address itself is never told again: it can be a secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    origin = serializers.CharField(help_text="Scheme, host and port of its address.")
    environment = EnvironmentRefSerializer(allow_null=True)
    causes = serializers.ListField(child=serializers.ChoiceField(choices=_CAUSES))
    is_enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_sent_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField(help_text="Of the newest message, when it was not sent; else empty.")


class WebhookCreatedSerializer(WebhookSerializer):
    key = serializers.CharField(help_text="Signs what is sent there. It is told this once.")


class WebhookKeySerializer(PlainSerializer):
    key = serializers.CharField(help_text="Signs what is sent from now on. It is told this once.")


class WebhookWriteSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=2000)
    environment = VisibleSlugField()
    causes = serializers.ListField(
        child=serializers.ChoiceField(choices=_CAUSES), required=False, max_length=len(_CAUSES)
    )
    is_enabled = serializers.BooleanField(required=False)

    def validate_causes(self, causes: list[str]) -> list[str]:
        return [cause for cause in _CAUSES if cause in causes]


class DigestSerializer(Serializer):
    id = serializers.IntegerField()
    owner = serializers.CharField(source="owner.username")
    webhook = serializers.SerializerMethodField()
    environment = EnvironmentRefSerializer(allow_null=True)
    frequency = serializers.ChoiceField(choices=Frequency.choices)
    hour = serializers.IntegerField(help_text="In UTC.")
    next_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_webhook(self, digest: Digest) -> str | None:
        return None if digest.webhook is None else digest.webhook.name


class DigestWriteSerializer(serializers.Serializer):
    """Without a webhook it goes to its owner by e-mail."""

    webhook = VisibleWebhookField()
    environment = VisibleSlugField()
    frequency = serializers.ChoiceField(choices=Frequency.choices, required=False)
    hour = serializers.IntegerField(min_value=0, max_value=23, required=False, help_text="In UTC.")


class MessageSerializer(Serializer):
    id = serializers.IntegerField()
    cause = serializers.ChoiceField(choices=Cause.choices)
    subject = serializers.CharField()
    to = serializers.SerializerMethodField(help_text="A person, or a webhook.")
    is_to_webhook = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=MessageState.choices)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next.")
    sent_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(help_text="Why the last attempt failed.")

    def get_to(self, message: Message) -> str:
        return str(message.person or message.webhook)

    def get_is_to_webhook(self, message: Message) -> bool:
        return message.webhook_id is not None


class MessageItemSerializer(MessageSerializer):
    text = serializers.CharField()


def _days() -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=-MOST_DAYS,
        max_value=MOST_DAYS,
        allow_null=True,
        required=False,
        help_text="Days after the due date; before it where negative; null: this rung is left out.",
    )


class RemindersWriteSerializer(serializers.Serializer):
    is_enabled = serializers.BooleanField(required=False)
    hour = serializers.IntegerField(min_value=0, max_value=23, required=False, help_text="In UTC.")
    owner_days = _days()
    team_days = _days()
    manager_days = _days()


class RemindersSerializer(Serializer):
    """When whom is reminded of a finding that stays, and what came of the last walk."""

    is_enabled = serializers.BooleanField()
    hour = serializers.IntegerField(help_text="In UTC.")
    owner_days = serializers.IntegerField(allow_null=True)
    team_days = serializers.IntegerField(allow_null=True)
    manager_days = serializers.IntegerField(allow_null=True)
    walked_at = serializers.DateTimeField(allow_null=True)
    next_at = serializers.DateTimeField(allow_null=True)
    reached = serializers.IntegerField(help_text="Findings that reached a rung at the last walk.")
    told = serializers.IntegerField(help_text="People who were told of them.")
    untold = serializers.IntegerField(
        help_text="Those of which nobody was told: without an owner, or of a team without members or manager."
    )


class MailServerSerializer(PlainSerializer):
    host = serializers.CharField()
    sender = serializers.CharField()
    is_encrypted = serializers.BooleanField()


class NotificationsSerializer(PlainSerializer):
    """Whether anything can be told, and what could not be."""

    mail_server = MailServerSerializer(allow_null=True)
    url = serializers.CharField(
        help_text="What links in messages begin with; empty: PLIMSOLL_URL is not set."
    )
    people_without_address = serializers.IntegerField(allow_null=True, help_text="Null for who may not know.")
    waiting = serializers.IntegerField(help_text="Messages that the asker may see.")
    failed = serializers.IntegerField(help_text="In the last 30 days.")
