"""What people do with findings: start, stop, own, comment, decide; one finding or thousands, as one change that can be
undone as a whole and has one entry in the trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from posture.accounts.models import Team, User
from posture.base import upsert
from posture.base.problems import Conflict, Invalid, NotAllowed
from posture.decisions import actions, subjects
from posture.decisions.choices import DecisionState
from posture.decisions.models import Activity, Change
from posture.decisions.scope import Subject
from posture.findings import settle as findings
from posture.findings.choices import FindingState, Work
from posture.findings.models import Finding
from posture.findings.states import ALLOWED, state_of
from posture.fleet.models import Environment
from posture.history.actions import record
from scanners.records import Severity

MOST = 100_000  # findings of one change
MOST_DECISIONS = 200  # of one change
VERBS = ("start", "stop", "assign", "comment", "decide")
_KEPT = ("work", "assignee_id", "team_id")


class Selected:
    """Findings that a change is asked for, and those among them that it can be done to."""

    def __init__(self, queryset: QuerySet[Finding], verb: str) -> None:
        self.rows = list(queryset.order_by("pk").only(
            "id", "asset_id", "severity", "closed_at", "decided", "times_opened", *_KEPT
        )[: MOST + 1])  # fmt: skip
        if len(self.rows) > MOST:
            raise Invalid(
                f"More than {MOST:,} findings match.",
                code="too_many_findings",
                hint="Narrow the filters, and do it in parts.",
            )
        self.states = {row.pk: _state(row) for row in self.rows}
        allowed = ALLOWED.get(verb, frozenset(FindingState))
        self.able = [row for row in self.rows if self.states[row.pk] in allowed]

    @property
    def ids(self) -> list[int]:
        return [row.pk for row in self.able]

    def summary(self) -> dict[str, Any]:
        """What it would touch, and why the rest is left alone."""
        severities = Counter(Severity(row.severity).label for row in self.able)
        able = set(self.ids)
        left = Counter(self.states[row.pk].value for row in self.rows if row.pk not in able)
        exploited = Finding.objects.filter(
            pk__in=self.ids, vulnerability__exploited_since__isnull=False
        ).count()
        return {
            "findings": len(self.able),
            "assets": len({row.asset_id for row in self.able}),
            "by_severity": {s.label: severities[s.label] for s in reversed(Severity)},
            "exploited": exploited,
            "left_alone": dict(sorted(left.items())),
        }


def _state(row: Finding) -> FindingState:
    return state_of(
        is_closed=row.closed_at is not None,
        decided=row.decided,
        work=row.work,
        times_opened=row.times_opened,
    )


@transaction.atomic
def change(*, queryset: QuerySet[Finding], verb: str, details: dict[str, Any], by: User) -> Change:
    """Do `verb` to the findings that allow it. `details`: for assign `assignee` (User), `team` (Team), None takes away,
    absent leaves; for comment `text`; for decide the fields of a decision but its scope. Raises Invalid where nothing
    allows it."""
    # The rows are held, so that two changes of the same findings come one after the other.
    held = queryset.select_for_update(of=("self",), no_key=True)
    chosen = Selected(held, verb)
    if not chosen.able:
        raise Invalid(
            "None of these findings is in a state in which that can be done.",
            code="nothing_to_do",
            hint=", ".join(f"{number} {state.replace('_', ' ')}" for state, number in chosen.summary()["left_alone"].items()),
        )  # fmt: skip
    at = timezone.now()
    made = Change.objects.create(
        verb=verb, details=_plain(details), at=at, by=by, findings_total=len(chosen.able)
    )
    upsert.copy(
        Activity,
        ("finding_id", "before"),
        [(row.pk, {name: getattr(row, name) for name in _KEPT}) for row in chosen.able],
        same={"change_id": made.pk},
    )
    _DO[verb](chosen, details, by, made)
    record(
        verb={"decide": "decided"}.get(verb, verb),
        obj=made,
        object_kind="findings",
        object_name=f"{len(chosen.able)} findings",
        changes={"findings": [None, chosen.ids[:100]], **{k: [None, v] for k, v in made.details.items()}},
        actor=by,
    )
    return made


def _start(chosen: Selected, details: dict[str, Any], by: User, made: Change) -> None:
    findings.set_work(chosen.ids, Work.IN_PROGRESS)


def _stop(chosen: Selected, details: dict[str, Any], by: User, made: Change) -> None:
    findings.set_work(chosen.ids, None)


def _assign(chosen: Selected, details: dict[str, Any], by: User, made: Change) -> None:
    owner: dict[str, int | None] = {}
    for name in ("assignee", "team"):
        if name in details:
            owner[f"{name}_id"] = None if details[name] is None else details[name].pk
    if not owner:
        raise Invalid("Name who owns them.", errors={"assignee": "Give a person, a team, or both."})
    findings.set_owner(chosen.ids, **owner)


def _comment(chosen: Selected, details: dict[str, Any], by: User, made: Change) -> None:
    if not str(details.get("text", "")).strip():
        raise Invalid("A comment needs a text.", errors={"text": "Write something."})


def _decide(chosen: Selected, details: dict[str, Any], by: User, made: Change) -> None:
    """One decision for each problem and place that the findings have."""
    scopes = scopes_of(chosen.ids, details.get("environment"), by)
    if len(scopes) > MOST_DECISIONS:
        raise Invalid(
            f"These findings would need {len(scopes)} decisions; at most {MOST_DECISIONS} at once.",
            code="too_many_decisions",
            hint="Narrow the filters, for instance to one vulnerability, check or repository.",
        )
    fields = {name: value for name, value in details.items() if name != "environment"}
    for scope in scopes:
        actions.make(by=by, change=made, **scope, **fields)


def scopes_of(finding_ids: Sequence[int], environment: Environment | None, by: User) -> list[dict[str, Any]]:
    """The scopes that cover these findings and outlive a rebuild, each once. Without an environment they hold everywhere; of
    who is limited to some, in the one in which the finding's asset lies. Raises NotAllowed when it lies in several."""
    rows = Finding.objects.filter(pk__in=finding_ids).select_related("asset", "package", "check_definition")
    found = list(rows.defer("factors").order_by("pk"))
    known = subjects.read({row.asset_id for row in found})
    scopes: dict[tuple[Any, ...], dict[str, Any]] = {}
    own = Environment.objects.visible_to(by).in_bulk() if by.environment_ids() is not None else None
    for row in found:
        subject = known[row.asset_id]
        place = environment if environment is not None or own is None else _only_place(row, subject, own)
        fields = actions.subject_fields(row, subject.repositories, place)
        key = tuple(sorted((name, str(getattr(value, "pk", value))) for name, value in fields.items()))
        scopes.setdefault(key, fields)
    return list(scopes.values())


def _only_place(row: Finding, subject: Subject, own: Mapping[int, Environment]) -> Environment:
    lying = {place.environment_id for place in subject.places}
    only = next(iter(lying)) if len(lying) == 1 else None
    if only is not None and only in own:
        return own[only]
    raise NotAllowed(
        f"{row.asset.name} lies in more than one environment, so no decision for one of them would hide what it has.",
        code="lies_in_several",
        hint="Leave it out, or ask somebody who sees every environment to decide it.",
    )


_DO: dict[str, Callable[[Selected, dict[str, Any], User, Change], None]] = {
    "start": _start,
    "stop": _stop,
    "assign": _assign,
    "comment": _comment,
    "decide": _decide,
}


@transaction.atomic
def undo(*, change: Change, by: User) -> Change:
    """Bring back what was before. What somebody changed since stays as they left it. Raises Conflict when it is undone
    already, or is a comment."""
    change = Change.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.undone_at is not None:
        raise Conflict("This is undone already.", code="undone")
    if change.verb == "comment":
        raise Conflict("A comment stays: others may have read it.", code="comment_stays")
    at = timezone.now()
    if change.verb == "decide":
        for decision in change.decisions.exclude(
            state__in=(DecisionState.WITHDRAWN, DecisionState.EXPIRED, DecisionState.REJECTED)
        ).order_by("pk"):
            actions.withdraw(decision=decision, why="Undone.", by=by)
    else:
        _restore(change)
    change.undone_at = at
    change.save(update_fields=["undone_at"])
    record(
        verb="undone",
        obj=change,
        object_kind="findings",
        object_name=f"{change.verb} of {change.findings_total} findings",
        changes={"undone_at": [None, at.isoformat()]},
        actor=by,
    )
    return change


def _restore(change: Change) -> None:
    """Values that are still what the change made them go back to what they were."""
    touched = ("work",) if change.verb in ("start", "stop") else _owner_columns(change)
    later = set(
        Activity.objects.filter(
            change__pk__gt=change.pk,
            change__undone_at__isnull=True,
            change__verb__in=("start", "stop") if "work" in touched else ("assign",),
            finding__in=change.activity.values("finding"),
        ).values_list("finding", flat=True)
    )
    before: dict[tuple[Any, ...], list[int]] = {}
    for finding_id, kept in change.activity.order_by("finding").values_list("finding", "before"):
        if finding_id not in later:
            before.setdefault(tuple(kept.get(name) for name in touched), []).append(finding_id)
    for values, ids in before.items():
        fields = dict(zip(touched, values, strict=True))
        if "work" in fields:
            findings.set_work(ids, fields["work"])
        else:
            findings.set_owner(ids, **_still_there(fields))


def _owner_columns(change: Change) -> tuple[str, ...]:
    return tuple(f"{name}_id" for name in ("assignee", "team") if name in change.details)


def _still_there(owner: dict[str, int | None]) -> dict[str, int | None]:
    """Owners that are gone meanwhile are nobody."""
    models: dict[str, Any] = {"assignee_id": User, "team_id": Team}
    return {
        name: pk if pk is not None and models[name].objects.filter(pk=pk).exists() else None
        for name, pk in owner.items()
    }


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """As JSON keeps it: rows by name."""
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, User | Team | Environment)
        else value
        for name, value in details.items()
    }


def activity_of(finding: Finding) -> list[dict[str, Any]]:
    """What people did about it and decisions did to it, newest first: `at`, `who`, `verb`, `text`."""
    rows = [
        {
            "at": one.change.at,
            "who": one.change.by.username if one.change.by else None,
            "verb": one.change.verb,
            "details": one.change.details,
            "change": one.change_id,
            "findings": one.change.findings_total,
            "undone_at": one.change.undone_at,
        }
        for one in finding.activity.select_related("change__by").order_by("-change")[:200]
    ]
    verdicts = finding.verdicts.select_related("decision__created_by").order_by("-opened_at")[:50]
    for verdict in verdicts:
        decision = verdict.decision
        told = {"decision": decision.pk, "outcome": decision.outcome, "reason": decision.reason}
        who = decision.created_by.username if decision.created_by else None
        rows.append(_entry(verdict.opened_at, who, "hidden", told))
        if verdict.closed_at is not None:
            rows.append(_entry(verdict.closed_at, None, "shown", {**told, "why": decision.ended_because}))
    return sorted(rows, key=lambda row: row["at"], reverse=True)


def _entry(at: datetime, who: str | None, verb: str, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": at,
        "who": who,
        "verb": verb,
        "details": details,
        "change": None,
        "findings": 1,
        "undone_at": None,
    }
