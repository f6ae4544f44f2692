"""When findings are due: by the deadlines of the environments in which their asset lies, the strictest of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection

from posture.base.moments import start_of
from posture.decisions.choices import ClockStart
from posture.decisions.models import Deadline
from posture.decisions.scope import Subject
from posture.decisions.subjects import Reader
from posture.findings import settle as findings
from posture.findings.agreement import FIXED
from posture.findings.models import Attribution, Finding
from scanners.records import Record

AT_ONCE = 2_000


class Facts(Record, frozen=True, kw_only=True):
    """What deadlines ask of one open finding. A time is None while it has not happened."""

    severity: int
    is_exposed: bool
    opened_at: datetime
    fixable_since: datetime | None = None
    exploited_since: datetime | None = None


class Rule(Record, frozen=True, kw_only=True):
    """A deadline as `models.Deadline` keeps it."""

    severity: int
    is_exposed: bool | None
    is_exploited: bool | None
    days: int
    starts: str


def due_at(rules: Iterable[Rule], facts: Facts) -> datetime | None:
    """The earliest time by any rule that fits; None where none does, or the clock of none has begun."""
    return min((due for rule in rules if (due := _due(rule, facts)) is not None), default=None)


def _due(rule: Rule, facts: Facts) -> datetime | None:
    if (
        rule.severity != facts.severity
        or rule.is_exposed not in (None, facts.is_exposed)
        or rule.is_exploited not in (None, facts.exploited_since is not None)
    ):
        return None
    begun = {
        ClockStart.OPENED: facts.opened_at,
        ClockStart.FIX: facts.fixable_since,
        ClockStart.EXPLOITED: facts.exploited_since,
    }[ClockStart(rule.starts)]
    # A finding cannot be late before it was there.
    return None if begun is None else max(begun, facts.opened_at) + timedelta(days=rule.days)


def review(asset_ids: Iterable[int], reader: Reader | None = None) -> None:
    """Set when the open findings of these assets are due. The caller holds their rows."""
    if not Deadline.objects.exists():
        return
    rules: dict[int, list[Rule]] = {}
    for row in Deadline.objects.all():
        rules.setdefault(row.environment_id, []).append(
            Rule(
                severity=row.severity,
                is_exposed=row.is_exposed,
                is_exploited=row.is_exploited,
                days=row.days,
                starts=row.starts,
            )
        )
    ids = sorted(set(asset_ids))
    for start in range(0, len(ids), AT_ONCE):
        _review(ids[start : start + AT_ONCE], rules, reader or Reader())


def _review(asset_ids: Sequence[int], rules: dict[int, list[Rule]], reader: Reader) -> None:
    known = reader.read(asset_ids)
    of_asset = {pk: _rules_of(subject, rules) for pk, subject in known.items()}
    rows = list(
        Finding.objects.open()
        .filter(asset__in=asset_ids)
        .order_by("pk")
        .values_list(
            "pk", "asset", "severity", "opened_at", "due_at", "fix", "vulnerability__exploited_since"
        )
    )
    fixable = _fixable_since(
        [pk for pk, asset_id, *_, fix, _ in rows if fix == FIXED and of_asset.get(asset_id)]
    )
    changed = []
    for pk, asset_id, severity, opened_at, due_before, _, exploited in rows:
        due = due_at(
            of_asset.get(asset_id, ()),
            Facts(
                severity=severity,
                is_exposed=asset_id in known and known[asset_id].is_exposed,
                opened_at=opened_at,
                fixable_since=fixable.get(pk),
                exploited_since=None if exploited is None else start_of(exploited),
            ),
        )
        if due != due_before:
            changed.append((pk, due))
    findings.set_due(changed)


def _rules_of(subject: Subject, rules: dict[int, list[Rule]]) -> list[Rule]:
    environments = {place.environment_id for place in subject.places if place.environment_id is not None}
    return [rule for pk in sorted(environments) for rule in rules.get(pk, ())]


def _fixable_since(finding_ids: Sequence[int]) -> dict[int, datetime]:
    """Since when a fixed version is named, of findings that have one: the oldest word that names one now or did before."""
    if not finding_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT finding_id, min(opened_at) FROM "{Attribution._meta.db_table}"'
            " WHERE finding_id = ANY(%s) AND fixed_versions <> '{}' GROUP BY 1",
            [list(finding_ids)],
        )
        return dict(cursor.fetchall())


def review_vulnerabilities(vulnerability_ids: Collection[int]) -> None:
    """The same for all that has one of these vulnerabilities, of which something is known anew."""
    if Deadline.objects.exists():
        held = Finding.objects.open().filter(vulnerability__in=list(vulnerability_ids))
        review(set(held.values_list("asset", flat=True)))
