"""Which findings a VEX statement is about: it names products, which no scope can say."""

from __future__ import annotations

from collections.abc import Collection

from posture.decisions.models import Decision
from posture.findings import vex
from posture.findings.models import Finding


def meant_for(decisions: Collection[Decision], finding_ids: Collection[int]) -> set[tuple[int, int]]:
    """Of decisions that rest on statements: (decision, finding) where the statement is about the finding."""
    about = [one for one in decisions if one.statement is not None]
    if not about:
        return set()
    names: dict[int, set[str]] = {}
    pairs = set()
    findings = Finding.objects.filter(
        pk__in=list(finding_ids), vulnerability__in={one.vulnerability_id for one in about}
    )
    for finding in findings.select_related("asset", "package").defer("factors"):
        if finding.package is None:
            continue
        if finding.asset_id not in names:
            names[finding.asset_id] = vex.names_of_image(finding.asset_id, finding.asset.key, None)
        for decision in about:
            said = decision.statement
            assert said is not None
            if said.vulnerability_id == finding.vulnerability_id and vex.is_about(
                said.product, said.subcomponents, names[finding.asset_id], finding.package
            ):
                pairs.add((decision.pk, finding.pk))
    return pairs
