"""The only writer of checks, check results and their tallies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from posture.base import upsert
from posture.compliance.choices import NUMBER
from posture.compliance.models import Check, CheckResult, Tally
from scanners.records import AssetKind, CheckOutcome, Outcome, Record, Severity

Deltas = Counter[
    tuple[int, int | None, int]
]  # (check, environment, outcome) -> change of the number of assets


class CheckText(Record, frozen=True, kw_only=True):
    """A check as the catalogue declares it, without its function."""

    slug: str
    title: str
    severity: Severity
    asset_kind: AssetKind
    rationale: str
    remediation: str
    evidence_source: str
    requirements: Mapping[str, Sequence[str]]


class Judged(Record, frozen=True, kw_only=True):
    """Everything that the checks said of one asset whose verdicts changed."""

    asset_id: int
    environment_id: int | None
    outcomes: tuple[CheckOutcome, ...]


def store_catalogue(checks: Iterable[CheckText]) -> dict[str, int]:
    """Bring the table of checks up to the running version; returns slug -> id. Checks that left are retired."""
    declared = {check.slug: check for check in checks}
    with transaction.atomic():
        with connection.cursor() as cursor:  # two processes may start a new version at once
            cursor.execute(f"LOCK TABLE {Check._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        stored = {check.slug: check for check in Check.objects.all()}
        for slug, text in declared.items():
            row = stored.get(slug, Check(slug=slug))
            wanted = {
                "title": text.title,
                "severity": int(text.severity),
                "asset_kind": text.asset_kind.value,
                "rationale": text.rationale,
                "remediation": text.remediation,
                "evidence_source": text.evidence_source,
                "requirements": {k: list(v) for k, v in text.requirements.items()},
                "is_retired": False,
            }
            if row.pk is None or any(getattr(row, name) != value for name, value in wanted.items()):
                for name, value in wanted.items():
                    setattr(row, name, value)
                row.save()
                stored[slug] = row
        Check.objects.exclude(slug__in=declared).filter(is_retired=False).update(is_retired=True)
    return {slug: row.pk for slug, row in stored.items()}


def store_results(
    judged: Sequence[Judged],
    *,
    check_ids: Mapping[str, int],
    scope: Sequence[int],
    node_id: int | None,
    at: datetime,
) -> tuple[int, Deltas]:
    """Close the results that changed and open what holds now; returns (rows written, deltas of the tallies).

    `scope` are the ids of the checks that the caller decides: what others said of these assets is left alone.
    """
    deltas: Deltas = Counter()
    if not judged:
        return 0, deltas
    before: dict[tuple[int, int], tuple[int, int, int, tuple[str, ...], object]] = {
        (row[1], row[2]): (row[0], row[3], row[4], tuple(row[5]), row[6])
        for row in CheckResult.objects.current()
        .filter(asset__in=[j.asset_id for j in judged], check_definition__in=scope)
        .values_list(
            "id", "asset_id", "check_definition_id", "outcome", "severity", "evidence", "per_requirement"
        )
    }
    ended: list[int] = []
    opened = []
    for asset in judged:
        for said in asset.outcomes:
            check_id = check_ids[said.check]
            number, severity = NUMBER[said.outcome], int(said.severity or 0)
            per_requirement = {k: v.value for k, v in said.per_requirement.items()} or None
            old = before.pop((asset.asset_id, check_id), None)
            if old is not None:
                if old[1:] == (number, severity, said.evidence, per_requirement):
                    continue
                ended.append(old[0])
                deltas[check_id, asset.environment_id, old[1]] -= 1
            deltas[check_id, asset.environment_id, number] += 1
            opened.append(
                (asset.asset_id, check_id, node_id, at, number, severity, said.evidence, per_requirement)
            )
    environments = {j.asset_id: j.environment_id for j in judged}
    for (asset_id, check_id), old in before.items():  # a check that no longer judges this asset
        ended.append(old[0])
        deltas[check_id, environments[asset_id], old[1]] -= 1
    upsert.close(CheckResult, ended, at)
    opened.sort(key=lambda row: (row[0], row[1]))
    upsert.copy(
        CheckResult,
        (
            "asset_id",
            "check_id",
            "node_id",
            "opened_at",
            "outcome",
            "severity",
            "evidence",
            "per_requirement",
        ),
        opened,
    )
    return len(opened), deltas


def end_results(asset_ids: Sequence[int], at: datetime, *, scope: Sequence[int] | None = None) -> Deltas:
    """Assets that are gone have no results of the present; with `scope`, none of these checks (ids)."""
    deltas: Deltas = Counter()
    if not asset_ids:
        return deltas
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH ended AS (UPDATE compliance_checkresult r SET closed_at = %s FROM fleet_asset a"
            " WHERE r.asset_id = ANY(%s) AND r.closed_at IS NULL AND a.id = r.asset_id"
            " AND (%s::bigint[] IS NULL OR r.check_id = ANY(%s))"
            " RETURNING r.check_id, a.environment_id, r.outcome)"
            " SELECT check_id, environment_id, outcome, count(*) FROM ended GROUP BY 1, 2, 3",
            [at, list(asset_ids), *[None if scope is None else list(scope)] * 2],
        )
        for check_id, environment_id, outcome, count in cursor.fetchall():
            deltas[check_id, environment_id, outcome] -= count
    return deltas


def apply_tallies(deltas: Deltas) -> None:
    """Add the deltas, in one order for all workers; last in a transaction, for these rows are shared by all pulls."""
    rows = sorted(
        ((check, environment, outcome, n) for (check, environment, outcome), n in deltas.items() if n),
        key=lambda row: (row[0], row[1] or 0, row[2]),
    )
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Tally._meta.db_table} (check_id, environment_id, outcome, assets)"
            " SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::bigint[])"
            " ON CONFLICT (check_id, environment_id, outcome) DO UPDATE"
            f" SET assets = {Tally._meta.db_table}.assets + excluded.assets",
            [list(column) for column in zip(*rows, strict=True)],
        )


def move_tallies(asset_ids: Sequence[int], environment_id: int) -> Deltas:
    """Deltas for assets that are about to move to another environment; call it before they move."""
    deltas: Deltas = Counter()
    rows = CheckResult.objects.current().filter(asset__in=asset_ids)
    for check_id, old, outcome in rows.values_list("check_definition_id", "asset__environment_id", "outcome"):
        deltas[check_id, old, outcome] -= 1
        deltas[check_id, environment_id, outcome] += 1
    return deltas


def unmeasured(judged: Iterable[Judged]) -> dict[int, list[str]]:
    """Asset id -> the checks that could not be made of it, for want of evidence or by an error."""
    silent = (Outcome.NOT_MEASURED, Outcome.ERROR)
    return {one.asset_id: [said.check for said in one.outcomes if said.outcome in silent] for one in judged}
