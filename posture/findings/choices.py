"""Kinds and states of findings, and how far tools agree. Numbers are what the database stores."""

from django.db import models


class FindingKind(models.TextChoices):
    FAILED_CHECK = "failed_check", "Failed check"
    VULNERABILITY = "vulnerability", "Vulnerability"
    SECRET = "secret", "Secret"
    UNSUPPORTED = "unsupported", "Unsupported software"
    MALWARE = "malware", "Malware"
    REPORTED_CHECK = "reported_check", "Check of another tool"
    COMBINATION = "combination", "Toxic combination"


class Outcome(models.TextChoices):
    """What people, rules or VEX documents decide of a finding that is still there. The finding keeps its place in the
    database as a number, `OUTCOME_NUMBER`."""

    ACCEPTED = "accepted", "Accepted risk"
    FALSE_POSITIVE = "false_positive", "False positive"
    NOT_AFFECTED = "not_affected", "Not affected"
    MITIGATED = "mitigated", "Mitigated"
    NOT_APPLICABLE = "not_applicable", "Not applicable"


OUTCOMES = tuple(Outcome)
OUTCOME_NUMBER: dict[str, int] = {outcome: number for number, outcome in enumerate(OUTCOMES, start=1)}
# An accepted risk is still a risk: it is hidden from the worklist, and stays in the load. The others say that there is
# none, or no more of it than another control leaves.
WEIGHS = OUTCOME_NUMBER[Outcome.ACCEPTED]


class Work(models.IntegerChoices):
    """What people are doing about a finding that is open."""

    IN_PROGRESS = 1, "In progress"
    AWAITING_APPROVAL = 2, "Awaiting approval"


class FindingState(models.TextChoices):
    """The one state of a finding. How it is told from what is stored, and what leads from one to another: `states`."""

    OPEN = "open", "Open"
    REOPENED = "reopened", "Reopened"
    IN_PROGRESS = "in_progress", "In progress"
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"
    ACCEPTED = Outcome.ACCEPTED.value, Outcome.ACCEPTED.label
    FALSE_POSITIVE = Outcome.FALSE_POSITIVE.value, Outcome.FALSE_POSITIVE.label
    NOT_AFFECTED = Outcome.NOT_AFFECTED.value, Outcome.NOT_AFFECTED.label
    MITIGATED = Outcome.MITIGATED.value, Outcome.MITIGATED.label
    NOT_APPLICABLE = Outcome.NOT_APPLICABLE.value, Outcome.NOT_APPLICABLE.label
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
