"""Open, resolve, reopen: the only writer of findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from django.db import connection
from django.db.models import F

from posture.base import upsert
from posture.findings import tallies, weights
from posture.findings.choices import FindingKind
from posture.findings.models import Finding, OpenInterval
from scanners.records import Record, Severity

Factor = tuple[str, str, float]
_NOTHING: Mapping[int, Collection[str]] = MappingProxyType({})


class Problem(Record, frozen=True, kw_only=True):
    """One problem that an asset has now. `key` is its identity within the asset."""

    key: str
    check_id: int | None
    severity: Severity
    points: float
    factors: tuple[Factor, ...]
    evidence: tuple[str, ...]


class Settled(Record, frozen=True, kw_only=True):
    """What `settle` changed, as numbers of findings."""

    opened: int = 0
    reopened: int = 0
    resolved: int = 0
    revised: int = 0

    def plus(self, other: Settled) -> Settled:
        return Settled(
            opened=self.opened + other.opened,
            reopened=self.reopened + other.reopened,
            resolved=self.resolved + other.resolved,
            revised=self.revised + other.revised,
        )


def settle(
    problems: Mapping[int, Sequence[Problem]],
    *,
    scope: Sequence[int] | None,
    environments: Mapping[int, int | None],
    node_id: int | None,
    at: datetime,
    kind: FindingKind = FindingKind.FAILED_CHECK,
    unmeasured: Mapping[int, Collection[str]] = _NOTHING,
) -> Settled:
    """Make the findings of these assets (asset id -> all failed checks now) say what holds.

    Assets that are not named are not touched, nor findings of checks outside `scope` (ids of those that the caller
    decides; None: all of the kind); an asset with an empty list has everything in scope resolved. Identity is
    (asset, kind, key), so removing k problems resolves exactly k findings, and one that comes back reopens its row.
    What could not be measured this time (asset id -> keys) stays as it was: not to look mends nothing.
    """
    if not problems:
        return Settled()
    stored = {
        (f.asset_id, f.key): f
        for f in _of_kind(kind, problems, scope).only(
            "asset_id", "key", "severity", "points", "factors", "evidence", "closed_at", "environment_id"
        )
    }
    new: list[tuple[int, Problem]] = []
    again: list[tuple[Finding, Problem]] = []
    revised: list[tuple[Finding, Problem]] = []
    evidence_changed: list[tuple[Finding, Problem]] = []
    for asset_id in sorted(problems):
        for problem in problems[asset_id]:
            finding = stored.pop((asset_id, problem.key), None)
            if finding is None:
                new.append((asset_id, problem))
            elif finding.closed_at is not None:
                again.append((finding, problem))
            else:
                if tuple(finding.evidence) != problem.evidence or finding.severity != problem.severity:
                    evidence_changed.append((finding, problem))
                    revised.append((finding, problem))
                elif finding.points != problem.points or finding.factors != _json(problem.factors):
                    revised.append((finding, problem))
    resolved = sorted(
        f.pk
        for (asset_id, key), f in stored.items()
        if f.closed_at is None and key not in unmeasured.get(asset_id, ())
    )

    _open(new, environments, node_id, at, kind)
    _revise([*revised, *again], at)
    if again:
        Finding.objects.filter(pk__in=[f.pk for f, _ in again]).update(
            opened_at=at, closed_at=None, work=None, times_opened=F("times_opened") + 1, node=node_id
        )
    end_intervals([f.pk for f, _ in evidence_changed], at)
    open_intervals([(f.pk, p.severity, p.evidence) for f, p in [*again, *evidence_changed]], at)
    resolve(resolved, at)
    return Settled(opened=len(new), reopened=len(again), resolved=len(resolved), revised=len(revised))


def _of_kind(kind: FindingKind, asset_ids: Iterable[int], scope: Sequence[int] | None) -> Any:
    found = Finding.objects.filter(asset__in=list(asset_ids), kind=kind)
    return found if scope is None else found.filter(check_definition__in=scope)


def resolve_all(asset_ids: Sequence[int], at: datetime, *, scope: Sequence[int] | None = None) -> int:
    """Resolve everything open on assets that are gone, or what these checks (ids) said; returns how many."""
    if not asset_ids:
        return 0
    open_ = Finding.objects.open().filter(asset__in=asset_ids)
    if scope is not None:
        open_ = open_.filter(check_definition__in=scope)
    rows = list(open_.order_by("pk").values_list("pk", "asset", "decided", *_FACT))
    resolve([row[0] for row in rows], at)
    _note([(asset_id, fact) for _, asset_id, decided, *fact in rows if decided is None], ())
    return len(rows)


_FACT = ("vulnerability", "severity", "agreement", "fix", "package__ecosystem")


def _note(before: Iterable[tuple[int, Sequence[Any]]], after: Iterable[tuple[int, Sequence[Any]]]) -> None:
    """Tell the tallies of findings (asset id, fact) that were and that are on the worklist now."""
    facts: dict[int, tuple[list[tallies.Fact], list[tallies.Fact]]] = {}
    found: dict[
        int, dict[int, set[str]]
    ] = {}  # where the image lies now, it may never have been counted with these
    for place, rows in enumerate((before, after)):
        for asset_id, (vulnerability_id, severity, agreement, fix, ecosystem) in rows:
            if vulnerability_id is not None:
                of_asset = facts.setdefault(asset_id, ([], []))
                of_asset[place].append((vulnerability_id, severity, agreement, fix))
                if rows is after and ecosystem:
                    found.setdefault(asset_id, {}).setdefault(vulnerability_id, set()).add(ecosystem)
    for asset_id in sorted(facts):
        tallies.note(asset_id, *facts[asset_id], found.get(asset_id, {}))


def decide(outcomes: Mapping[int, int | None]) -> set[int]:
    """Set what is decided of findings (id -> number of the outcome, None: nothing any more), for `decisions`; returns the
    assets whose numbers and loads that changes."""
    rows = list(
        Finding.objects.filter(pk__in=list(outcomes))
        .order_by("pk")
        .values_list("pk", "asset", "decided", "closed_at", *_FACT)
    )
    changed = [row for row in rows if row[2] != outcomes[row[0]]]
    upsert.update(
        Finding, ("decided",), ("bigint", "smallint"), [(row[0], outcomes[row[0]]) for row in changed]
    )
    open_ = [
        (pk, asset_id, decided, fact) for pk, asset_id, decided, closed, *fact in changed if closed is None
    ]
    _note(
        [(asset_id, fact) for _, asset_id, decided, fact in open_ if decided is None],
        [(asset_id, fact) for pk, asset_id, _, fact in open_ if outcomes[pk] is None],
    )
    return {asset_id for _, asset_id, *_ in open_}


def set_work(finding_ids: Sequence[int], work: int | None) -> None:
    """What people do about these findings, for `decisions`."""
    Finding.objects.filter(pk__in=finding_ids).update(work=work)


def set_owner(finding_ids: Sequence[int], **owner: int | None) -> None:
    """Whose findings these are, for `decisions`: `assignee_id`, `team_id`, or both."""
    Finding.objects.filter(pk__in=finding_ids).update(**owner)


def set_due(rows: Sequence[tuple[int, datetime | None]]) -> None:
    """When findings (id, time) are due, for `decisions`."""
    upsert.update(Finding, ("due_at",), ("bigint", "timestamptz"), sorted(rows, key=lambda row: row[0]))


def resolve(finding_ids: Sequence[int], at: datetime) -> None:
    if finding_ids:
        Finding.objects.filter(pk__in=finding_ids).update(closed_at=at)
        end_intervals(finding_ids, at)


def set_points(rows: Sequence[tuple[int, float, Sequence[Factor]]], at: datetime) -> None:
    """Write points and factors (finding id, points, factors) for `risk`, when what they rest on has changed."""
    _write_points([(pk, points, _json(factors)) for pk, points, factors in rows], at)


class Used(msgspec.Struct):
    """What of a vulnerability's finding rests on whether its package is in use."""

    id: int
    package_id: int | None
    severity: int
    use: int
    points: float
    factors: list[Factor]


def used(asset_id: int) -> list[Used]:
    """The open vulnerabilities of an asset."""
    rows = Finding.objects.open().filter(asset=asset_id, kind=FindingKind.VULNERABILITY).order_by("pk")
    return [
        Used(
            pk,
            package_id,
            severity,
            use,
            points,
            [(name, detail, factor) for name, detail, factor in factors],
        )
        for pk, package_id, severity, use, points, factors in rows.values_list(
            "pk", "package", "severity", "use", "points", "factors"
        )
    ]


def set_uses(rows: Sequence[Used], at: datetime) -> None:
    """Write use, points and factors for `risk`, when it became known whether packages are in use."""
    values = [(row.id, int(row.use), row.points, msgspec.json.encode(row.factors).decode()) for row in rows]
    weights.remember([(pk, points, factors) for pk, _, points, factors in values], at)
    upsert.update(Finding, ("use", "points", "factors"), ("bigint", "smallint", "float8", "jsonb"), values)


def move(asset_ids: Sequence[int], environment_id: int) -> None:
    """Findings follow their assets into another environment."""
    Finding.objects.filter(asset__in=asset_ids).update(environment=environment_id)


def _json(factors: Sequence[Factor]) -> list[list[object]]:
    return [list(factor) for factor in factors]


def _open(
    new: Sequence[tuple[int, Problem]],
    environments: Mapping[int, int | None],
    node_id: int | None,
    at: datetime,
    kind: FindingKind,
) -> None:
    ids = upsert.allocate(Finding, len(new))
    upsert.copy(
        Finding,
        (
            "id",
            "asset_id",
            "environment_id",
            "kind",
            "key",
            "check_id",
            "node_id",
            "severity",
            "points",
            "factors",
            "evidence",
            "first_opened_at",
            "opened_at",
            "times_opened",
        ),
        (
            (
                pk,
                asset_id,
                environments[asset_id],
                kind.value,
                p.key,
                p.check_id,
                node_id,
                int(p.severity),
                p.points,
                _json(p.factors),
                p.evidence,
                at,
                at,
                1,
            )
            for pk, (asset_id, p) in zip(ids, new, strict=True)
        ),
    )
    open_intervals([(pk, p.severity, p.evidence) for pk, (_, p) in zip(ids, new, strict=True)], at)


def open_intervals(rows: Iterable[tuple[int, Severity, Sequence[str]]], at: datetime) -> None:
    """Findings (id, severity, evidence) that are open in this way from now."""
    upsert.copy(
        OpenInterval,
        ("finding_id", "severity", "evidence"),
        ((pk, int(severity), evidence) for pk, severity, evidence in rows),
        same={"opened_at": at},
    )


def end_intervals(finding_ids: Sequence[int], at: datetime) -> None:
    """These findings are no longer open in the way they were; when they were due then is kept."""
    if finding_ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE findings_openinterval i SET closed_at = %s, due_at = f.due_at FROM findings_finding f"
                " WHERE f.id = i.finding_id AND i.finding_id = ANY(%s) AND i.closed_at IS NULL",
                [at, list(finding_ids)],
            )


def _revise(rows: Sequence[tuple[Finding, Problem]], at: datetime) -> None:
    if not rows:
        return
    for finding, problem in rows:
        finding.severity = problem.severity
        finding.evidence = list(problem.evidence)
    Finding.objects.bulk_update([f for f, _ in rows], ["severity", "evidence"], batch_size=1000)
    _write_points([(f.pk, p.points, _json(p.factors)) for f, p in rows], at)


def _write_points(rows: Sequence[tuple[int, float, list[list[object]]]], at: datetime) -> None:
    values = [
        (pk, points, msgspec.json.encode(factors).decode())
        for pk, points, factors in sorted(rows, key=lambda r: r[0])
    ]
    weights.remember(values, at)
    upsert.update(Finding, ("points", "factors"), ("bigint", "float8", "jsonb"), values)
