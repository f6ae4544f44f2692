"""How far each vulnerability reaches, kept ready for lists: over ten million findings it cannot be counted when asked.

Importers of popular images all change the counts of the same vulnerabilities. Were they to update those rows themselves,
each would wait for the one before it to commit, in whatever order. So each transaction only appends what it changed, one
row an image, which waits for nobody; `fold` adds that to the tallies every few seconds, one process at a time. What was
committed is counted exactly once, at most one fold late.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection, transaction

from posture.base import upsert
from posture.findings.choices import DISPUTED, SINGLE_SOURCE
from posture.findings.models import Tally, TallyChange
from posture.vulnerabilities.choices import FIX_NUMBER
from scanners.reported import FixStatus

Fact = tuple[
    int, int, int | None, int | None
]  # vulnerability, severity, agreement, fix of a finding on the worklist
_LOCK = 0x706C6D02  # one folds at a time, over all processes
FIXED = FIX_NUMBER[FixStatus.FIXED]
SUMS = ("images", "critical", "high", "medium", "low", "info", "fixable", "disputed", "single_source")
_SEVERITY, _FIXABLE, _DISPUTED, _SINGLE = (
    5,
    6,
    7,
    8,
)  # places in SUMS; severity's number counts down from the first


def note(
    asset_id: int, before: Iterable[Fact], after: Iterable[Fact], ecosystems: Mapping[int, Iterable[str]]
) -> None:
    """Remember by how much the findings on the worklist of an image differ from what they were, in the caller's transaction.
    `ecosystems` are those of the packages that a vulnerability (id) is newly found in."""
    now, then = Counter(after), Counter(before)
    changed = {fact[0] for fact in (now - then) + (then - now)}
    if not changed:
        return
    rows: dict[int, list[int]] = defaultdict(lambda: [0] * len(SUMS))
    held: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for sign, facts in ((-1, then), (1, now)):
        for (vulnerability, severity, agreement, fix), number in facts.items():
            if vulnerability not in changed:
                continue
            held[vulnerability][sign > 0] += number
            row = rows[vulnerability]
            for place, counts in (
                (_SEVERITY - severity, True),
                (_FIXABLE, fix == FIXED),
                (_DISPUTED, agreement == DISPUTED),
                (_SINGLE, agreement == SINGLE_SOURCE),
            ):
                if counts:
                    row[place] += sign * number
    ids = sorted(rows)
    for vulnerability in ids:
        were, are = held[vulnerability]
        rows[vulnerability][0] = (are > 0) - (were > 0)
    columns = zip(*(rows[vulnerability] for vulnerability in ids), strict=True)
    found = (",".join(sorted(set(ecosystems.get(vulnerability, ())))) for vulnerability in ids)
    upsert.copy(
        TallyChange,
        ("asset_id", "vulnerabilities", *SUMS, "ecosystems"),
        [(asset_id, tuple(ids), *columns, tuple(found))],
    )


def fold() -> int:
    """Add what was noted since the last time, and count images anew where their hosts moved or no longer hold them;
    returns how many rows of tallies changed. Without a word when another process folds already."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_FOLD)
        return cursor.rowcount


def recount() -> int:
    """Count everything from the findings themselves; returns how many rows of tallies there are. For what wrote findings
    past `note`, such as a seeded fleet. Importers go on meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        # What is noted and what is counted must be of one moment.
        cursor.execute("LOCK TABLE findings_tallychange IN SHARE ROW EXCLUSIVE MODE")
        for table in ("tallychange", "placement", "tally"):
            cursor.execute(f"DELETE FROM findings_{table}")
        cursor.execute(_PLACE_ALL)
        cursor.execute(_COUNT_ALL)
        return cursor.rowcount


def differing(*, mend: bool = False) -> int:
    """How many counts differ from what counting the findings gives; with `mend` what was counted is kept."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        fold()
        before = counted()
        recount()
        after = counted()
        if not mend:
            transaction.set_rollback(True)
    return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())


def counted() -> dict[tuple[int, tuple[int, ...] | None], tuple[int, ...]]:
    """The sums of every tally that counts something, by vulnerability and set of environments."""
    rows = Tally.objects.filter(images__gt=0).values_list("vulnerability", "environments", *SUMS)
    return {(row[0], None if row[1] is None else tuple(row[1])): tuple(row[2:]) for row in rows}


_NAMES = ", ".join(SUMS)
_LYING = """
SELECT p.image_id AS asset_id, array_agg(DISTINCT h.environment_id ORDER BY h.environment_id) AS environments
FROM images_presence p JOIN fleet_asset h ON h.id = p.host_id
WHERE p.closed_at IS NULL AND h.environment_id IS NOT NULL GROUP BY 1
"""
_COUNTS = f"""
1 AS images, count(*) FILTER (WHERE f.severity = 4) AS critical, count(*) FILTER (WHERE f.severity = 3) AS high,
count(*) FILTER (WHERE f.severity = 2) AS medium, count(*) FILTER (WHERE f.severity = 1) AS low,
count(*) FILTER (WHERE f.severity = 0) AS info, count(*) FILTER (WHERE f.fix = {FIXED}) AS fixable,
count(*) FILTER (WHERE f.agreement = {DISPUTED}) AS disputed,
count(*) FILTER (WHERE f.agreement = {SINGLE_SOURCE}) AS single_source
"""


def _each(template: str) -> str:
    return ", ".join(template.format(name) for name in SUMS)


# One statement, and so one view of the database: a finding is seen exactly when what was noted of it is. What was noted
# goes to where the image was counted before; if it lies elsewhere now, all of it moves there.
_FOLD = f"""
WITH taken AS (
    DELETE FROM findings_tallychange RETURNING *
), lying AS ({_LYING}), counted AS (
    SELECT a.asset_id, p.environments AS before, coalesce(l.environments, '{{}}') AS now
    FROM (SELECT asset_id FROM findings_placement UNION SELECT asset_id FROM taken) a
    LEFT JOIN findings_placement p USING (asset_id) LEFT JOIN lying l USING (asset_id)
), changes AS (
    SELECT t.asset_id, c.* FROM taken t,
        unnest(t.vulnerabilities, {_each("t.{}")}, t.ecosystems) AS c(vulnerability_id, {_NAMES}, ecosystems)
), moves AS (
    SELECT c.before, c.now, f.asset_id, f.vulnerability_id, {_COUNTS},
        string_agg(DISTINCT k.ecosystem, ',') AS ecosystems
    FROM counted c JOIN findings_finding f ON f.asset_id = c.asset_id AND f.closed_at IS NULL AND f.decided IS NULL
        JOIN vulnerabilities_package k ON k.id = f.package_id
    WHERE c.before <> c.now AND f.vulnerability_id IS NOT NULL GROUP BY 1, 2, 3, 4
), parts AS (
    SELECT vulnerability_id, NULL::bigint[] AS environments, {_NAMES}, ecosystems FROM changes
    UNION ALL SELECT vulnerability_id, coalesce(before, now), {_NAMES}, ecosystems
        FROM changes JOIN counted USING (asset_id)
    UNION ALL SELECT vulnerability_id, before, {_each("-{}")}, ecosystems FROM moves
    UNION ALL SELECT vulnerability_id, now, {_NAMES}, ecosystems FROM moves
), placed AS (
    INSERT INTO findings_placement (asset_id, environments)
    SELECT asset_id, now FROM counted WHERE before IS DISTINCT FROM now
    ON CONFLICT (asset_id) DO UPDATE SET environments = excluded.environments
)
INSERT INTO findings_tally AS t (vulnerability_id, environments, {_NAMES}, ecosystems)
SELECT vulnerability_id, environments, {_each("sum({})")},
    ARRAY(SELECT DISTINCT e FROM unnest(string_to_array(string_agg(nullif(ecosystems, ''), ','), ',')) AS e ORDER BY e)
FROM parts GROUP BY 1, 2
ON CONFLICT (vulnerability_id, environments) DO UPDATE SET {_each("{0} = t.{0} + excluded.{0}")},
    ecosystems = ARRAY(SELECT DISTINCT e FROM unnest(t.ecosystems || excluded.ecosystems) AS e ORDER BY e)
"""

# What was counted for each image (`held`), summed up for the fleet and for each set of environments.
REACH = f"vulnerability_id, environments, {_NAMES}, ecosystems"
SUM_HELD = f"""
SELECT vulnerability_id, CASE WHEN grouping(environments) = 0 THEN environments END, {_each("sum({})")},
    ARRAY(SELECT DISTINCT e FROM unnest(string_to_array(string_agg(array_to_string(ecosystems, ','), ','), ',')) AS e
        ORDER BY e)
FROM held GROUP BY GROUPING SETS ((vulnerability_id), (vulnerability_id, environments))
"""

_PLACE_ALL = f"""
INSERT INTO findings_placement (asset_id, environments)
SELECT f.asset_id, coalesce(l.environments, '{{}}')
FROM (SELECT DISTINCT asset_id FROM findings_finding WHERE vulnerability_id IS NOT NULL) f
LEFT JOIN ({_LYING}) l USING (asset_id)
"""
_COUNT_ALL = f"""
WITH held AS (
    SELECT f.vulnerability_id, p.environments, f.asset_id, {_COUNTS.replace("1 AS", "count(DISTINCT f.asset_id) AS", 1)},
        array_agg(DISTINCT k.ecosystem) AS ecosystems
    FROM findings_finding f JOIN findings_placement p USING (asset_id)
        JOIN vulnerabilities_package k ON k.id = f.package_id
    WHERE f.closed_at IS NULL AND f.decided IS NULL AND f.vulnerability_id IS NOT NULL GROUP BY 1, 2, 3
)
INSERT INTO findings_tally ({REACH}) {SUM_HELD}
"""
