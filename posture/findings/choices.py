"""Kinds and states of findings."""

from django.db import models


class FindingKind(models.TextChoices):
    FAILED_CHECK = "failed_check", "Failed check"
    VULNERABILITY = "vulnerability", "Vulnerability"
    SECRET = "secret", "Secret"
    UNSUPPORTED = "unsupported", "Unsupported software"
    MALWARE = "malware", "Malware"
    REPORTED_CHECK = "reported_check", "Check of another tool"


class FindingState(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
