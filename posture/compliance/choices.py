"""Outcomes, stored as small numbers in this order."""

from scanners.records import Outcome

OUTCOMES: tuple[Outcome, ...] = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.MANUAL,
    Outcome.NOT_APPLICABLE,
    Outcome.NOT_MEASURED,
    Outcome.ERROR,
)
NUMBER: dict[Outcome, int] = {outcome: number for number, outcome in enumerate(OUTCOMES)}
LABELS = {
    Outcome.PASS: "Pass",
    Outcome.FAIL: "Fail",
    Outcome.MANUAL: "To be judged by a person",
    Outcome.NOT_APPLICABLE: "Not applicable",
    Outcome.NOT_MEASURED: "Not measured",
    Outcome.ERROR: "Error",
}
