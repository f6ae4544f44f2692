"""What a message is about, how it stands, and when digests go out."""

from __future__ import annotations

from django.db import models


class Cause(models.TextChoices):
    """Why something is told. Webhooks name those that they want; a digest says itself where it goes."""

    REMINDER = "reminder", "Findings that are due"
    SUSPENSION = "suspension", "Suspended decisions"
    DIGEST = "digest", "Digest"
    TEST = "test", "Test"


WANTED = (Cause.REMINDER, Cause.SUSPENSION)  # what a webhook may ask for


class MessageState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SHOWN = "shown", "Shown here only"


class Frequency(models.TextChoices):
    """In UTC, as every day of Plimsoll."""

    DAILY = "daily", "Every day"
    WORKING_DAYS = "working_days", "Monday to Friday"
    WEEKLY = "weekly", "Every Monday"


class Rung(models.IntegerChoices):
    """Who is told next while a finding stays: rungs of a ladder, walked upwards."""

    OWNER = 1, "Owner"
    TEAM = 2, "Team"
    MANAGER = 3, "Manager"
