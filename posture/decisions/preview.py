"""What a decision would hide, before it is made: now, and had it been made some weeks ago. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from posture.accounts.models import User
from posture.base.moments import start_of
from posture.base.pagination import Count
from posture.decisions import subjects
from posture.decisions.models import Decision, Verdict
from posture.decisions.scope import Problem, Subject, is_about
from posture.decisions.settle import problems_of
from posture.findings.models import Finding, OpenInterval
from posture.findings.views import title_of
from posture.fleet import membership
from posture.fleet.models import Environment
from scanners.records import Record, Severity

MOST = 20_000  # findings looked at: beyond it, numbers mean "at least"
SHOWN = 20
WEEKS = 12


class Hit(Record, frozen=True, kw_only=True):
    """A finding that a decision is about."""

    finding_id: int
    problem: Problem
    subject: Subject


class Hits(Record, frozen=True, kw_only=True):
    """Those that are open, of `MOST` looked at; `is_all` says whether that was every one that names the problem."""

    found: tuple[Hit, ...]
    is_all: bool

    @property
    def asset_ids(self) -> list[int]:
        return sorted({hit.subject.asset_id for hit in self.found})

    @property
    def environment_ids(self) -> set[int]:
        return {
            place.environment_id
            for hit in self.found
            for place in hit.subject.places
            if place.environment_id is not None
        }


def naming(decision: Decision) -> Any:
    """Findings, open or not, that name the decision's problem, narrowed by what an index can."""
    found: Any = Finding.objects.all()
    if decision.vulnerability_id is not None:
        found = found.filter(vulnerability=decision.vulnerability_id)
    elif decision.check_definition_id is not None:
        found = found.filter(check_definition=decision.check_definition_id)
    else:
        found = found.filter(kind=decision.finding_kind, key=decision.finding_key)
    if decision.asset_id is not None:
        found = found.filter(asset=decision.asset_id)
    if decision.environment_id is not None:
        ids = [decision.environment_id]
        found = found.filter(Q(environment__in=ids) | Q(asset__in=membership.images_in_environments(ids)))
    return found


def hits(decision: Decision, *, among: Any = None, most: int = MOST) -> Hits:
    """The open findings that the decision is about; `among` asks of others, such as all that ever were."""
    rows = list(
        (naming(decision).open() if among is None else among)
        .order_by("pk")
        .values_list("pk", "asset")[: most + 1]
    )
    looked = rows[:most]
    known = subjects.read({asset_id for _, asset_id in looked})
    problems = problems_of([pk for pk, _ in looked])
    scope = decision.scope
    found = [
        Hit(finding_id=pk, problem=problems[pk], subject=known[asset_id])
        for pk, asset_id in looked
        if asset_id in known and is_about(scope, problems[pk], known[asset_id])
    ]
    return Hits(found=tuple(found), is_all=len(rows) <= most)


def preview(decision: Decision, user: User, at: datetime) -> dict[str, Any]:
    """What an unsaved decision would hide, counting only what the asker may see, and what to be warned of."""
    all_hits = hits(decision)
    ids = [hit.finding_id for hit in all_hits.found]
    seen = Finding.objects.visible_to(user).filter(pk__in=ids)
    rows = list(
        seen.select_related("asset", "check_definition", "vulnerability", "package")
        .defer("factors", "vulnerability__description", "vulnerability__references", "vulnerability__scores")
        .order_by("-points", "-pk")
    )
    by_severity = Counter(Severity(row.severity).label for row in rows)
    exploited = [row for row in rows if row.vulnerability and row.vulnerability.exploited_since is not None]
    hidden = Verdict.objects.current().filter(finding__in=ids)
    overruled = hidden.filter(decision__layer__gt=decision.layer).count()
    environments = (
        Environment.objects.visible_to(user).filter(pk__in=all_hits.environment_ids).order_by("name")
    )
    return {
        "findings": Count(len(rows), all_hits.is_all).as_dict(),
        "assets": len({row.asset_id for row in rows}),
        "by_severity": {severity.label: by_severity[severity.label] for severity in reversed(Severity)},
        "exploited": len(exploited),
        "unseen": len(ids) - len(rows),
        "decided_already": hidden.count(),
        "environments": list(environments),
        "needs_approval": needs_approval(decision, all_hits.environment_ids),
        "sample": [
            {
                "id": row.pk,
                "title": title_of(row),
                "severity": Severity(row.severity).label,
                "asset": {"kind": row.asset.kind, "id": row.asset.pk, "name": row.asset.name},
            }
            for row in rows[:SHOWN]
        ],
        "warnings": list(_warnings(decision, len(ids), exploited, overruled)),
        "history": history(decision, user, at),
    }


def _warnings(decision: Decision, number: int, exploited: Sequence[Any], overruled: int) -> Iterable[str]:
    if exploited:
        names = sorted({row.vulnerability.key for row in exploited})
        yield (
            f"{', '.join(names[:3])} {'is' if len(names) == 1 else 'are'} known to be exploited (CISA KEV). "
            f"This would hide {len(exploited)} {'finding' if len(exploited) == 1 else 'findings'} of it."
        )
    if not number:
        yield "It hides nothing now."
    if overruled:
        yield f"{overruled} of them are decided by a stronger word, which stays in force."
    if decision.expires_at is None and decision.ends_when == "never":
        yield "It has no end: nobody will be asked to look at it again."


def needs_approval(decision: Decision, environment_ids: set[int]) -> bool:
    """Whether an environment that it reaches asks for a second person; one that reaches all reaches those too."""
    asking = Environment.objects.filter(requires_approval=True)
    if decision.environment_id is not None:
        return asking.filter(pk=decision.environment_id).exists()
    narrowed = decision.asset_id is not None or decision.digest or decision.labels
    return (asking.filter(pk__in=environment_ids) if narrowed else asking).exists()


def history(decision: Decision, user: User, at: datetime) -> dict[str, Any]:
    """Had it been made `WEEKS` weeks ago: how many findings it would have hidden at the end of each week, and which
    tripwires would have broken it when. Scopes are held against what assets are now."""
    since = at - timedelta(weeks=WEEKS)
    ended_before = Q(closed_at__isnull=False, closed_at__lt=since)
    ever = naming(decision).visible_to(user).exclude(ended_before)
    found = hits(decision, among=ever)
    ids = [hit.finding_id for hit in found.found]
    moments = [at - timedelta(weeks=week) for week in range(WEEKS, -1, -1)]
    open_at: dict[datetime, int] = defaultdict(int)
    intervals = OpenInterval.objects.filter(finding__in=ids)
    for opened, closed in intervals.values_list("opened_at", "closed_at"):
        for moment in moments:
            if opened <= moment and (closed is None or closed > moment):
                open_at[moment] += 1
    return {
        "findings": Count(len(ids), found.is_all).as_dict(),
        "weeks": [{"at": moment, "hidden": open_at[moment]} for moment in moments],
        "trips": list(_trips(decision, found, since)),
    }


def _trips(decision: Decision, found: Hits, since: datetime) -> Iterable[dict[str, Any]]:
    vulnerability = decision.vulnerability
    listed = vulnerability.exploited_since if vulnerability is not None else None
    if decision.trips_on_exploited and listed is not None and listed >= since.date():
        yield {
            "at": start_of(listed),
            "why": "It was listed as known to be exploited (CISA KEV).",
        }
    if decision.trips_on_version:
        first: dict[str, datetime] = {}
        opened = dict(
            Finding.objects.filter(pk__in=[hit.finding_id for hit in found.found]).values_list(
                "pk", "first_opened_at"
            )
        )
        for hit in found.found:
            moment = opened[hit.finding_id]
            first[hit.problem.version] = min(first.get(hit.problem.version, moment), moment)
        later = sorted((moment, version) for version, moment in first.items() if moment >= since)
        for moment, version in later[1:] if len(later) == len(first) else later:
            yield {"at": moment, "why": f"Version {version} appeared."}
