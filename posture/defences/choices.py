"""States of a kernel defence, in their declared order; the mechanisms are `scanners.defences.mechanisms`."""

from django.db import models

from scanners.defences.records import State


class DefenceState(models.TextChoices):
    ABSENT = State.ABSENT.value, "Absent"
    PERMISSIVE = State.PERMISSIVE.value, "Permissive"
    NOT_MEASURED = State.NOT_MEASURED.value, "Not measured"
    NOT_APPLICABLE = State.NOT_APPLICABLE.value, "Not applicable"
    ENFORCING = State.ENFORCING.value, "Enforcing"
