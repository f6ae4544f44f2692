"""Kinds and states of findings."""

from django.db import models


class FindingKind(models.TextChoices):
    FAILED_CHECK = "failed_check", "Failed check"


class FindingState(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
