"""When findings are due: by the deadlines of the environments in which their asset lies, the strictest of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection

from posture.base.moments import start_of
from posture.decisions.choices import ClockStart
from posture.decisions.models import Deadline
from posture.findings import settle as findings
from posture.findings.agreement import FIXED
from posture.findings.models import Attribution, Finding
from posture.fleet.choices import ALIVE
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


def review(asset_ids: Iterable[int]) -> None:
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
        _review(ids[start : start + AT_ONCE], rules)


def _review(asset_ids: Sequence[int], rules: dict[int, list[Rule]]) -> None:
    places = _places(asset_ids)
    of_asset = {
        pk: [rule for environment_id in environments for rule in rules.get(environment_id, ())]
        for pk, (environments, _) in places.items()
    }
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
                is_exposed=asset_id in places and places[asset_id][1],
                opened_at=opened_at,
                fixable_since=fixable.get(pk),
                exploited_since=None if exploited is None else start_of(exploited),
            ),
        )
        if due != due_before:
            changed.append((pk, due))
    findings.set_due(changed)


# Where each asset lies and whether a port of it is open on every address. A fleet may hold an image on thousands of hosts: of
# them only the environments are read, and one exposed container is enough.
_PLACES = """
SELECT a.id,
    CASE a.kind WHEN 'image' THEN ARRAY(
        SELECT DISTINCT h.environment_id FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id
        WHERE p.image_id = a.id AND p.closed_at IS NULL AND h.environment_id IS NOT NULL ORDER BY 1
    ) ELSE array_remove(ARRAY[coalesce(h.environment_id, a.environment_id)], NULL) END,
    CASE a.kind
        WHEN 'image' THEN EXISTS (
            SELECT FROM fleet_containerstate c
            WHERE c.image_id = a.id AND c.closed_at IS NULL AND c.exposed AND c.status = ANY(%(alive)s)
        )
        WHEN 'host' THEN EXISTS (
            SELECT FROM fleet_containerstate c
            WHERE c.host_id = a.id AND c.closed_at IS NULL AND c.exposed AND c.status = ANY(%(alive)s)
        )
        ELSE EXISTS (
            SELECT FROM fleet_containerstate c WHERE c.asset_id = a.id AND c.closed_at IS NULL AND c.exposed
        )
    END
FROM fleet_asset a LEFT JOIN fleet_asset h ON h.id = a.host_id WHERE a.id = ANY(%(assets)s)
"""


def _places(asset_ids: Sequence[int]) -> dict[int, tuple[list[int], bool]]:
    """Asset id -> the environments in which it lies, and whether it is exposed."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"assets": list(asset_ids), "alive": [state.value for state in ALIVE]})
        return {pk: (environments, is_exposed) for pk, environments, is_exposed in cursor.fetchall()}


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
