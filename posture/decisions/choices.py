"""Layers, states and reasons of decisions, and what ends them."""

from __future__ import annotations

from django.db import models

from posture.findings.choices import Outcome


class Layer(models.IntegerChoices):
    """Who speaks. The higher layer decides; the others are kept, and decide when it is withdrawn. Below them all stands
    what scanners say."""

    RULE = 1, "Rule"
    STATEMENT = 2, "VEX document"
    PERSON = 3, "Person"

    @property
    def word(self) -> str:
        return self.name.lower()


LAYER_CHOICES = tuple((layer.word, str(layer.label)) for layer in Layer)


class DecisionState(models.TextChoices):
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"  # a tripwire: its premise broke
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REJECTED = "rejected", "Rejected"


class EndsWhen(models.TextChoices):
    """What ends a decision beside its date."""

    NEVER = "never", "Nothing else"
    FIX = "fix", "A fix appears"
    ALL_FIXABLE = "all_fixable", "All that it hides is fixable"


class Reason(models.TextChoices):
    BUSINESS_NEED = "business_need", "The business needs it as it is"
    NO_FIX = "no_fix", "There is no fix"
    FIX_PLANNED = "fix_planned", "The fix is planned"
    LOW_IMPACT = "low_impact", "The damage would be small"
    WRONG_PACKAGE = "wrong_package", "The scanner took it for another package"
    WRONG_VERSION = "wrong_version", "The version is not vulnerable"
    BACKPORTED = "backported", "The fix was backported"
    TEST_DATA = "test_data", "Test data, not a real secret or service"
    # The five justifications of VEX (CISA, "Vulnerability Exploitability eXchange – Status Justifications", 2022).
    COMPONENT_NOT_PRESENT = "component_not_present", "The component is not present"
    CODE_NOT_PRESENT = "vulnerable_code_not_present", "The vulnerable code is not present"
    CODE_NOT_EXECUTED = "vulnerable_code_not_in_execute_path", "The vulnerable code is never executed"
    CODE_NOT_CONTROLLED = (
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "An attacker cannot control the vulnerable code",
    )
    INLINE_MITIGATIONS = "inline_mitigations_already_exist", "Mitigations are built in"
    COMPENSATING_CONTROL = "compensating_control", "Another control stands in for it"
    ISOLATED = "isolated", "It is isolated from attackers"
    NOT_IN_SCOPE = "not_in_scope", "The rule does not apply here"
    BEING_RETIRED = "being_retired", "It is being retired"
    OTHER = "other", "Another reason, told in the note"


# Reasons that go with each outcome; the note is required with the last.
REASONS: dict[str, tuple[Reason, ...]] = {
    Outcome.ACCEPTED: (
        Reason.BUSINESS_NEED,
        Reason.NO_FIX,
        Reason.FIX_PLANNED,
        Reason.LOW_IMPACT,
        Reason.BEING_RETIRED,
        Reason.OTHER,
    ),
    Outcome.FALSE_POSITIVE: (
        Reason.WRONG_PACKAGE,
        Reason.WRONG_VERSION,
        Reason.BACKPORTED,
        Reason.TEST_DATA,
        Reason.OTHER,
    ),
    Outcome.NOT_AFFECTED: (
        Reason.COMPONENT_NOT_PRESENT,
        Reason.CODE_NOT_PRESENT,
        Reason.CODE_NOT_EXECUTED,
        Reason.CODE_NOT_CONTROLLED,
        Reason.INLINE_MITIGATIONS,
    ),
    Outcome.MITIGATED: (Reason.COMPENSATING_CONTROL, Reason.ISOLATED, Reason.OTHER),
    Outcome.NOT_APPLICABLE: (Reason.NOT_IN_SCOPE, Reason.BEING_RETIRED, Reason.TEST_DATA, Reason.OTHER),
}


class ClockStart(models.TextChoices):
    """When the clock of a deadline begins."""

    OPENED = "opened", "It was opened"
    FIX = "fix", "A fix became known"
    EXPLOITED = "exploited", "It became known to be exploited"
