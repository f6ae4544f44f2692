"""Which advisories hold for which packages: each pair is judged once for the whole fleet, when either of them is new.

Packages and what advisories say of them meet under a key (`scanners.advisories.names`). Whoever adds to either side holds
the same lock, shared for packages, alone for advisories: neither side can miss what the other adds meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from posture.base import upsert
from posture.fleet.choices import ALIVE
from posture.vulnerabilities.choices import FIX_STATUSES
from posture.vulnerabilities.models import Match
from scanners.advisories.names import OF_DISTRIBUTIONS, Key, lookup_keys, version_for
from scanners.advisories.records import Affected, Range
from scanners.advisories.versions import Hit, Undecidable, affects
from scanners.records import Record, Severity
from scanners.reported import ReportedPackage

_LOCK = 0x6D617463  # "matc"
PORTION = 20_000  # pairs that are held in memory at once


def hold_packages() -> None:
    """Until the transaction ends no advisory is added; other writers of packages go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])


def hold_advisories() -> None:
    """Until the transaction ends nobody else adds packages or advisories."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


_PAIRS = """
    SELECT p.id, p.ecosystem, p.namespace, p.name, p.version, p.architecture, p.distribution, p.source_name,
        p.source_version, a.id, a.ecosystem, a.namespace, a.name, a.distribution, a.is_source, a.ranges, a.versions,
        a.architectures, a.status
    FROM {from_} WHERE {where} ORDER BY a.id, p.id
"""
_BY_PACKAGES = _PAIRS.format(
    from_="vulnerabilities_package p CROSS JOIN LATERAL unnest(p.lookups) AS l(lookup)"
    " JOIN vulnerabilities_affectedpackage a ON a.lookup = l.lookup",
    where="p.id = ANY(%s)",
)
_BY_AFFECTED = _PAIRS.format(
    from_="vulnerabilities_affectedpackage a JOIN vulnerabilities_package p ON p.lookups @> ARRAY[a.lookup]",
    where="a.id = ANY(%s)",
)


def match_packages(package_ids: Sequence[int]) -> int:
    """Judge new packages by every advisory that may concern them; returns how many hold."""
    return _match(_BY_PACKAGES, package_ids)


def match_affected(affected_ids: Sequence[int]) -> int:
    """Judge every package by what advisories say anew; returns how many hold."""
    return _match(_BY_AFFECTED, affected_ids)


def _match(sql: str, ids: Sequence[int]) -> int:
    if not ids:
        return 0
    found = 0
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(ids)])
        while rows := cursor.fetchmany(PORTION):
            found += upsert.copy(
                Match, ("package_id", "affected_id", "fixed_version", "doubt"), _judged(rows)
            )
    return found


def _judged(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    affected, last = None, None
    for row in rows:
        package_id, affected_id = row[0], row[9]
        if affected is None or affected_id != last:
            affected, last = affected_of(row[10:]), affected_id
        package = package_of(row[1:9])
        verdict = affects(affected, version_for(package, affected.is_source), package.architecture)
        if isinstance(verdict, Hit):
            yield package_id, affected_id, verdict.fixed[:200], ""
        elif isinstance(verdict, Undecidable):
            yield package_id, affected_id, "", verdict.reason[:200]


class Found(Record, frozen=True, kw_only=True):
    """A vulnerability in a package that is not stored. `severity` is None when nobody gives one."""

    package: ReportedPackage
    key: str
    severity: Severity | None
    fixed_version: str
    published_at: datetime | None


_CONCERNING = """
    SELECT a.lookup, v.key, coalesce(a.severity, d.severity, v.severity), v.published_at,
        a.ecosystem, a.namespace, a.name, a.distribution, a.is_source, a.ranges, a.versions, a.architectures, a.status
    FROM vulnerabilities_affectedpackage a
    JOIN vulnerabilities_advisory d ON d.id = a.advisory_id
    JOIN vulnerabilities_vulnerability v ON v.id = ANY(d.vulnerability_ids)
    WHERE a.lookup = ANY(%s)
"""


def judge(packages: Sequence[ReportedPackage]) -> tuple[list[Found], bool]:
    """What advisories say of packages that are not stored, and whether they could tell: see `is_looked_through`."""
    lookups = {package.key: tuple(map(lookup_text, lookup_keys(package))) for package in packages}
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNING, [sorted({text for texts in lookups.values() for text in texts})])
        concerning: dict[str, list[tuple[Any, ...]]] = {}
        for row in cursor.fetchall():
            concerning.setdefault(row[0], []).append(row[1:])
    found = []
    for package in packages:
        for lookup in lookups[package.key]:
            for key, severity, published_at, *columns in concerning.get(lookup, ()):
                affected = affected_of(columns)
                verdict = affects(affected, version_for(package, affected.is_source), package.architecture)
                if isinstance(verdict, Hit):
                    found.append(
                        Found(
                            package=package,
                            key=key,
                            severity=None if severity is None else Severity(severity),
                            fixed_version=verdict.fixed,
                            published_at=published_at,
                        )
                    )
    kinds = {(package.ecosystem, package.distribution) for package in packages}
    return found, is_looked_through(kinds, covered(kinds))


Kind = tuple[str, str]  # ecosystem, and release of a distribution or ""


def covered(kinds: Collection[Kind]) -> set[Kind]:
    """Those of which there are advisories."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.ecosystem, k.distribution FROM unnest(%s::text[], %s::text[]) AS k(ecosystem, distribution)"
            " WHERE EXISTS (SELECT 1 FROM vulnerabilities_affectedpackage a"
            "   WHERE a.ecosystem = k.ecosystem AND a.distribution = k.distribution)",
            [[ecosystem for ecosystem, _ in kinds], [release for _, release in kinds]],
        )
        return set(cursor.fetchall())


def is_looked_through(kinds: Collection[Kind], found: Collection[Kind]) -> bool:
    """Whether advisories could tell of an image with packages of these kinds, when there are some of the kinds `found`: of
    every distribution's release, and of anything at all."""
    return bool(found) and all(kind in found for kind in kinds if kind[0] in OF_DISTRIBUTIONS)


def lookup_text(key: Key) -> str:
    """A key as it is stored."""
    return f"{key.ecosystem}|{key.distribution}|{key.name}{'|source' if key.is_source else ''}"


def package_of(row: Sequence[Any]) -> ReportedPackage:
    ecosystem, namespace, name, version, architecture, distribution, source_name, source_version = row
    return ReportedPackage(
        ecosystem=ecosystem,
        namespace=namespace,
        name=name,
        version=version,
        architecture=architecture,
        distribution=distribution,
        source_name=source_name,
        source_version=source_version,
    )


def affected_of(row: Sequence[Any]) -> Affected:
    """From columns in the order of `_PAIRS`; the database gives JSON as text."""
    ecosystem, namespace, name, distribution, is_source, ranges, versions, architectures, status = row
    return Affected(
        ecosystem=ecosystem,
        namespace=namespace,
        name=name,
        distribution=distribution,
        is_source=is_source,
        ranges=tuple(
            Range(introduced=introduced, fixed=fixed, last_affected=last)
            for introduced, fixed, last in msgspec.json.decode(ranges)
        ),
        versions=tuple(versions),
        architectures=tuple(architectures),
        status=FIX_STATUSES[status],
    )


def said_of(affected_ids: Sequence[int]) -> set[tuple[Any, ...]]:
    """What the matches of these say, each with its package first: what makes the difference to findings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.package_id, v.id, m.fixed_version, m.doubt <> '', coalesce(a.severity, d.severity), a.status"
            " FROM vulnerabilities_match m JOIN vulnerabilities_affectedpackage a ON a.id = m.affected_id"
            " JOIN vulnerabilities_advisory d ON d.id = a.advisory_id"
            " CROSS JOIN LATERAL unnest(d.vulnerability_ids) AS v(id) WHERE a.id = ANY(%s)",
            [list(affected_ids)],
        )
        return set(cursor.fetchall())


def want_assets(asset_ids: Collection[int], at: datetime) -> None:
    """The findings of these assets are to be settled anew by what their packages match."""
    _want("SELECT unnest(%s::bigint[]) AS asset_id", [sorted(asset_ids)], at)


def want_holders(package_ids: Collection[int], at: datetime) -> int:
    """The same for every asset that holds one of these packages now; returns how many that are."""
    if not package_ids:
        return 0
    return _want(
        "SELECT DISTINCT asset_id FROM vulnerabilities_packagelist"
        " WHERE closed_at IS NULL AND packages && %s::int[]",
        [sorted(package_ids)],
        at,
    )


def _want(assets: str, values: list[Any], at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vulnerabilities_rematch (asset_id, wanted_at, is_urgent)"
            " SELECT w.asset_id, %s, EXISTS (SELECT 1 FROM fleet_containerstate s WHERE s.image_id = w.asset_id"
            "   AND s.closed_at IS NULL AND s.status = ANY(%s))"
            f" FROM ({assets}) AS w ORDER BY w.asset_id"
            " ON CONFLICT (asset_id) DO UPDATE SET wanted_at = excluded.wanted_at, is_urgent = excluded.is_urgent",
            [at, [status.value for status in ALIVE], *values],
        )
        return cursor.rowcount
