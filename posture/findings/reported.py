"""Open, resolve, reopen what other tools report of one asset: each tool's word is kept, and a finding is open while one
word for it is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from posture.base import upsert
from posture.findings.choices import FindingKind
from posture.findings.models import Attribution, Finding, OpenInterval
from posture.findings.settle import Factor, Settled, open_intervals
from posture.vulnerabilities import in_use
from scanners.records import Record, Severity

REPORTED = (
    FindingKind.VULNERABILITY,
    FindingKind.SECRET,
    FindingKind.UNSUPPORTED,
    FindingKind.MALWARE,
    FindingKind.REPORTED_CHECK,
)


class Word(Record, frozen=True, kw_only=True):
    """What one tool says of one finding. `status` is a number of `vulnerabilities.choices`. `outranks` says that its
    severity comes from who made the package, and goes before what a general database gives."""

    severity: Severity | None = None
    status: int = 0
    fixed_versions: tuple[str, ...] = ()
    outranks: bool = False


class Said(Record, frozen=True, kw_only=True):
    """One finding that a tool reports now. `key` is its identity within asset and kind."""

    kind: str
    key: str
    word: Word
    vulnerability_id: int | None = None
    package_id: int | None = None
    evidence: tuple[str, ...] = ()
    threat: tuple[Factor, ...] = ()


class _Stored(msgspec.Struct):
    id: int
    severity: int
    points: float
    closed: bool
    use: tuple[Factor, ...]  # no tool's word: what is known of the package's use stays


class _Spoken(msgspec.Struct):
    id: int
    severity: int | None
    status: int
    fixed_versions: tuple[str, ...]


Weigh = Any  # (severity, threat) -> (points, factors): the formula is `risk`'s, which stands above this app


def settle(
    asset_id: int,
    said: Sequence[Said],
    *,
    tool: str,
    is_whole: bool,
    kinds: Collection[str],
    environment_id: int | None,
    weigh: Weigh,
    at: datetime,
) -> Settled:
    """Make the findings of one asset say what one tool says of it now.

    With `is_whole`, words of this tool that it no longer says are taken back, of the `kinds` that it looked for, and what
    no tool says any more is resolved.
    """
    by_key = {(one.kind, one.key): one for one in said}
    stored = _stored(asset_id)
    spoken = _spoken(asset_id, tool)
    others = _others(asset_id, tool, [stored[key].id for key in by_key if key in stored])
    new = [one for key, one in by_key.items() if key not in stored]
    again: list[tuple[_Stored, Said]] = []
    revised: list[tuple[_Stored, Said, Severity]] = []
    words: list[tuple[int, Said]] = []
    taken_back: list[int] = []
    for key, one in by_key.items():
        if (row := stored.get(key)) is None:
            continue
        word = spoken.get(row.id)
        if word is None or not _same(word, one.word):
            words.append((row.id, one))
            if word is not None:
                taken_back.append(word.id)
        severity = settled_severity([one.word, *others.get(row.id, ())])
        if row.closed:
            again.append((row, one))
        if (
            row.closed
            or severity != row.severity
            or weigh(severity, (*one.threat, *row.use))[0] != row.points
        ):
            revised.append((row, one, severity))
    gone: list[int] = []
    if is_whole:
        still = {stored[key].id for key in by_key if key in stored}
        looked_for = {row.id for (kind, _), row in stored.items() if kind in kinds}
        silent = [pk for pk in spoken if pk not in still and pk in looked_for]
        taken_back += [spoken[finding_id].id for finding_id in silent]
        kept = set(_others(asset_id, tool, silent))
        gone = sorted(finding_id for finding_id in silent if finding_id not in kept)
    upsert.close(Attribution, taken_back, at)
    words += zip(_open(asset_id, environment_id, new, weigh, at), new, strict=True)
    _speak(tool, words, at)
    _revise(revised, weigh)
    _change_severity(
        [
            (row.id, one, severity)
            for row, one, severity in revised
            if not row.closed and severity != row.severity
        ],
        at,
    )
    _reopen([(row.id, one, severity) for row, one, severity in revised if row.closed], at)
    _resolve(gone, at)
    if new or again:
        in_use.ask_again([asset_id])
    return Settled(
        opened=len(new), reopened=len(again), resolved=len(gone), revised=len(revised) - len(again)
    )


def settled_severity(words: Iterable[Word]) -> Severity:
    """The worst severity among those who made the package, else among all; LOW when nobody gives one."""
    words = list(words)
    of_makers = [word.severity for word in words if word.outranks and word.severity is not None]
    given = of_makers or [word.severity for word in words if word.severity is not None]
    return max(given, default=Severity.LOW)


def _same(word: _Spoken, said: Word) -> bool:
    severity = None if said.severity is None else int(said.severity)
    return (word.severity, word.status, word.fixed_versions) == (severity, said.status, said.fixed_versions)


def _stored(asset_id: int) -> dict[tuple[str, str], _Stored]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, key, id, severity, points, closed_at IS NOT NULL,"
            " CASE WHEN use > 0 THEN jsonb_path_query_array(factors, 'strict $[*] ? (@[0] == \"use\")') END"
            " FROM findings_finding WHERE asset_id = %s AND kind = ANY(%s)",
            [asset_id, [kind.value for kind in REPORTED]],
        )
        return {
            (kind, key): _Stored(pk, severity, points, closed, _factors(use))
            for kind, key, pk, severity, points, closed, use in cursor.fetchall()
        }


def _factors(stored: str | None) -> tuple[Factor, ...]:
    return msgspec.json.decode(stored, type=tuple[Factor, ...]) if stored else ()


def _spoken(asset_id: int, tool: str) -> dict[int, _Spoken]:
    """Finding id -> the tool's present word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.finding_id, a.id, a.severity, a.status, a.fixed_versions FROM findings_attribution a"
            " JOIN findings_finding f ON f.id = a.finding_id"
            " WHERE f.asset_id = %s AND a.tool = %s AND a.closed_at IS NULL",
            [asset_id, tool],
        )
        return {row[0]: _Spoken(row[1], row[2], row[3], tuple(row[4])) for row in cursor.fetchall()}


def _others(asset_id: int, tool: str, finding_ids: Sequence[int]) -> dict[int, list[Word]]:
    """Finding id -> the present words of other tools."""
    found: dict[int, list[Word]] = {}
    if not finding_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT finding_id, severity, status, outranks FROM findings_attribution"
            " WHERE finding_id = ANY(%s) AND tool <> %s AND closed_at IS NULL",
            [list(finding_ids), tool],
        )
        for finding_id, severity, status, outranks in cursor.fetchall():
            word = Word(
                severity=None if severity is None else Severity(severity), status=status, outranks=outranks
            )
            found.setdefault(finding_id, []).append(word)
    return found


def _open(
    asset_id: int, environment_id: int | None, new: Sequence[Said], weigh: Weigh, at: datetime
) -> list[int]:
    ids = upsert.allocate(Finding, len(new))
    rows, intervals = [], []
    for pk, one in zip(ids, new, strict=True):
        severity = settled_severity([one.word])
        points, factors = weigh(severity, one.threat)
        rows.append(
            (
                pk,
                asset_id,
                environment_id,
                one.kind,
                one.key[:200],
                one.vulnerability_id,
                one.package_id,
                int(severity),
                points,
                [list(factor) for factor in factors],
                one.evidence,
                at,
                at,
                1,
            )
        )
        intervals.append((pk, severity, one.evidence))
    upsert.copy(
        Finding,
        (
            "id",
            "asset_id",
            "environment_id",
            "kind",
            "key",
            "vulnerability_id",
            "package_id",
            "severity",
            "points",
            "factors",
            "evidence",
            "first_opened_at",
            "opened_at",
            "times_opened",
        ),
        rows,
    )
    open_intervals(intervals, at)
    return ids


def _speak(tool: str, words: Sequence[tuple[int, Said]], at: datetime) -> None:
    upsert.copy(
        Attribution,
        ("finding_id", "tool", "severity", "status", "fixed_versions", "outranks", "opened_at"),
        (
            (
                finding_id,
                tool,
                None if one.word.severity is None else int(one.word.severity),
                one.word.status,
                one.word.fixed_versions,
                one.word.outranks,
                at,
            )
            for finding_id, one in sorted(words, key=lambda pair: pair[0])
        ),
    )


def _revise(rows: Sequence[tuple[_Stored, Said, Severity]], weigh: Weigh) -> None:
    values = []
    for row, one, severity in sorted(rows, key=lambda item: item[0].id):
        points, factors = weigh(severity, (*one.threat, *row.use))
        encoded = msgspec.json.encode([list(factor) for factor in factors]).decode()
        values.append((row.id, int(severity), points, encoded))
    upsert.update(
        Finding,
        ("severity", "points", "factors"),
        ("bigint", "smallint", "float8", "jsonb"),
        values,
    )


def _by_id(row: tuple[int, Said, Severity]) -> int:
    return row[0]


def _change_severity(rows: Sequence[tuple[int, Said, Severity]], at: datetime) -> None:
    ids = [row[0] for row in rows]
    OpenInterval.objects.filter(finding__in=ids, closed_at__isnull=True).update(closed_at=at)
    open_intervals([(pk, severity, one.evidence) for pk, one, severity in sorted(rows, key=_by_id)], at)


def _reopen(rows: Sequence[tuple[int, Said, Severity]], at: datetime) -> None:
    if not rows:
        return
    ids = sorted(row[0] for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE findings_finding SET opened_at = %s, closed_at = NULL, times_opened = times_opened + 1"
            " WHERE id = ANY(%s)",
            [at, ids],
        )
    open_intervals([(pk, severity, one.evidence) for pk, one, severity in sorted(rows, key=_by_id)], at)


def _resolve(ids: Sequence[int], at: datetime) -> None:
    if ids:
        Finding.objects.filter(pk__in=ids).update(closed_at=at)
        OpenInterval.objects.filter(finding__in=ids, closed_at__isnull=True).update(closed_at=at)


def words_by_tool(finding_ids: Iterable[int]) -> Mapping[int, list[Attribution]]:
    """The present words on each finding, for people."""
    found: dict[int, list[Attribution]] = {}
    for row in Attribution.objects.current().filter(finding__in=list(finding_ids)).order_by("tool"):
        found.setdefault(row.finding_id, []).append(row)
    return found
