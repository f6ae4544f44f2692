"""Webhooks, digests, the ladder of reminders, and the outbox: messages that wait, were sent, or could not be."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from posture.integrations.choices import Cause, Frequency, MessageState, Rung
from posture.integrations.querysets import DigestQuerySet, MessageQuerySet, WebhookQuerySet

HOURS = (MinValueValidator(0), MaxValueValidator(23))
MOST_DAYS = 365
DAYS = (MinValueValidator(-MOST_DAYS), MaxValueValidator(MOST_DAYS))


class Webhook(models.Model):
    """An address of another program that is told. The address can be a secret itself, so it is stored encrypted together
    with the key that signs; `origin` is what of it is shown."""

    name = models.CharField(max_length=100, unique=True)
    sealed = models.BinaryField(editable=False)
    origin = models.CharField(max_length=300, editable=False)
    environment = models.ForeignKey(  # of which it is told; null: of the whole fleet
        "fleet.Environment", null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks"
    )
    causes = ArrayField(models.CharField(max_length=20), default=list)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Digest(models.Model):
    """The page Today of its owner, sent at set times: to the owner by e-mail, or to a webhook."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    webhook = models.ForeignKey(
        Webhook, null=True, blank=True, on_delete=models.CASCADE, related_name="digests"
    )
    environment = models.ForeignKey(  # null: every one that the owner may see
        "fleet.Environment", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    frequency = models.CharField(max_length=20, choices=Frequency.choices, default=Frequency.WORKING_DAYS)
    hour = models.SmallIntegerField(default=7, validators=HOURS)  # in UTC
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True, blank=True)  # since when the next one tells
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DigestQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "webhook", "environment"), nulls_distinct=False, name="one_digest_each"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_frequency_display()} to {self.webhook or self.owner}"


class Ladder(models.Model):
    """When whom is reminded of a finding that stays: so many days after it is due, before it where negative; null: that
    rung is left out. One row."""

    is_enabled = models.BooleanField(default=False)
    hour = models.SmallIntegerField(default=7, validators=HOURS)  # in UTC, once a day
    owner_days = models.SmallIntegerField(null=True, default=-3, validators=DAYS)
    team_days = models.SmallIntegerField(null=True, default=0, validators=DAYS)
    manager_days = models.SmallIntegerField(null=True, default=7, validators=DAYS)
    walked_at = models.DateTimeField(null=True)
    # What came of the last walk: findings that reached a rung, people told, and findings of which nobody was told.
    reached = models.IntegerField(default=0)
    told = models.IntegerField(default=0)
    untold = models.IntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_ladder"),)

    def __str__(self) -> str:
        return "ladder of reminders"

    @property
    def rungs(self) -> dict[Rung, int]:
        """Those that are there, each with its days."""
        days = {Rung.OWNER: self.owner_days, Rung.TEAM: self.team_days, Rung.MANAGER: self.manager_days}
        return {rung: number for rung, number in days.items() if number is not None}


class Reminder(models.Model):
    """The highest rung that a finding has reached for one due date, and the highest that it had reached before: what lies
    between is what was told at that moment."""

    finding = models.OneToOneField("findings.Finding", on_delete=models.CASCADE, related_name="reminder")
    due_at = models.DateTimeField()
    before = models.SmallIntegerField(default=0)
    rung = models.SmallIntegerField()
    at = models.DateTimeField(db_index=True)
    is_told = models.BooleanField(default=False)  # to a person, at that moment

    def __str__(self) -> str:
        return f"{self.finding_id}: rung {self.rung}"


class Suspension(models.Model):
    """That a decision's suspension at a moment was told."""

    decision = models.ForeignKey(
        "decisions.Decision", on_delete=models.CASCADE, related_name="suspensions_told", db_index=False
    )
    suspended_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("decision", "suspended_at"), name="one_telling_per_suspension"),
        )

    def __str__(self) -> str:
        return f"{self.decision_id} at {self.suspended_at}"


class Message(models.Model):
    """Something to tell one person by e-mail, or one webhook. It is sent at least once: whoever receives it twice knows it
    by its `uid`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="messages"
    )
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.CASCADE, related_name="messages")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    data = models.JSONField(default=dict)  # what a webhook is sent beside the text
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.WAITING)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="message_to_a_person_or_a_webhook",
                condition=Q(person__isnull=True) ^ Q(webhook__isnull=True),
            ),
        )
        indexes = (
            models.Index(
                fields=("next_at",), condition=Q(state=MessageState.WAITING), name="message_waiting"
            ),
            models.Index(F("created_at").desc(), F("id").desc(), name="message_newest"),
        )

    def __str__(self) -> str:
        return self.subject
