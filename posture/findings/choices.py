"""Kinds and states of findings, and how far tools agree. Numbers are what the database stores."""

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


class Agreement(models.TextChoices):
    """Whether the tools that looked for the same problem say the same. The rule is in `agreement`."""

    AGREED = "agreed", "Agreed"
    DISPUTED = "disputed", "Disputed"
    SINGLE_SOURCE = "single_source", "One source"


AGREEMENTS = tuple(Agreement)
AGREEMENT_NUMBER: dict[str, int] = {agreement: number for number, agreement in enumerate(AGREEMENTS)}
DISPUTED = AGREEMENT_NUMBER[Agreement.DISPUTED]
SINGLE_SOURCE = AGREEMENT_NUMBER[Agreement.SINGLE_SOURCE]
