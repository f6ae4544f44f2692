"""Keeps findings and decisions in step: which decision is in force over which finding, and which no longer stands.

Called in the transaction of whatever changed: a report, a pull, a feed, a person. A decision whose premise broke is
suspended there and then, so that nothing stays hidden by it for a moment longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q

from posture.base import upsert
from posture.decisions import products
from posture.decisions.choices import DecisionState, EndsWhen
from posture.decisions.models import Decision, Verdict
from posture.decisions.scope import Problem, Subject, is_about
from posture.decisions.subjects import Reader
from posture.decisions.tripwires import Situation, Wires, tripped
from posture.findings import combining
from posture.findings import settle as findings
from posture.findings.agreement import FIXED
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.history.actions import record
from posture.risk import loads
from posture.risk.points import points_of_combination
from posture.vulnerabilities.models import Vulnerability

AT_ONCE = 2_000  # assets of one query
ENDING = (DecisionState.ACTIVE, DecisionState.AWAITING_APPROVAL)  # what time can end

# Findings and the active decisions that name their problem. There are few decisions: each kind of problem is looked up by
# its own index of findings.
_PAIRS = """
SELECT f.id, f.asset_id, d.id FROM decisions_decision d
JOIN findings_finding f ON f.vulnerability_id = d.vulnerability_id
WHERE d.state = 'active' AND f.closed_at IS NULL AND f.asset_id = ANY(%(assets)s)
UNION ALL
SELECT f.id, f.asset_id, d.id FROM decisions_decision d
JOIN findings_finding f ON f.check_id = d.check_id
WHERE d.state = 'active' AND f.closed_at IS NULL AND f.asset_id = ANY(%(assets)s)
UNION ALL
SELECT f.id, f.asset_id, d.id FROM decisions_decision d
JOIN findings_finding f ON f.kind = d.finding_kind AND f.key = d.finding_key
WHERE d.state = 'active' AND d.finding_kind <> '' AND f.closed_at IS NULL AND f.asset_id = ANY(%(assets)s)
"""

Pair = tuple[int, int, int]  # finding, asset, decision


def review(asset_ids: Iterable[int], at: datetime) -> set[int]:
    """Bring the findings of these assets in step with the active decisions; returns the assets whose numbers and loads
    that changes, others among them where a decision of theirs was suspended. The caller holds the rows of `asset_ids`."""
    changed: set[int] = set()
    ids, reader = sorted(set(asset_ids)), Reader()
    for start in range(0, len(ids), AT_ONCE):
        changed |= _review(ids[start : start + AT_ONCE], at, reader)
    return changed


def _review(asset_ids: Sequence[int], at: datetime, reader: Reader) -> set[int]:
    pairs = _pairs(asset_ids)
    held = _held(asset_ids)
    if not pairs and not held:
        return set()
    decisions = Decision.objects.select_related("statement", "vulnerability", "check_definition").in_bulk(
        {decision_id for _, _, decision_id in pairs}
    )
    meant, broken = judged(pairs, decisions, reader)
    if broken:
        return suspend(broken, at) | _review(asset_ids, at, reader)
    best: dict[int, Decision] = {}
    for finding_id, decision in meant:
        if finding_id not in best or _rank(decision) > _rank(best[finding_id]):
            best[finding_id] = decision
    return _write(best, held, at)


def judged(
    pairs: Sequence[Pair], decisions: Mapping[int, Decision], reader: Reader
) -> tuple[list[tuple[int, Decision]], dict[int, str]]:
    """Of findings and decisions that name the same problem: those that are meant for each other; and the decisions that no
    longer stand, with why."""
    known = reader.read({asset_id for _, asset_id, _ in pairs})
    problems = problems_of({finding_id for finding_id, _, _ in pairs})
    stated = products.meant_for(decisions.values(), problems)
    meant: list[tuple[int, int, Decision]] = []
    for finding_id, asset_id, decision_id in pairs:
        decision = decisions[decision_id]
        if asset_id not in known or not is_about(decision.scope, problems[finding_id], known[asset_id]):
            continue
        if decision.statement_id is None or (decision_id, finding_id) in stated:
            meant.append((finding_id, asset_id, decision))
    broken = _broken(meant, known, problems)
    return [(finding_id, decision) for finding_id, _, decision in meant], broken


def _rank(decision: Decision) -> tuple[int, int]:
    return decision.layer, decision.pk


def _pairs(asset_ids: Sequence[int]) -> list[Pair]:
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"assets": list(asset_ids)})
        return cursor.fetchall()


def _held(asset_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Finding id -> (verdict, decision, outcome) that is in force."""
    rows = Verdict.objects.current().filter(finding__asset__in=asset_ids, finding__closed_at__isnull=True)
    return {
        finding_id: (pk, decision_id, outcome)
        for finding_id, pk, decision_id, outcome in rows.values_list("finding", "pk", "decision", "outcome")
    }


def problems_of(finding_ids: Collection[int]) -> dict[int, Problem]:
    rows = Finding.objects.filter(pk__in=list(finding_ids)).values_list(
        "pk",
        "vulnerability",
        "check_definition",
        "kind",
        "key",
        "package__ecosystem",
        "package__name",
        "package__source_name",
        "package__version",
    )
    return {
        pk: Problem(
            vulnerability_id=vulnerability_id,
            check_id=check_id,
            kind=kind,
            key=key,
            ecosystem=ecosystem or "",
            packages=frozenset(filter(None, (name, source))),
            version=version or "",
        )
        for pk, vulnerability_id, check_id, kind, key, ecosystem, name, source, version in rows
    }


def _broken(
    meant: Sequence[tuple[int, int, Decision]],
    known: Mapping[int, Subject],
    problems: Mapping[int, Problem],
) -> dict[int, str]:
    """Decision id -> why it no longer stands."""
    of = {decision.vulnerability_id for _, _, decision in meant if decision.vulnerability_id is not None}
    threats = {
        pk: (exploited is not None, epss)
        for pk, exploited, epss in Vulnerability.objects.filter(pk__in=of).values_list(
            "pk", "exploited_since", "epss"
        )
    }
    names = dict(
        Asset.objects.filter(pk__in={asset_id for _, asset_id, _ in meant}).values_list("pk", "name")
    )
    why: dict[int, str] = {}
    for finding_id, asset_id, decision in meant:
        is_exploited, epss = threats.get(decision.vulnerability_id or 0, (False, None))
        said = tripped(
            wires_of(decision),
            Situation(
                name=names.get(asset_id, "it"),
                is_exploited=is_exploited,
                epss=epss,
                is_exposed=known[asset_id].is_exposed,
                controls=known[asset_id].controls,
                version=problems[finding_id].version,
            ),
        )
        if said:
            why.setdefault(decision.pk, said)
    return why


def wires_of(decision: Decision) -> Wires:
    return Wires(
        on_exploited=decision.trips_on_exploited,
        on_epss=decision.trips_on_epss,
        on_exposed=decision.trips_on_exposed,
        on_control=decision.trips_on_control,
        on_version=decision.trips_on_version,
        was_exploited=decision.was_exploited,
        was_exposed=decision.was_exposed,
        versions=frozenset(decision.versions),
    )


def _write(best: Mapping[int, Decision], held: Mapping[int, tuple[int, int, int]], at: datetime) -> set[int]:
    """Verdicts and findings say what is decided now."""
    ended = [
        verdict_id
        for finding_id, (verdict_id, decision_id, _) in held.items()
        if finding_id not in best or best[finding_id].pk != decision_id
    ]
    begun = [
        (finding_id, decision)
        for finding_id, decision in sorted(best.items(), key=lambda pair: pair[0])
        if finding_id not in held or held[finding_id][1] != decision.pk
    ]
    outcomes: dict[int, int | None] = {finding_id: None for finding_id in held if finding_id not in best}
    outcomes |= {finding_id: decision.outcome_number for finding_id, decision in best.items()}
    upsert.close(Verdict, ended, at)
    upsert.copy(
        Verdict,
        ("finding_id", "decision_id", "outcome"),
        [(finding_id, decision.pk, decision.outcome_number) for finding_id, decision in begun],
        same={"opened_at": at},
    )
    return findings.decide(outcomes)


def end(decision_ids: Collection[int], state: DecisionState, why: str, at: datetime) -> set[int]:
    """Decisions that hold no more: what they hid comes back, or is hidden by the next layer; returns the assets whose
    numbers and loads that changes."""
    is_suspended = state == DecisionState.SUSPENDED
    suspended = {"suspended_at": at, "suspended_because": why[:500]} if is_suspended else {}
    Decision.objects.filter(pk__in=list(decision_ids)).update(
        state=state, ended_at=at, ended_because=why[:500], **suspended
    )
    hidden = Verdict.objects.current().filter(decision__in=list(decision_ids))
    rows = list(hidden.order_by("pk").values_list("pk", "finding", "finding__asset"))
    upsert.close(Verdict, [pk for pk, _, _ in rows], at)
    changed = findings.decide({finding_id: None for _, finding_id, _ in rows})
    return changed | review({asset_id for _, _, asset_id in rows}, at)


def roll_up(changed: set[int], at: datetime, *, combined: Collection[int] = ()) -> None:
    """After findings of these assets were decided, or are no more: the combinations that they were part of, and the loads.
    `combined` are containers whose combinations have just changed."""
    combined = combining.review(changed, points_of_combination, at).union(combined)
    loads.roll_up(changed | combined | review(combined, at), at)


def suspend(broken: Mapping[int, str], at: datetime) -> set[int]:
    """Decisions whose premise broke (id -> why), each with its entry in the trail."""
    changed: set[int] = set()
    for decision in Decision.objects.active().filter(pk__in=list(broken)).order_by("pk"):
        changed |= end([decision.pk], DecisionState.SUSPENDED, broken[decision.pk], at)
        record(
            verb="suspended",
            obj=decision,
            object_kind="decision",
            object_name=str(decision),
            changes={"state": ["active", "suspended"], "why": [None, broken[decision.pk]]},
        )
    return changed


def review_vulnerabilities(vulnerability_ids: Collection[int], at: datetime) -> set[int]:
    """Review what decisions hide of these vulnerabilities, of which something is known anew."""
    about = Decision.objects.active().filter(vulnerability__in=list(vulnerability_ids))
    assets = Verdict.objects.current().filter(decision__in=about).values_list("finding__asset", flat=True)
    return review(set(assets), at)


def fixable_now() -> dict[int, str]:
    """Active decisions that end because of fixes: id -> why."""
    hidden = Verdict.objects.current().filter(
        decision__state=DecisionState.ACTIVE,
        decision__ends_when__in=(EndsWhen.FIX, EndsWhen.ALL_FIXABLE),
        finding__closed_at__isnull=True,
    )
    numbers = (
        hidden.values_list("decision", "decision__ends_when")
        .annotate(hidden=Count("pk"), fixable=Count("pk", filter=Q(finding__fix=FIXED)))
        .order_by()
    )
    why = {}
    for pk, ends_when, number, fixable in numbers:
        if ends_when == EndsWhen.FIX and fixable:
            why[pk] = "A fix appeared."
        elif ends_when == EndsWhen.ALL_FIXABLE and fixable == number:
            why[pk] = "Everything that it hides is fixable now."
    return why


def ended_now(at: datetime) -> dict[int, str]:
    """Decisions in force, or still waiting for a second person, whose time is over: id -> why."""
    over = Decision.objects.filter(state__in=ENDING, expires_at__lte=at)
    return {pk: "Its time is over." for pk in over.values_list("pk", flat=True)} | fixable_now()
