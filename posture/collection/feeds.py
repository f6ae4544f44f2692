"""Feeds of vulnerability intelligence: fetched when due, or loaded from a file; only what changed is stored."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from posture.accounts.models import User
from posture.base.problems import Conflict, Problem
from posture.collection.schedule import backoff
from posture.decisions import deadlines
from posture.decisions import settle as decisions
from posture.findings import combining
from posture.findings.models import Finding
from posture.history.actions import differences, record
from posture.risk.points import points_of_combination, threat_of
from posture.risk.reweigh import reweigh_vulnerabilities
from posture.vulnerabilities import advisories
from posture.vulnerabilities.choices import FeedKind
from posture.vulnerabilities.models import Feed
from scanners.advisories import epss, kev, osv
from scanners.advisories.records import Edition, Exploited, FeedError, Likelihood
from scanners.connectors.download import download
from scanners.records import Limits, NodeError, Skipped

logger = logging.getLogger(__name__)

_LOCKS = 0x66656564  # "feed": the first of the two numbers of a feed's lock
FETCH_SECONDS = 1800.0
FETCH_BYTES = 2 * 1024**3
_OSV = "https://osv-vulnerabilities.storage.googleapis.com"
_ECOSYSTEMS = (
    "AlmaLinux", "Alpine", "Chainguard", "crates.io", "Debian", "Go", "Maven", "npm", "NuGet", "openSUSE", "PyPI",
    "Red Hat", "Rocky Linux", "RubyGems", "SUSE", "Ubuntu", "Wolfi",
)  # fmt: skip
DEFAULTS: tuple[tuple[str, FeedKind, str], ...] = (
    *((f"OSV {name}", FeedKind.OSV, f"{_OSV}/{name.replace(' ', '%20')}/all.zip") for name in _ECOSYSTEMS),
    (
        "CISA KEV",
        FeedKind.KEV,
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    ),
    ("FIRST EPSS", FeedKind.EPSS, "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
)

Enqueue = Callable[[int], None]


def sync_defaults() -> None:
    """Make the feeds that this version knows, for a new installation or after an upgrade. None is fetched unasked."""
    for name, kind, address in DEFAULTS:
        Feed.objects.get_or_create(
            name=name,
            defaults={
                "kind": kind,
                "address": address,
                "interval_seconds": 86_400 if kind == FeedKind.EPSS else 6 * 3600,
            },
        )


def claim_due(enqueue: Enqueue) -> int:
    """Queue the reading of each feed that is due; returns how many."""
    now = timezone.now()
    with transaction.atomic():
        due = Feed.objects.filter(is_enabled=True, next_due_at__lte=now).select_for_update(skip_locked=True)
        ids = list(due.values_list("pk", flat=True))
        # Should the message be lost, or its worker, it is due again before long.
        Feed.objects.filter(pk__in=ids).update(next_due_at=now + timedelta(seconds=FETCH_SECONDS))
    for pk in ids:
        try:
            enqueue(pk)
        except BrokerUnreachable as error:
            logger.warning("Redis does not answer, feed %s waits: %s", pk, error)
    return len(ids)


def fetch(feed_id: int) -> None:
    """Fetch a feed and store what changed. What goes wrong stands on the feed, which is asked again later."""
    with _held(feed_id) as is_ours:
        feed = Feed.objects.filter(pk=feed_id).first()
        if not is_ours or feed is None:
            return
        with tempfile.TemporaryDirectory(prefix="plimsoll-") as folder:
            path = Path(folder) / "feed"
            try:
                found = download(
                    feed.address,
                    path,
                    etag=feed.etag if feed.digest else "",
                    limits=Limits(seconds=FETCH_SECONDS, bytes=FETCH_BYTES),
                    denied_networks=settings.PULL_DENIED_NETWORKS,
                    allow_plaintext=settings.FEEDS_ALLOW_PLAINTEXT,
                )
                if found is None:
                    _succeed(feed, timezone.now(), changed=0)
                else:
                    _load(feed, path, timezone.now())
                    Feed.objects.filter(pk=feed.pk).update(etag=found.etag[:200])
            except (NodeError, FeedError, OSError) as error:
                _fail(feed, str(getattr(error, "message", error)))


def load(feed: Feed, path: Path, *, by: User | None) -> Feed:
    """Read a feed from a file, as where nothing can be fetched. Raises Problem for one that cannot be read."""
    with _held(feed.pk) as is_ours:
        if not is_ours:
            raise Conflict("This feed is being read at the moment.", code="feed_busy")
        try:
            _load(feed, path, timezone.now())
        except (FeedError, OSError) as error:
            _fail(feed, str(error))
            raise Problem(str(error), code="unreadable_feed", status=400) from None
    record(
        verb="load",
        obj=feed,
        object_kind="feed",
        object_name=feed.name,
        changes={"sha256": [None, feed.digest], "entries": [None, feed.entries]},
        actor=by,
    )
    return feed


def change(*, feed: Feed, by: User | None, **fields: object) -> Feed:
    """Turn a feed on or off, or fetch it from elsewhere or more often. What is turned on is due at once."""
    with transaction.atomic():
        locked = Feed.objects.select_for_update().get(pk=feed.pk)
        before = {name: getattr(locked, name) for name in fields}
        for name, value in fields.items():
            setattr(locked, name, value)
        if locked.address != feed.address:
            locked.etag = ""
        locked.next_due_at = timezone.now() if locked.is_enabled else None
        locked.save()
        if changes := differences(before, fields):
            record(
                verb="change",
                obj=locked,
                object_kind="feed",
                object_name=locked.name,
                changes=changes,
                actor=by,
            )
    return locked


def fetch_now(*, feed: Feed, by: User | None, enqueue: Enqueue) -> Feed:
    """Queue the reading of a feed at once, also of one that is turned off. Raises Problem while the queue is away."""
    with transaction.atomic():
        record(verb="fetch", obj=feed, object_kind="feed", object_name=feed.name, changes={}, actor=by)
        try:
            enqueue(feed.pk)
        except BrokerUnreachable:
            raise Problem(
                "The queue does not answer just now, so nothing was asked of the workers.",
                code="queue_unavailable",
                status=503,
                retry_after=5,
            ) from None
    return feed


def being_read() -> set[int]:
    """Ids of the feeds that are read at this moment, by any worker or command: their locks say so."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s AND granted AND datname = current_database()",
            [_LOCKS],
        )
        return {pk for (pk,) in cursor.fetchall()}


@contextmanager
def _held(feed_id: int) -> Iterator[bool]:
    """Whether this connection alone reads the feed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCKS, feed_id])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, feed_id])


def _load(feed: Feed, path: Path, at: datetime) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    feed.size_bytes = path.stat().st_size
    if digest == feed.digest:
        _succeed(feed, at, changed=0)
        return
    changed = _READERS[FeedKind(feed.kind)](feed, path, at)
    feed.digest = digest
    _succeed(feed, at, changed=changed)


def _load_osv(feed: Feed, path: Path, at: datetime) -> int:
    known = advisories.marks(feed)
    stored = advisories.store(feed, osv.read_file(path, known), known, is_whole=True, at=at)
    feed.entries, feed.edition, feed.data_at = stored.entries, "", advisories.newest(feed)
    _skipped(feed, list(stored.skipped), stored.skipped_total)
    return stored.changed + stored.gone


def _load_exploited(feed: Feed, path: Path, at: datetime) -> int:
    told = _listed(feed, kev.read(path))
    with transaction.atomic():
        changed = advisories.store_exploited(one for one in told if isinstance(one, Exploited))
        return weigh_again(changed, at)


def _load_likelihoods(feed: Feed, path: Path, at: datetime) -> int:
    told = _listed(feed, epss.read(path))
    with transaction.atomic():
        changed = advisories.store_likelihoods(one for one in told if isinstance(one, Likelihood))
        return weigh_again(changed, at)


_READERS: dict[FeedKind, Callable[[Feed, Path, datetime], int]] = {
    FeedKind.OSV: _load_osv,
    FeedKind.KEV: _load_exploited,
    FeedKind.EPSS: _load_likelihoods,
}


def _listed(
    feed: Feed, told: Iterator[Edition | Exploited | Likelihood | Skipped]
) -> list[Exploited | Likelihood]:
    """The entries of a list that is published as a whole; what else it tells goes to the feed."""
    entries: list[Exploited | Likelihood] = []
    skipped: list[Skipped] = []
    for one in told:
        if isinstance(one, Edition):
            feed.edition, feed.data_at = one.version[:100], one.published_at
        elif isinstance(one, Skipped):
            skipped.append(one)
        else:
            entries.append(one)
    feed.entries = len(entries)
    _skipped(feed, skipped, len(skipped))
    return entries


def weigh_again(changed: list[advisories.Changed], at: datetime) -> int:
    """Findings of vulnerabilities whose use weighs differently now. Returns how many vulnerabilities changed."""

    def factors(threat: advisories.Threat) -> list[float]:
        return [factor for _, _, factor in threat_of(is_exploited=threat.is_exploited, epss=threat.epss)]

    heavier = [one.vulnerability_id for one in changed if factors(one.before) != factors(one.after)]
    reweigh_vulnerabilities(heavier, at)
    if changed:
        about = [one.vulnerability_id for one in changed]
        held = Finding.objects.open().filter(vulnerability__in=about)
        images = set(held.values_list("asset", flat=True))
        combined = combining.review_flaws(images, points_of_combination, at)
        decisions.roll_up(decisions.review_vulnerabilities(about, at), at, combined=combined)
        deadlines.review_vulnerabilities(about)
    return len(changed)


def _skipped(feed: Feed, skipped: list[Skipped], total: int) -> None:
    feed.skipped_total = total
    feed.skipped = [
        {"kind": one.kind, "where": one.where[:300], "reason": one.reason[:500]}
        for one in skipped[: advisories.SKIPPED_KEPT]
    ]


def _succeed(feed: Feed, at: datetime, *, changed: int) -> None:
    feed.last_attempt_at = feed.last_success_at = at
    feed.failures, feed.error, feed.changed = 0, "", changed
    feed.next_due_at = at + timedelta(seconds=feed.interval_seconds) if feed.is_enabled else None
    feed.save(update_fields=_WRITTEN)


def _fail(feed: Feed, error: str) -> None:
    at = timezone.now()
    feed.last_attempt_at, feed.error = at, error[:1000]
    feed.failures += 1
    feed.next_due_at = at + backoff(feed.failures, feed.interval_seconds) if feed.is_enabled else None
    feed.save(update_fields=_WRITTEN)
    logger.warning("Feed %s could not be read: %s", feed.name, error)


# What a reading writes; whether and from where a feed is fetched is people's to say.
_WRITTEN = (
    "digest", "last_attempt_at", "last_success_at", "failures", "error", "edition", "data_at", "entries", "size_bytes",
    "changed", "skipped", "skipped_total", "next_due_at",
)  # fmt: skip
