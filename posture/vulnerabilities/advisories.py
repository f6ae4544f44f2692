"""What feeds say, stored: advisories with the packages that they concern, exploited and likely vulnerabilities.

Only what changed is written, in portions that are each whole: an advisory, what it says of packages, which packages that
holds for, and which images are to be settled anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from posture.base import upsert
from posture.vulnerabilities import matching
from posture.vulnerabilities.choices import FIX_NUMBER
from posture.vulnerabilities.ingest import ensure_vulnerabilities
from posture.vulnerabilities.models import (
    Advisory,
    AffectedPackage,
    Feed,
    KnownExploited,
)
from scanners.advisories.names import lookup_key
from scanners.advisories.records import Advisory as Told
from scanners.advisories.records import Affected, Entry, Exploited, FeedError
from scanners.advisories.records import Likelihood as Score
from scanners.records import Record, Skipped
from scanners.reported import ReportedVulnerability

PORTION = 2_500  # entries that are written in one transaction
SKIPPED_KEPT = 100


class Stored(Record, frozen=True, kw_only=True):
    """How many entries a feed has, how many of them are new or changed, how many are gone, how many assets are to be
    settled anew, and what could not be read."""

    entries: int = 0
    changed: int = 0
    gone: int = 0
    assets: int = 0
    skipped: tuple[Skipped, ...] = ()
    skipped_total: int = 0


def marks(feed: Feed) -> dict[str, str]:
    """The mark of each entry that is stored, by its name."""
    return dict(Advisory.objects.filter(feed=feed).values_list("entry", "mark"))


def store(
    feed: Feed, told: Iterable[Entry | Skipped], known: Mapping[str, str], *, is_whole: bool, at: datetime
) -> Stored:
    """Write the entries of a feed's file that are new or changed. `known` is what `marks` gave before it was read.

    With `is_whole` the file has all of the feed, so entries that it does not have are removed, but for those that it has
    and that could not be read. Raises FeedError for one that has none that can be read: it is no file of this feed, and
    what the feed told stands.
    """
    seen: set[str] = set()
    skipped: list[Skipped] = []
    unreadable: set[str] = set()
    skipped_total = changed = assets = 0

    def anew() -> Iterator[Entry]:
        nonlocal skipped_total
        for one in told:
            if isinstance(one, Skipped):
                skipped_total += 1
                unreadable.add(one.where[:200])
                if len(skipped) < SKIPPED_KEPT:
                    skipped.append(one)
                continue
            seen.add(one.name[:200])
            if known.get(one.name[:200]) != one.mark:
                yield one

    source = anew()
    while portion := list(islice(source, PORTION)):
        changed += len(portion)
        assets += _replace(feed, portion, at)
    if is_whole and not seen:
        why = f": {skipped[0].where}: {skipped[0].reason}" if skipped else ""
        raise FeedError(f"It holds no advisory that can be read{why}"[:500])
    gone = sorted(known.keys() - seen - unreadable) if is_whole else []
    for start in range(0, len(gone), PORTION):
        assets += _remove(feed, gone[start : start + PORTION], at)
    return Stored(
        entries=len(seen),
        changed=changed,
        gone=len(gone),
        assets=assets,
        skipped=tuple(skipped),
        skipped_total=skipped_total,
    )


def _remove(feed: Feed, names: Sequence[str], at: datetime) -> int:
    with transaction.atomic():
        matching.hold_advisories()
        said = matching.said_of(_affected_ids(feed, names))
        _delete(feed, names)
        return matching.want_holders({row[0] for row in said}, at)


def _replace(feed: Feed, portion: Sequence[Entry], at: datetime) -> int:
    told = [entry.advisory for entry in portion if entry.advisory is not None]
    groups = _groups(told, at)
    with transaction.atomic():
        upsert.without_waiting_for_the_disk()
        matching.hold_advisories()
        names = [entry.name[:200] for entry in portion]
        before = matching.said_of(_affected_ids(feed, names))
        _delete(feed, names)
        affected_ids = _write(feed, portion, groups)
        matching.match_affected(affected_ids)
        after = matching.said_of(affected_ids)
        return matching.want_holders({row[0] for row in before ^ after}, at)


def _groups(told: Sequence[Told], at: datetime) -> dict[str, list[int]]:
    """Advisory's name -> ids of the vulnerabilities that it is about. A withdrawn one makes none that is not there."""
    said: dict[str, ReportedVulnerability] = {}
    for one in told:
        if one.withdrawn_at is not None:
            continue
        if one.covers:
            for name in one.covers:
                said.setdefault(name, ReportedVulnerability(id=name))
        else:
            said[one.id] = _as_reported(one)
    ids = {name: known.id for name, known in ensure_vulnerabilities(said.values(), at).items()}
    return {one.id: sorted({ids[name] for name in one.covers or (one.id,) if name in ids}) for one in told}


def _as_reported(one: Told) -> ReportedVulnerability:
    return ReportedVulnerability(
        id=one.id,
        aliases=one.aliases,
        title=one.title,
        description=one.description,
        severities={} if one.severity is None else {one.source: one.severity},
        scores=one.scores,
        weaknesses=one.weaknesses,
        references=one.references,
        published_at=one.published_at,
        modified_at=one.modified_at,
    )


def _affected_ids(feed: Feed, names: Sequence[str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM vulnerabilities_affectedpackage a JOIN vulnerabilities_advisory d"
            " ON d.id = a.advisory_id WHERE d.feed_id = %s AND d.entry = ANY(%s)",
            [feed.pk, list(names)],
        )
        return [row[0] for row in cursor.fetchall()]


def _delete(feed: Feed, names: Sequence[str]) -> None:
    # By hand, because to let Django collect what hangs on each advisory would read all of it.
    with connection.cursor() as cursor:
        old = "SELECT id FROM vulnerabilities_advisory WHERE feed_id = %s AND entry = ANY(%s)"
        affected = f"SELECT id FROM vulnerabilities_affectedpackage WHERE advisory_id IN ({old})"
        values: list[Any] = [feed.pk, list(names)]
        cursor.execute(f"DELETE FROM vulnerabilities_match WHERE affected_id IN ({affected})", values)
        cursor.execute(f"DELETE FROM vulnerabilities_affectedpackage WHERE advisory_id IN ({old})", values)
        cursor.execute("DELETE FROM vulnerabilities_advisory WHERE feed_id = %s AND entry = ANY(%s)", values)


def _write(feed: Feed, portion: Sequence[Entry], groups: Mapping[str, list[int]]) -> list[int]:
    """Returns the ids of what was written of packages."""
    rows: list[tuple[Any, ...]] = []
    of_packages: list[tuple[int, Affected]] = []
    for pk, entry in zip(upsert.allocate(Advisory, len(portion)), portion, strict=True):
        told = entry.advisory
        if told is None:
            rows.append((pk, feed.pk, entry.name[:200], entry.mark, "", "", (), None, None, None, None))
            continue
        rows.append(
            (
                pk,
                feed.pk,
                entry.name[:200],
                entry.mark,
                told.id[:120],
                told.source[:40],
                tuple(groups[told.id]),
                None if told.severity is None else int(told.severity),
                told.published_at,
                told.modified_at,
                told.withdrawn_at,
            )
        )
        if told.withdrawn_at is None and groups[told.id]:
            of_packages += [(pk, one) for one in told.affected]
    upsert.copy(Advisory, _ADVISORY_COLUMNS, rows)
    ids = upsert.allocate(AffectedPackage, len(of_packages))
    upsert.copy(
        AffectedPackage,
        _AFFECTED_COLUMNS,
        (
            (affected_id, advisory_id, *_affected_row(one))
            for affected_id, (advisory_id, one) in zip(ids, of_packages, strict=True)
        ),
    )
    return ids


_ADVISORY_COLUMNS = (
    "id",
    "feed_id",
    "entry",
    "mark",
    "name",
    "source",
    "vulnerability_ids",
    "severity",
    "published_at",
    "modified_at",
    "withdrawn_at",
)
_AFFECTED_COLUMNS = (
    "id",
    "advisory_id",
    "lookup",
    "ecosystem",
    "namespace",
    "name",
    "distribution",
    "is_source",
    "ranges",
    "versions",
    "architectures",
    "status",
    "severity",
)


def _affected_row(one: Affected) -> tuple[Any, ...]:
    return (
        matching.lookup_text(lookup_key(one)),
        one.ecosystem[:20],
        one.namespace[:200],
        one.name[:300],
        one.distribution[:60],
        one.is_source,
        [[each.introduced, each.fixed, each.last_affected] for each in one.ranges],
        one.versions,
        one.architectures,
        FIX_NUMBER[one.status],
        None if one.severity is None else int(one.severity),
    )


# -- exploited and likely vulnerabilities


class Threat(Record, frozen=True, kw_only=True):
    """What is known of the use of a vulnerability."""

    is_exploited: bool
    epss: float | None


class Changed(Record, frozen=True, kw_only=True):
    """A vulnerability of which something is known anew."""

    vulnerability_id: int
    before: Threat
    after: Threat


def store_exploited(told: Iterable[Exploited]) -> list[Changed]:
    """Replace the catalogue; returns the vulnerabilities of which something changed."""
    with transaction.atomic():
        before = {row.name: row for row in KnownExploited.objects.select_for_update()}
        now = {one.vulnerability[:80]: one for one in told}
        KnownExploited.objects.filter(name__in=before.keys() - now.keys()).delete()
        KnownExploited.objects.bulk_create(
            [
                KnownExploited(
                    name=name,
                    title=one.title[:300],
                    added_on=one.added_on,
                    due_on=one.due_on,
                    is_used_by_ransomware=one.is_used_by_ransomware,
                )
                for name, one in sorted(now.items())
            ],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["title", "added_on", "due_on", "is_used_by_ransomware"],
            batch_size=1000,
        )
        return _changed(
            "UPDATE vulnerabilities_vulnerability v SET exploited_since = k.added_on, fix_due_at = k.due_on,"
            " is_used_by_ransomware = coalesce(k.is_used_by_ransomware, false)"
            " FROM (SELECT x.id, x.epss, x.exploited_since AS since, e.* FROM vulnerabilities_vulnerability x"
            "   LEFT JOIN vulnerabilities_knownexploited e ON e.name = x.key "
            "   WHERE e.name IS NOT NULL OR x.exploited_since IS NOT NULL) k"
            " WHERE k.id = v.id AND (v.exploited_since, v.fix_due_at, v.is_used_by_ransomware) IS DISTINCT FROM"
            " (k.added_on, k.due_on, coalesce(k.is_used_by_ransomware, false))"
            " RETURNING v.id, k.since IS NOT NULL, k.epss, v.exploited_since IS NOT NULL, v.epss"
        )


def store_likelihoods(told: Iterable[Score]) -> list[Changed]:
    """Replace the scores; returns the vulnerabilities of which the score changed."""
    with transaction.atomic():
        upsert.without_waiting_for_the_disk()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE told ON COMMIT DROP AS"
                " SELECT name, probability, percentile FROM vulnerabilities_likelihood WITH NO DATA"
            )
            upsert.copy_into(
                "told",
                ("name", "probability", "percentile"),
                ((one.vulnerability[:80], one.probability, one.percentile) for one in told),
            )
            cursor.execute(
                "DELETE FROM vulnerabilities_likelihood l WHERE NOT EXISTS"
                " (SELECT 1 FROM told t WHERE t.name = l.name)"
            )
            cursor.execute(
                "INSERT INTO vulnerabilities_likelihood AS l (name, probability, percentile)"
                " SELECT DISTINCT ON (name) name, probability, percentile FROM told ORDER BY name"
                " ON CONFLICT (name) DO UPDATE"
                " SET probability = excluded.probability, percentile = excluded.percentile"
                " WHERE (l.probability, l.percentile) IS DISTINCT FROM (excluded.probability, excluded.percentile)"
            )
            cursor.execute("DROP TABLE told")
        return _changed(
            "UPDATE vulnerabilities_vulnerability v SET epss = s.probability, epss_percentile = s.percentile"
            " FROM (SELECT x.id, x.epss, l.probability, l.percentile FROM vulnerabilities_vulnerability x"
            "   LEFT JOIN vulnerabilities_likelihood l ON l.name = x.key) s"
            " WHERE s.id = v.id AND (v.epss, v.epss_percentile) IS DISTINCT FROM (s.probability, s.percentile)"
            " RETURNING v.id, v.exploited_since IS NOT NULL, s.epss, v.exploited_since IS NOT NULL, v.epss"
        )


def _changed(sql: str) -> list[Changed]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [
            Changed(
                vulnerability_id=pk,
                before=Threat(is_exploited=was_exploited, epss=epss_before),
                after=Threat(is_exploited=is_exploited, epss=epss),
            )
            for pk, was_exploited, epss_before, is_exploited, epss in cursor.fetchall()
        ]


def newest(feed: Feed) -> datetime | None:
    """When the newest of a feed's advisories was changed: the age of what it says."""
    return Advisory.objects.filter(feed=feed).aggregate(at=Max("modified_at"))["at"]
