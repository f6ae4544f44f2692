"""Open, resolve, reopen what other tools report of one asset: each tool's word is kept, and a finding is open while one
word for it is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from posture.base import upsert
from posture.findings import agreement, tallies, weights
from posture.findings.agreement import Word
from posture.findings.choices import FindingKind
from posture.findings.models import Attribution, Finding, Witness
from posture.findings.settle import Factor, Settled, end_intervals, open_intervals
from posture.vulnerabilities import in_use
from scanners import typed
from scanners.records import Record, Severity

REPORTED = (
    FindingKind.VULNERABILITY,
    FindingKind.SECRET,
    FindingKind.UNSUPPORTED,
    FindingKind.MALWARE,
    FindingKind.REPORTED_CHECK,
)


class Said(Record, frozen=True, kw_only=True):
    """One finding that a tool reports now. `key` is its identity within asset and kind."""

    kind: str
    key: str
    word: Word
    vulnerability_id: int | None = None
    package_id: int | None = None
    ecosystem: str = ""  # of the package
    evidence: tuple[str, ...] = ()
    threat: tuple[Factor, ...] = ()


class _Stored(msgspec.Struct):
    id: int
    severity: int
    points: float
    closed: bool
    decided: bool
    vulnerability_id: int | None
    agreement: int | None
    fix: int | None
    use: tuple[Factor, ...]  # no tool's word: what is known of the package's use stays


class _Spoken(msgspec.Struct):
    id: int
    word: Word


Weigh = Any  # (severity, threat) -> (points, factors): the formula is `risk`'s, which stands above this app
Verdict = tuple[int | None, int | None]  # agreement, fix
Words = Mapping[str, Word]  # tool -> what it says of a finding


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
    ecosystems: Collection[str] = (),
) -> Settled:
    """Make the findings of one asset say what one tool says of it now.

    With `is_whole`, words of this tool that it no longer says are taken back, of the `kinds` that it looked for, and what
    no tool says any more is resolved. `ecosystems` are those in which it then looked for vulnerabilities: from now on its
    silence counts there.
    """
    by_key = {(one.kind, one.key): one for one in said}
    stored = _stored(asset_id)
    spoken = _spoken([row.id for row in stored.values()])
    heard = {pk: {name: word.word for name, word in words.items()} for pk, words in spoken.items()}
    # In the order of their index, which then grows at its end.
    new = [by_key[key] for key in sorted(by_key.keys() - stored.keys())]
    again: list[tuple[_Stored, Said]] = []
    revised: list[tuple[_Stored, Said, Severity]] = []
    words: list[tuple[int, Said]] = []
    taken_back: list[int] = []
    for key, one in by_key.items():
        if (row := stored.get(key)) is None:
            continue
        before = spoken.get(row.id, {}).get(tool)
        if before is None or before.word != one.word:
            words.append((row.id, one))
            if before is not None:
                taken_back.append(before.id)
        heard.setdefault(row.id, {})[tool] = one.word
        severity = agreement.severity(heard[row.id].values())
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
        for key, row in stored.items():
            if key in by_key or key[0] not in kinds or tool not in spoken.get(row.id, {}):
                continue
            taken_back.append(spoken[row.id][tool].id)
            del heard[row.id][tool]
            if not heard[row.id]:
                gone.append(row.id)
        gone.sort()
        if ecosystems:
            _testify(asset_id, tool, ecosystems)
    verdict = _Judge(asset_id, {tool}.union(*spoken.values()))
    told = [verdict.of({tool: one.word}, one.ecosystem) for one in new]
    upsert.close(Attribution, taken_back, at)
    words += zip(_open(asset_id, environment_id, new, told, weigh, at), new, strict=True)
    _speak(tool, words, at)
    _revise(revised, weigh, at)
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
    open_ = [row for row in stored.values() if not row.closed] + [row for row, _ in again]
    ended = set(gone)
    present = {row.id: row for row in open_ if row.id not in ended}
    verdicts = {pk: verdict.of(heard.get(pk, {}), verdict.ecosystems.get(pk, "")) for pk in present}
    _write_verdicts(present.values(), verdicts)
    severities = {row.id: int(severity) for row, _, severity in revised}
    fresh = [*new, *(one for _, one in again)]
    tallies.note(
        asset_id,
        (_fact(row) for row in stored.values() if row.vulnerability_id and not (row.closed or row.decided)),
        [
            *(
                (row.vulnerability_id, severities.get(pk, row.severity), *verdicts[pk])
                for pk, row in present.items()
                if row.vulnerability_id and not row.decided
            ),
            *(
                (one.vulnerability_id, int(agreement.severity([one.word])), *judged)
                for one, judged in zip(new, told, strict=True)
                if one.vulnerability_id
            ),
        ],
        {pk: {one.ecosystem for one in of} for pk, of in _by_vulnerability(fresh).items()},
    )
    if new or again:
        in_use.ask_again([asset_id])
    return Settled(
        opened=len(new), reopened=len(again), resolved=len(gone), revised=len(revised) - len(again)
    )


class _Judge:
    """Agreement and fix of findings of one asset. What only one tool looked at needs no question to the database."""

    def __init__(self, asset_id: int, speaking: Collection[str]) -> None:
        self.witnesses = {
            tool: frozenset(ecosystems)
            for tool, ecosystems in Witness.objects.filter(asset=asset_id).values_list("tool", "ecosystems")
        }
        alone = len({*speaking, *self.witnesses}) < 2
        self.ecosystems = {} if alone else _ecosystems(asset_id)  # finding id -> ecosystem of its package

    def of(self, words: Words, ecosystem: str) -> Verdict:
        silent = agreement.silent(ecosystem, self.witnesses, words)
        return agreement.agreement(words.values(), silent), agreement.fix(words.values())


def _fact(row: _Stored) -> tallies.Fact:
    assert row.vulnerability_id is not None
    return row.vulnerability_id, row.severity, row.agreement, row.fix


def _by_vulnerability(said: Iterable[Said]) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = {}
    for one in said:
        if one.vulnerability_id is not None:
            found.setdefault(one.vulnerability_id, []).append(one)
    return found


def _stored(asset_id: int) -> dict[tuple[str, str], _Stored]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, key, id, severity, points, closed_at IS NOT NULL, decided IS NOT NULL,"
            " vulnerability_id, agreement, fix,"
            " CASE WHEN use > 0 THEN jsonb_path_query_array(factors, 'strict $[*] ? (@[0] == \"use\")') END"
            " FROM findings_finding WHERE asset_id = %s AND kind = ANY(%s)",
            [asset_id, [kind.value for kind in REPORTED]],
        )
        return {(row[0], row[1]): _stored_row(row) for row in cursor.fetchall()}


def _stored_row(row: tuple[Any, ...]) -> _Stored:
    pk, severity, points, closed, decided, vulnerability_id, agreement, fix, use = row[2:]
    return _Stored(pk, severity, points, closed, decided, vulnerability_id, agreement, fix, _factors(use))


def _factors(stored: str | None) -> tuple[Factor, ...]:
    return typed.decode(stored, tuple[Factor, ...]) if stored else ()


def _spoken(finding_ids: Sequence[int]) -> dict[int, dict[str, _Spoken]]:
    """Finding id -> tool -> its present word."""
    found: dict[int, dict[str, _Spoken]] = {}
    if not finding_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT finding_id, tool, id, severity, status, fixed_versions, outranks FROM findings_attribution"
            " WHERE finding_id = ANY(%s) AND closed_at IS NULL",
            [list(finding_ids)],
        )
        for finding_id, tool, pk, severity, status, fixed_versions, outranks in cursor.fetchall():
            word = Word(
                severity=None if severity is None else Severity(severity),
                status=status,
                fixed_versions=tuple(fixed_versions),
                outranks=outranks,
            )
            found.setdefault(finding_id, {})[tool] = _Spoken(pk, word)
    return found


def _ecosystems(asset_id: int) -> dict[int, str]:
    rows = Finding.objects.filter(asset=asset_id, package__isnull=False)
    return dict(rows.values_list("pk", "package__ecosystem"))


def _testify(asset_id: int, tool: str, ecosystems: Collection[str]) -> None:
    """Keep where the tool looked, if that is news."""
    looked = sorted({ecosystem[:20] for ecosystem in ecosystems})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO findings_witness AS w (asset_id, tool, ecosystems) VALUES (%s, %s, %s::varchar[])"
            " ON CONFLICT (asset_id, tool) DO UPDATE SET ecosystems = excluded.ecosystems"
            " WHERE w.ecosystems <> excluded.ecosystems",
            [asset_id, tool, looked],
        )


def _write_verdicts(rows: Iterable[_Stored], verdicts: Mapping[int, Verdict]) -> None:
    """Agreement and fix of findings that were there before, where they changed."""
    upsert.update(
        Finding,
        ("agreement", "fix"),
        ("bigint", "smallint", "smallint"),
        sorted((row.id, *verdicts[row.id]) for row in rows if verdicts[row.id] != (row.agreement, row.fix)),
    )


def _open(
    asset_id: int,
    environment_id: int | None,
    new: Sequence[Said],
    told: Sequence[Verdict],
    weigh: Weigh,
    at: datetime,
) -> list[int]:
    ids = upsert.allocate(Finding, len(new))
    rows, intervals = [], []
    weighed: dict[tuple[Severity, tuple[Factor, ...]], tuple[float, str]] = {}
    for pk, one, verdict in zip(ids, new, told, strict=True):
        severity = agreement.severity([one.word])
        if (by := (severity, one.threat)) not in weighed:
            points, factors = weigh(severity, one.threat)
            weighed[by] = points, msgspec.json.encode([list(factor) for factor in factors]).decode()
        rows.append(
            (
                pk,
                one.kind,
                one.key[:200],
                one.vulnerability_id,
                one.package_id,
                int(severity),
                *weighed[by],
                one.evidence,
                *verdict,
            )
        )
        intervals.append((pk, severity, one.evidence))
    upsert.copy(
        Finding,
        (
            "id",
            "kind",
            "key",
            "vulnerability_id",
            "package_id",
            "severity",
            "points",
            "factors",
            "evidence",
            "agreement",
            "fix",
        ),
        rows,
        same={
            "asset_id": asset_id,
            "environment_id": environment_id,
            "first_opened_at": at,
            "opened_at": at,
            "times_opened": 1,
        },
    )
    open_intervals(intervals, at)
    return ids


def _speak(tool: str, words: Sequence[tuple[int, Said]], at: datetime) -> None:
    upsert.copy(
        Attribution,
        ("finding_id", "severity", "status", "fixed_versions", "outranks"),
        (
            (
                finding_id,
                None if one.word.severity is None else int(one.word.severity),
                one.word.status,
                one.word.fixed_versions,
                one.word.outranks,
            )
            for finding_id, one in sorted(words, key=lambda pair: pair[0])
        ),
        same={"tool": tool, "opened_at": at},
    )


def _revise(rows: Sequence[tuple[_Stored, Said, Severity]], weigh: Weigh, at: datetime) -> None:
    values = []
    for row, one, severity in sorted(rows, key=lambda item: item[0].id):
        points, factors = weigh(severity, (*one.threat, *row.use))
        encoded = msgspec.json.encode([list(factor) for factor in factors]).decode()
        values.append((row.id, int(severity), points, encoded))
    weights.remember([(pk, points, factors) for pk, _, points, factors in values], at)
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
    end_intervals(ids, at)
    open_intervals([(pk, severity, one.evidence) for pk, one, severity in sorted(rows, key=_by_id)], at)


def _reopen(rows: Sequence[tuple[int, Said, Severity]], at: datetime) -> None:
    if not rows:
        return
    ids = sorted(row[0] for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE findings_finding SET opened_at = %s, closed_at = NULL, work = NULL, times_opened = times_opened + 1"
            " WHERE id = ANY(%s)",
            [at, ids],
        )
    open_intervals([(pk, severity, one.evidence) for pk, one, severity in sorted(rows, key=_by_id)], at)


def _resolve(ids: Sequence[int], at: datetime) -> None:
    if ids:
        Finding.objects.filter(pk__in=ids).update(closed_at=at)
        end_intervals(ids, at)


def words_by_tool(
    finding_ids: Sequence[int], moment: datetime | None = None
) -> Mapping[int, list[Attribution]]:
    """The words on each finding now, or at `moment`, for people."""
    found: dict[int, list[Attribution]] = {}
    if not finding_ids:
        return found
    for row in Attribution.objects.as_of(moment).filter(finding__in=finding_ids).order_by("tool"):
        found.setdefault(row.finding_id, []).append(row)
    return found
