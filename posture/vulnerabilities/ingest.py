"""The only writer of packages, vulnerabilities and scans. Packages and vulnerabilities are facts that no image owns: they
are kept before the findings that name them, in transactions of their own, so that many writers never wait in a circle."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec
from django.db import connection, transaction

from posture.base import upsert
from posture.vulnerabilities import matching
from posture.vulnerabilities.models import (
    AffectedPackage,
    Alias,
    KnownExploited,
    Likelihood,
    Package,
    PackageFiles,
    PackageList,
    Vulnerability,
)
from scanners.advisories.names import lookup_keys
from scanners.records import Record, Severity
from scanners.reported import ReportedPackage, ReportedVulnerability

REMEMBERED = (
    200_000  # keys of packages, and of vulnerabilities, that one process does not ask the database for again
)
TITLE, DESCRIPTION, NAME = 500, 20_000, 80
MOST_FILES = 4000  # of one package, in all places where it is installed
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
PackageKey = tuple[str, str, str, str, str, str]


class Remembered(OrderedDict[Any, Any]):
    """Ids by key, the least recently kept forgotten first. Ids never change, so what is remembered stays true. Threads share
    it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def known(self, keys: Iterable[Any]) -> dict[Any, Any]:
        """Of these keys those that are remembered."""
        with self._lock:
            return {key: self[key] for key in keys if key in self}

    def keep(self, found: Mapping[Any, Any]) -> None:
        with self._lock:
            for key, value in found.items():
                self[key] = value
                self.move_to_end(key)
            while len(self) > REMEMBERED:
                self.popitem(last=False)


_packages = Remembered()  # key -> id
_files = Remembered()  # (package id, hash of the files that were told of it)
_told = Remembered()  # (id in a report, what it told of it) -> our id


def forget() -> None:
    """For tests, whose database begins anew."""
    _packages.clear()
    _told.clear()
    _files.clear()


# -- packages


def ensure_packages(packages: Iterable[ReportedPackage], at: datetime) -> dict[PackageKey, int]:
    """The ids of these packages, by key; those that are new are made."""
    wanted = {package.key: package for package in packages}
    found = _packages.known(wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        with transaction.atomic():
            upsert.without_waiting_for_the_disk()
            matching.hold_packages()
            new = upsert.copy_missing(
                Package, _PACKAGE_COLUMNS, (_package_row(wanted[key], at) for key in missing), _PACKAGE_KEY
            )
            matching.match_packages(new)
            stored = _stored_packages(missing)
        _packages.keep(stored)
        found |= stored
    return found


_PACKAGE_KEY = ("name", "ecosystem", "namespace", "version", "architecture", "distribution")
_PACKAGE_COLUMNS = (
    "ecosystem",
    "namespace",
    "name",
    "version",
    "architecture",
    "distribution",
    "source_name",
    "source_version",
    "lookups",
    "first_seen_at",
)
_LENGTHS = (20, 200, 300, 200, 40, 60)


def _cut(key: PackageKey) -> tuple[str, ...]:
    return tuple(text[:length] for text, length in zip(key, _LENGTHS, strict=True))


def _package_row(package: ReportedPackage, at: datetime) -> tuple[Any, ...]:
    lookups = tuple(matching.lookup_text(key) for key in lookup_keys(package))
    return (*_cut(package.key), package.source_name[:300], package.source_version[:200], lookups, at)


def _stored_packages(keys: Sequence[PackageKey]) -> dict[PackageKey, int]:
    cut = [_cut(key) for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, w.n FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " WITH ORDINALITY AS w(ecosystem, namespace, name, version, architecture, distribution, n)"
            " JOIN vulnerabilities_package p USING (ecosystem, namespace, name, version, architecture, distribution)",
            [list(column) for column in zip(*cut, strict=True)],
        )
        return {keys[number - 1]: pk for pk, number in cursor.fetchall()}


def ensure_files(packages: Iterable[ReportedPackage], ids: Mapping[PackageKey, int]) -> None:
    """Keep the programs and libraries of these packages, beside those that are known; what is known writes nothing."""
    told = {ids[package.key]: package.files for package in packages if package.files}
    marks = {pk: (pk, hash(files)) for pk, files in told.items()}
    known = _files.known(marks.values())
    new = {pk: told[pk] for pk, mark in marks.items() if mark not in known}
    if not new:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        upsert.without_waiting_for_the_disk()
        stored = dict(PackageFiles.objects.filter(pk__in=list(new)).values_list("pk", "paths"))
        rows = [
            (pk, tuple(sorted({*stored.get(pk, ()), *files})[:MOST_FILES]))
            for pk, files in sorted(new.items())
            if not set(files) <= set(stored.get(pk, ()))
        ]
        cursor.execute(
            "CREATE TEMP TABLE told_files ON COMMIT DROP AS SELECT package_id, paths FROM vulnerabilities_packagefiles"
            " WITH NO DATA"
        )
        upsert.copy_into("told_files", ("package_id", "paths"), rows)
        # Another writer may have added files of the same package meanwhile: its are kept too.
        cursor.execute(
            "INSERT INTO vulnerabilities_packagefiles AS f (package_id, paths)"
            " SELECT package_id, paths FROM told_files ORDER BY package_id ON CONFLICT (package_id) DO UPDATE SET paths ="
            " ARRAY(SELECT DISTINCT p FROM unnest(f.paths || excluded.paths) p ORDER BY p LIMIT %s)"
            " WHERE NOT f.paths @> excluded.paths",
            [MOST_FILES],
        )
        cursor.execute("DROP TABLE told_files")
    _files.keep({marks[pk]: True for pk in new})


def store_package_list(asset_id: int, tool: str, placed: Mapping[int, int], at: datetime) -> bool:
    """What a tool found installed in an image: package id -> place of its layer (-1: not known). Returns whether it is new."""
    packages = sorted(placed)
    layers = [placed[package] for package in packages]
    before = PackageList.objects.current().filter(asset=asset_id, tool=tool).first()
    if before is not None:
        if before.packages == packages and before.layers == layers:
            return False
        PackageList.objects.filter(pk=before.pk).update(closed_at=at)
    PackageList.objects.create(asset_id=asset_id, tool=tool, packages=packages, layers=layers, opened_at=at)
    if AffectedPackage.objects.exists():
        matching.want_assets([asset_id], at)
    return True


# -- vulnerabilities


class Known(Record, frozen=True, kw_only=True):
    """What of a vulnerability decides the points of its findings."""

    id: int
    key: str
    severity: Severity | None
    epss: float | None
    is_exploited: bool


def key_of(said: ReportedVulnerability) -> str:
    """The name under which a group of aliases is kept: the CVE among them, else the one that the report uses."""
    for name in (said.id, *said.aliases):
        if _CVE.fullmatch(name):
            return name.upper()
    return said.id[:NAME]


def ensure_vulnerabilities(reported: Iterable[ReportedVulnerability], at: datetime) -> dict[str, Known]:
    """These vulnerabilities by the id that the report uses; new ones are made, and what is told anew of others is added."""
    said = {one.id: one for one in reported}
    marks = {name: (name, _fingerprint(one)) for name, one in said.items()}
    told = _told.known(marks.values())
    ids = {name: told[mark] for name, mark in marks.items() if mark in told}
    new = {name: one for name, one in said.items() if name not in ids}
    if new:
        with transaction.atomic():
            upsert.without_waiting_for_the_disk()
            stored = _store(new, at)
        _told.keep({marks[name]: pk for name, pk in stored.items()})
        ids |= stored
    known = known_by_id(ids.values())
    return {name: known[pk] for name, pk in ids.items()}


def _fingerprint(said: ReportedVulnerability) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(said), digest_size=16).digest()


_COLUMNS = (
    "key",
    "title",
    "description",
    "severity",
    "severities",
    "scores",
    "weaknesses",
    "references",
    "published_at",
    "modified_at",
    "is_used_by_ransomware",
    "first_seen_at",
)


def _store(new: Mapping[str, ReportedVulnerability], at: datetime) -> dict[str, int]:
    groups = _groups(new)
    by_key: dict[str, ReportedVulnerability] = {}
    for name, one in new.items():
        by_key.setdefault(groups[name], one)
    before = _ids(by_key)
    _write({key: one for key, one in by_key.items() if key not in before}, at)
    _add({key: one for key, one in by_key.items() if key in before})
    ids = before if len(before) == len(by_key) else _ids(by_key)
    _name({name: ids[groups[name]] for name in new}, new)
    _merge(new, {name: ids[groups[name]] for name in new})
    return {name: ids[groups[name]] for name in new}


def _ids(keys: Iterable[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, id FROM vulnerabilities_vulnerability WHERE key = ANY(%s)", [list(keys)])
        return dict(cursor.fetchall())


def _groups(asked: Mapping[str, ReportedVulnerability]) -> dict[str, str]:
    """Id in the report -> key of its group: that of a name which is known already, else `key_of`."""
    names = {alias for one in asked.values() for alias in (one.id, *one.aliases)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.name, v.key FROM vulnerabilities_alias a JOIN vulnerabilities_vulnerability v"
            " ON v.id = a.vulnerability_id WHERE a.name = ANY(%s)",
            [sorted(name[:NAME] for name in names)],
        )
        known = dict(cursor.fetchall())
    groups = {}
    for name, one in asked.items():
        own = key_of(one)
        held = [known[alias[:NAME]] for alias in (one.id, *one.aliases) if alias[:NAME] in known]
        groups[name] = own if _CVE.fullmatch(own) or not held else held[0]
    return groups


def _merge(new: Mapping[str, ReportedVulnerability], ids: Mapping[str, int]) -> None:
    """Groups without a CVE of which one is told now that they are names of another: that one's from here on. What findings
    they have is moved afterwards (`findings.merging`). Two CVEs are never one."""
    names, groups = [], []
    for name, one in new.items():
        for alias in (one.id, *one.aliases):
            if alias and not _CVE.fullmatch(alias):
                names.append(alias[:NAME])
                groups.append(ids[name])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT v.id, t.group_id FROM unnest(%s::text[], %s::bigint[]) AS t(name, group_id)"
            " JOIN vulnerabilities_alias a ON a.name = t.name"
            " JOIN vulnerabilities_vulnerability v ON v.id = a.vulnerability_id"
            " WHERE v.id <> t.group_id AND v.key !~ '^CVE-' ORDER BY 1",
            [names, groups],
        )
        for old, into in cursor.fetchall():
            cursor.execute(
                "UPDATE vulnerabilities_vulnerability SET merged_into_id = %s WHERE id = %s OR merged_into_id = %s",
                [into, old, old],
            )
            cursor.execute(
                "UPDATE vulnerabilities_alias SET vulnerability_id = %s WHERE vulnerability_id = %s",
                [into, old],
            )
            cursor.execute(
                "UPDATE vulnerabilities_advisory SET vulnerability_ids = array_replace(vulnerability_ids, %s, %s)"
                " WHERE vulnerability_ids @> ARRAY[%s]::bigint[]",
                [old, into, old],
            )


def _write(new: Mapping[str, ReportedVulnerability], at: datetime) -> None:
    if new:
        upsert.copy_missing(
            Vulnerability, _COLUMNS, (_row(key, one, at) for key, one in new.items()), ("key",)
        )
        _apply_intelligence(list(new))


def _apply_intelligence(keys: list[str]) -> None:
    """What the feeds know already of the use of vulnerabilities that are new here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vulnerabilities_vulnerability v SET epss = l.probability, epss_percentile = l.percentile"
            " FROM vulnerabilities_likelihood l WHERE l.name = v.key AND v.key = ANY(%s)",
            [keys],
        )
        cursor.execute(
            "UPDATE vulnerabilities_vulnerability v SET exploited_since = k.added_on, fix_due_at = k.due_on,"
            " is_used_by_ransomware = k.is_used_by_ransomware"
            " FROM vulnerabilities_knownexploited k WHERE k.name = v.key AND v.key = ANY(%s)",
            [keys],
        )


def _row(key: str, said: ReportedVulnerability, at: datetime) -> tuple[Any, ...]:
    worst = max(said.severities.values(), default=None)
    return (
        key,
        said.title[:TITLE],
        said.description[:DESCRIPTION],
        None if worst is None else int(worst),
        {source: int(severity) for source, severity in said.severities.items()},
        [[score.source, score.vector, score.score] for score in said.scores],
        said.weaknesses,
        said.references,
        said.published_at,
        said.modified_at,
        False,
        at,
    )


def _add(told: Mapping[str, ReportedVulnerability]) -> None:
    """What is told anew of vulnerabilities that are known: the newer text, and the severities and scores of all.

    Most reports tell nothing anew, so rows are held only once something is to be changed; and not against those who only
    refer to them, as findings do.
    """
    rows = Vulnerability.objects.filter(key__in=list(told))
    changing = [row.key for row in rows if _changes(row, told[row.key])]
    if changing:
        held = rows.filter(key__in=changing).select_for_update(no_key=True).order_by("key")
        changed = [row for row in held if _changes(row, told[row.key])]
        Vulnerability.objects.bulk_update(changed, _TOLD, batch_size=500)


def _changes(row: Vulnerability, said: ReportedVulnerability) -> bool:
    """Add what is said to the row; returns whether that changed it."""
    before = {name: getattr(row, name) for name in _TOLD}
    is_newer = row.modified_at is None or (
        said.modified_at is not None and said.modified_at >= row.modified_at
    )
    if is_newer or not row.title:
        row.title = said.title[:TITLE] or row.title
        row.description = said.description[:DESCRIPTION] or row.description
        row.published_at = said.published_at or row.published_at
        row.modified_at = said.modified_at or row.modified_at
    row.severities = {
        **row.severities,
        **{source: int(severity) for source, severity in said.severities.items()},
    }
    row.severity = max(row.severities.values(), default=row.severity)
    scores = {(source, vector): score for source, vector, score in row.scores}
    for score in said.scores:
        scores.setdefault((score.source, score.vector), score.score)
    row.scores = [[source, vector, points] for (source, vector), points in scores.items()]
    row.weaknesses = list(dict.fromkeys([*row.weaknesses, *said.weaknesses]))
    row.references = list(dict.fromkeys([*row.references, *said.references]))[:50]
    return any(getattr(row, name) != value for name, value in before.items())


_TOLD = (
    "title",
    "description",
    "published_at",
    "modified_at",
    "severities",
    "severity",
    "scores",
    "weaknesses",
    "references",
)


class Use(Record, frozen=True, kw_only=True):
    """What is known of the use of a vulnerability, whether it is stored or not."""

    is_exploited: bool
    epss: float | None


def use_of(keys: Iterable[str]) -> dict[str, Use]:
    """By CVE, for those of which anything is known."""
    names = sorted(set(keys))
    exploited = set(KnownExploited.objects.filter(name__in=names).values_list("name", flat=True))
    scores = dict(Likelihood.objects.filter(name__in=names).values_list("name", "probability"))
    return {
        name: Use(is_exploited=name in exploited, epss=scores.get(name)) for name in exploited | scores.keys()
    }


def known_by_id(ids: Iterable[int]) -> dict[int, Known]:
    """What decides the points of findings of these vulnerabilities."""
    with connection.cursor() as cursor:
        cursor.execute(
            # What this or another process remembers may have been merged into another meanwhile.
            "SELECT v.id, g.id, g.key, g.severity, g.epss, g.exploited_since IS NOT NULL"
            " FROM vulnerabilities_vulnerability v"
            " JOIN vulnerabilities_vulnerability g ON g.id = coalesce(v.merged_into_id, v.id)"
            " WHERE v.id = ANY(%s)",
            [sorted(set(ids))],
        )
        return {
            pk: Known(
                id=group,
                key=key,
                severity=None if severity is None else Severity(severity),
                epss=epss,
                is_exploited=exploited,
            )
            for pk, group, key, severity, epss, exploited in cursor.fetchall()
        }


def _name(ids: Mapping[str, int], asked: Mapping[str, ReportedVulnerability]) -> None:
    """Keep every name that a report gives; a name that means another vulnerability already goes on meaning it."""
    rows = {
        alias[:NAME]: ids[name] for name, one in asked.items() for alias in (one.id, *one.aliases) if alias
    }
    upsert.insert_missing(
        Alias, ("name", "vulnerability_id"), ("text", "bigint"), sorted(rows.items()), ("name",)
    )
