"""What people do to decisions: one function per verb, each with its entry in the trail in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from posture.accounts.models import User
from posture.base.problems import Conflict, Invalid, NotAllowed
from posture.decisions import preview, settle
from posture.decisions.choices import REASONS, DecisionState, Layer, Reason
from posture.decisions.models import Change, Decision, Verdict
from posture.findings import settle as findings
from posture.findings.choices import Work
from posture.findings.models import Finding
from posture.fleet import ingest as fleet
from posture.fleet.models import Asset, Environment
from posture.history.actions import record
from posture.vulnerabilities.models import Vulnerability

MOST_LABELS = 10
TOLD = (
    "outcome", "reason", "note", "link", "package", "ecosystem", "repository", "tag", "digest", "labels", "expires_at",
    "ends_when", "trips_on_exploited", "trips_on_epss", "trips_on_exposed", "trips_on_control", "trips_on_version",
)  # fmt: skip


def draft(*, by: User | None, at: datetime, **fields: Any) -> Decision:
    """A decision that is checked and not kept. Raises Invalid naming what is not acceptable, NotAllowed where it would
    reach beyond what the person may see."""
    decision = Decision(created_by=by, **fields)
    errors: dict[str, str] = {}
    problems = (decision.vulnerability_id, decision.check_definition_id, decision.finding_kind or None)
    if sum(problem is not None for problem in problems) != 1:
        errors["vulnerability"] = (
            "Name one problem: a vulnerability, a check, or the kind and key of a finding."
        )
    elif decision.finding_kind and not decision.finding_key:
        errors["finding_key"] = "The kind needs the finding's key beside it."
    if decision.reason not in REASONS.get(decision.outcome, ()):
        allowed = ", ".join(REASONS.get(decision.outcome, ()))
        errors["reason"] = f"With {decision.get_outcome_display().lower()} goes one of: {allowed}."
    elif decision.reason == Reason.OTHER and not decision.note.strip():
        errors["note"] = "Say which reason it is."
    if decision.expires_at is not None and decision.expires_at <= at:
        errors["expires_at"] = "This time is over already."
    if decision.tag and decision.digest:
        errors["digest"] = "A tag or a digest, not both: a digest is one image whatever its tag."
    if len(decision.labels) > MOST_LABELS or not _are_labels(decision.labels):
        errors["labels"] = f"At most {MOST_LABELS} labels, each a name and a text."
    if errors:
        raise Invalid(f"Not accepted: {', '.join(errors)}.", errors=errors)
    try:
        decision.clean_fields(exclude=("state",))
    except ValidationError as error:
        raise Invalid(f"Not accepted: {', '.join(error.message_dict)}.", errors=error.message_dict) from None
    _check_reach(decision, by)
    if decision.vulnerability is not None:
        decision.was_exploited = decision.vulnerability.exploited_since is not None
    return decision


def _are_labels(labels: Mapping[str, Any]) -> bool:
    return all(
        isinstance(value, str) and len(name) <= 63 and len(value) <= 200 for name, value in labels.items()
    )


def _check_reach(decision: Decision, by: User | None) -> None:
    """Who sees a part of the fleet decides for that part."""
    if by is None or (ids := by.environment_ids()) is None:
        return
    if decision.environment_id in ids:
        return
    if decision.asset_id is not None and decision.environment_id is None:
        environment_id = (
            Asset.objects.filter(pk=decision.asset_id).values_list("environment", flat=True).first()
        )
        if environment_id in ids:
            return
    raise NotAllowed(
        "You may decide for the environments that you see.",
        code="beyond_your_environments",
        hint="Narrow the decision to one of your environments, or to an asset there.",
    )


@transaction.atomic
def make(
    *, by: User | None, change: Change | None = None, at: datetime | None = None, **fields: Any
) -> Decision:
    """Make a decision: in force at once, or once a second person agrees where an environment that it reaches asks for
    that. `at` is now unless a story of the past is told."""
    fleet.lock_shared()
    at = at or timezone.now()
    decision = draft(by=by, at=at, **fields)
    hits = preview.hits(decision)
    decision.change, decision.created_at = change, at
    decision.was_exposed = any(hit.subject.is_exposed for hit in hits.found)
    decision.versions = sorted({hit.problem.version for hit in hits.found if hit.problem.version})[:1000]
    waits = decision.layer == Layer.PERSON and preview.needs_approval(decision, hits.environment_ids)
    decision.state = DecisionState.AWAITING_APPROVAL if waits else DecisionState.ACTIVE
    if not waits:
        decision.active_from = at
    decision.save(force_insert=True)
    if waits:
        _wait(hits)
    else:
        _take_effect(hits, at)
    _record(decision, "proposed" if waits else "decided", _told(decision), by)
    return decision


def _take_effect(hits: preview.Hits, at: datetime) -> None:
    ids = hits.asset_ids
    for asset_id in ids:
        fleet.lock(asset_id)
    settle.roll_up(settle.review(ids, at), at)


def _wait(hits: preview.Hits) -> None:
    """Findings that a proposal is about wait with it."""
    findings.set_work([hit.finding_id for hit in hits.found], Work.AWAITING_APPROVAL)


def _wait_no_more(proposal: Decision, hits: preview.Hits) -> None:
    """Nobody has to agree to this one any more: its findings wait no longer, but for those of another proposal."""
    others = Decision.objects.filter(
        state=DecisionState.AWAITING_APPROVAL,
        vulnerability=proposal.vulnerability_id,
        check_definition=proposal.check_definition_id,
        finding_kind=proposal.finding_kind,
        finding_key=proposal.finding_key,
    ).exclude(pk=proposal.pk)
    still = {hit.finding_id for other in others for hit in preview.hits(other).found}
    ids = {hit.finding_id for hit in hits.found} - still
    waiting = Finding.objects.filter(pk__in=ids, work=Work.AWAITING_APPROVAL)
    findings.set_work(list(waiting.values_list("pk", flat=True)), None)


@transaction.atomic
def approve(*, decision: Decision, by: User) -> Decision:
    """A second person agrees, and it is in force. Raises NotAllowed for the one who proposed it."""
    fleet.lock_shared()
    decision = _locked(decision, DecisionState.AWAITING_APPROVAL)
    if decision.created_by_id == by.pk:
        raise NotAllowed(
            "A second person has to agree to it.",
            code="second_person",
            hint="Ask somebody else who may decide in this environment.",
        )
    _check_reach(decision, by)
    at = timezone.now()
    if decision.expires_at is not None and decision.expires_at <= at:
        raise Conflict(
            "The time that it was asked for is over.",
            code="decision_over",
            hint="Decide anew with a later end.",
        )
    decision.state, decision.active_from, decision.approved_by = DecisionState.ACTIVE, at, by
    decision.save(update_fields=["state", "active_from", "approved_by"])
    hits = preview.hits(decision)
    _wait_no_more(decision, hits)
    _take_effect(hits, at)
    _record(decision, "approved", {"state": [DecisionState.AWAITING_APPROVAL.value, decision.state]}, by)
    return decision


@transaction.atomic
def reject(*, decision: Decision, why: str, by: User) -> Decision:
    """A second person does not agree."""
    decision = _locked(decision, DecisionState.AWAITING_APPROVAL)
    _check_reach(decision, by)
    _wait_no_more(decision, preview.hits(decision))
    decision.state, decision.ended_at, decision.ended_because = (
        DecisionState.REJECTED,
        timezone.now(),
        why[:500],
    )
    decision.save(update_fields=["state", "ended_at", "ended_because"])
    _record(decision, "rejected", {"why": [None, why]}, by)
    return decision


@transaction.atomic
def withdraw(*, decision: Decision, why: str = "", by: User | None) -> Decision:
    """Take a decision back: what it hid comes back, or is hidden by the next layer."""
    fleet.lock_shared()
    decision = _locked(
        decision, DecisionState.ACTIVE, DecisionState.SUSPENDED, DecisionState.AWAITING_APPROVAL
    )
    _check_reach(decision, by)
    before, at = decision.state, timezone.now()
    if before == DecisionState.AWAITING_APPROVAL:
        _wait_no_more(decision, preview.hits(decision))
    settle.roll_up(settle.end([decision.pk], DecisionState.WITHDRAWN, why or "Withdrawn.", at), at)
    _record(decision, "withdrawn", {"state": [before, DecisionState.WITHDRAWN.value], "why": [None, why]}, by)
    decision.refresh_from_db()
    return decision


@transaction.atomic
def renew(*, decision: Decision, expires_at: datetime | None, by: User) -> Decision:
    """Decide again what was suspended or has expired, or move the end of what is in force: as things stand now, and with a
    second person where that is asked for. The old one keeps its past; a new one takes its place."""
    fleet.lock_shared()
    decision = _locked(decision, DecisionState.ACTIVE, DecisionState.SUSPENDED, DecisionState.EXPIRED)
    fields = {name: getattr(decision, name) for name in TOLD} | {
        "layer": decision.layer,
        "vulnerability": decision.vulnerability,
        "check_definition": decision.check_definition,
        "finding_kind": decision.finding_kind,
        "finding_key": decision.finding_key,
        "asset": decision.asset,
        "environment": decision.environment,
        "expires_at": expires_at,
    }
    if decision.state == DecisionState.ACTIVE:
        withdraw(decision=decision, why="Renewed.", by=by)
    return make(by=by, **fields)


@transaction.atomic
def end_due(at: datetime) -> int:
    """End decisions whose time is over; returns how many. Each has its entry in the trail."""
    over = settle.ended_now(at)
    if not over:
        return 0
    fleet.lock_shared()
    changed: set[int] = set()
    due = Decision.objects.filter(pk__in=over, state__in=settle.ENDING)
    ended = list(due.select_for_update(of=("self",)).order_by("pk"))
    for decision in ended:
        if decision.state == DecisionState.AWAITING_APPROVAL:
            _wait_no_more(decision, preview.hits(decision))
        changed |= settle.end([decision.pk], DecisionState.EXPIRED, over[decision.pk], at)
    settle.roll_up(changed, at)
    for decision in ended:
        _record(decision, "expired", {"why": [None, over[decision.pk]]}, None)
    return len(ended)


def check(at: datetime) -> list[str]:
    """The nightly check: no finding is hidden by a decision that is not in force, and none shows another outcome than its
    verdict. What is wrong is told, and mended by reviewing the assets."""
    wrong: dict[int, str] = {}
    stale = Verdict.objects.current().exclude(decision__state=DecisionState.ACTIVE)
    for finding_id, state in stale.values_list("finding", "decision__state"):
        wrong[finding_id] = f"finding {finding_id} was hidden by a decision that is {state}"
    hidden = Finding.objects.open().filter(decided__isnull=False)
    alone = hidden.exclude(Exists(Verdict.objects.current().filter(finding=OuterRef("pk"))))
    for finding_id in alone.values_list("pk", flat=True):
        wrong.setdefault(finding_id, f"finding {finding_id} was hidden by no decision at all")
    if wrong:
        with transaction.atomic():
            fleet.lock_shared()
            stale.update(closed_at=at)
            assets = set(Finding.objects.filter(pk__in=wrong).values_list("asset", flat=True))
            changed = findings.decide(dict.fromkeys(wrong)) | settle.review(assets, at)
            settle.roll_up(changed, at)
            record(
                verb="repaired",
                obj=None,
                object_kind="decisions",
                object_name="nightly check",
                changes={"findings": [None, sorted(wrong)[:100]]},
            )
    return [wrong[pk] for pk in sorted(wrong)]


def _locked(decision: Decision, *states: DecisionState) -> Decision:
    locked = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    if locked.state not in states:
        raise Conflict(
            f"This decision is {locked.get_state_display().lower()}.",
            code="decision_state",
            hint="Look at it again: somebody else may have been faster.",
        )
    return locked


def _told(decision: Decision) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: [None, _plain(getattr(decision, name))] for name in TOLD if getattr(decision, name)
    }
    for name in ("asset", "environment"):
        if (row := getattr(decision, name)) is not None:
            said[name] = [None, row.name]
    return said


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _record(decision: Decision, verb: str, changes: Mapping[str, Any], by: User | None) -> None:
    record(
        verb=verb,
        obj=decision,
        object_kind="decision",
        object_name=str(decision),
        changes=changes,
        actor=by,
    )


def subject_fields(
    finding: Finding, repositories: Iterable[str], environment: Environment | None
) -> dict[str, Any]:
    """The scope that outlives a rebuild: the finding's problem in its package and repository; where there is no repository,
    on its asset."""
    fields: dict[str, Any] = {}
    if finding.vulnerability_id is not None:
        fields["vulnerability"] = Vulnerability.objects.get(pk=finding.vulnerability_id)
        if finding.package is not None:
            fields |= {"ecosystem": finding.package.ecosystem[:20], "package": finding.package.name}
    elif finding.check_definition is not None:
        fields["check_definition"] = finding.check_definition
    else:
        fields |= {"finding_kind": finding.kind, "finding_key": finding.key}
    repository = min(repositories, default="")
    if repository:
        fields["repository"] = repository
    else:
        fields["asset"] = finding.asset
    if environment is not None:
        fields["environment"] = environment
    return fields
