"""VEX documents as decisions: what an author states of a vulnerability in one of our images hides the finding, below what
people decide and with its source, while the author says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from posture.decisions import settle
from posture.decisions.choices import DecisionState, Layer, Reason
from posture.decisions.models import Decision
from posture.findings.choices import Outcome
from posture.findings.models import Finding
from posture.vulnerabilities.models import Statement
from scanners.reported import VexStatus

JUSTIFIED = {reason.value: reason for reason in Reason}
# CycloneDX names justifications of its own; these mean the same (its use case "vulnerability exploitability").
_CYCLONEDX = {
    "code_not_present": Reason.CODE_NOT_PRESENT,
    "code_not_reachable": Reason.CODE_NOT_EXECUTED,
    "requires_configuration": Reason.CODE_NOT_CONTROLLED,
    "requires_dependency": Reason.COMPONENT_NOT_PRESENT,
    "requires_environment": Reason.CODE_NOT_CONTROLLED,
    "protected_by_compiler": Reason.INLINE_MITIGATIONS,
    "protected_at_runtime": Reason.INLINE_MITIGATIONS,
    "protected_at_perimeter": Reason.INLINE_MITIGATIONS,
    "protected_by_mitigating_control": Reason.INLINE_MITIGATIONS,
}


def reason_of(justification: str) -> Reason:
    return JUSTIFIED.get(justification) or _CYCLONEDX.get(justification) or Reason.CODE_NOT_EXECUTED


def follow(vulnerability_ids: Iterable[int], at: datetime) -> set[int]:
    """Bring decisions in step with what VEX documents state of these vulnerabilities now; returns the assets whose numbers
    and loads that changes. The caller holds what is shared."""
    ids = sorted(set(vulnerability_ids))
    stated = list(
        Statement.objects.current()
        .filter(vulnerability__in=ids, status=VexStatus.NOT_AFFECTED.value)
        .order_by("pk")
    )
    wanted = {one.pk for one in stated}
    held = Decision.objects.active().filter(layer=Layer.STATEMENT, vulnerability__in=ids)
    gone = [pk for pk, statement in held.values_list("pk", "statement") if statement not in wanted]
    changed = (
        settle.end(gone, DecisionState.WITHDRAWN, "The document's author says it no longer.", at)
        if gone
        else set()
    )
    known = set(held.values_list("statement", flat=True))
    Decision.objects.bulk_create([_decision(one, at) for one in stated if one.pk not in known])
    about = Finding.objects.open().filter(vulnerability__in=ids).values_list("asset", flat=True)
    return changed | settle.review(set(about), at)


def _decision(said: Statement, at: datetime) -> Decision:
    return Decision(
        outcome=Outcome.NOT_AFFECTED,
        layer=Layer.STATEMENT,
        state=DecisionState.ACTIVE,
        vulnerability_id=said.vulnerability_id,
        reason=reason_of(said.justification),
        note=said.detail,
        trips_on_exploited=False,
        active_from=at,
        statement=said,
    )
