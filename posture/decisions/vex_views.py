"""Decisions in VEX documents: what was decided of an image's vulnerabilities, for other tools."""

from __future__ import annotations

from typing import Any

from posture.decisions.choices import REASONS, Reason
from posture.decisions.models import Decision, Verdict
from posture.findings import image_documents
from posture.findings.choices import Outcome
from posture.findings.image_documents import Decided
from scanners.reported import VexStatus

# In the words of VEX's justifications; what is not among these is told as text alone.
_JUSTIFICATIONS = {
    Reason.WRONG_PACKAGE: Reason.COMPONENT_NOT_PRESENT,
    Reason.WRONG_VERSION: Reason.CODE_NOT_PRESENT,
    **{reason: reason for reason in REASONS[Outcome.NOT_AFFECTED]},
}


class VexView(image_documents.VexView):
    """What is open in the image as an OpenVEX document: each vulnerability affects it, with what to do about it, or what
    was decided of it. 409 when nothing is open: the format knows no document without a statement."""

    def decided(self, findings: list[Any]) -> dict[int, Decided]:
        verdicts = Verdict.objects.current().filter(finding__in=[row.pk for row in findings])
        return {
            verdict.finding_id: _decided(verdict)
            for verdict in verdicts.select_related("decision__statement")
        }


def _decided(verdict: Verdict) -> Decided:
    decision = verdict.decision
    told = _told(decision)
    status = _status(decision)
    if status is VexStatus.AFFECTED:
        return Decided(status=status, action=told, at=verdict.opened_at)
    justification = _JUSTIFICATIONS.get(Reason(decision.reason))
    return Decided(
        status=status,
        justification=justification.value if justification and status is VexStatus.NOT_AFFECTED else "",
        detail=told,
        at=verdict.opened_at,
    )


def _status(decision: Decision) -> VexStatus:
    """An accepted risk is still one, and a control outside the image makes the image itself no safer: to VEX, both are
    affected. A fix that was backported is a fix."""
    if decision.reason == Reason.BACKPORTED:
        return VexStatus.FIXED
    if decision.outcome in (Outcome.ACCEPTED, Outcome.MITIGATED):
        return VexStatus.AFFECTED
    return VexStatus.NOT_AFFECTED


def _told(decision: Decision) -> str:
    author = decision.statement.author if decision.statement is not None else ""
    said = f"{decision.get_outcome_display()}: {decision.get_reason_display()}."
    return " ".join(filter(None, (said, decision.note, f"Stated by {author}." if author else "")))
