"""The only writer of scan jobs: which tool looks at which image, and when. Claims use `SKIP LOCKED`, so that any number of
workers may ask at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from posture.fleet.choices import ContainerStatus
from posture.vulnerabilities.choices import JobPriority, JobState
from posture.vulnerabilities.models import ScanJob
from posture.vulnerabilities.querysets import ScanJobQuerySet
from scanners.records import Record

REDO_SECONDS = 24 * 3600  # an image is looked at once a day at most, however often databases are made
LOST_BEFORE_BACKOFF = 3
NO_DATABASE = "no_database"
DATABASE_WAIT = timedelta(hours=1)  # at least; it ends when a database is seen
_REASON = 1000

Backoff = Callable[[int], timedelta]  # attempts -> how long to wait


class Claim(Record, frozen=True, kw_only=True):
    """One image and the tools that look at it now. The token is what entitles to say how it ended."""

    asset_id: int
    token: uuid.UUID
    tools: tuple[str, ...]
    last_node_id: int | None  # that it was last read from in vain


def expect(
    tools: Sequence[str],
    at: datetime,
    *,
    asset_ids: Sequence[int] | None = None,
    since: datetime | None = None,
) -> int:
    """Make the jobs that are missing: every image that a host holds is looked at once by each of these tools.

    `since` asks only those that changed since then: cheap enough for every tick, where all 50,000 images take 70 ms.
    """
    if not tools:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vulnerabilities_scanjob (asset_id, tool, state, priority, attempts, created_at, next_try_at,"
            f" worker, code, reason, tool_version) SELECT a.id, t.tool, %(waiting)s, {_PRIORITY}, 0, %(at)s, %(at)s,"
            " '', '', '', '' FROM fleet_asset a CROSS JOIN unnest(%(tools)s::text[]) AS t(tool)"
            " WHERE a.kind = 'image' AND a.gone_at IS NULL AND a.key LIKE 'sha256:%%'"
            f" AND {'true' if asset_ids is None else 'a.id = ANY(%(ids)s)'}"
            f" AND {'true' if since is None else 'a.changed_at >= %(since)s'}"
            " AND NOT EXISTS (SELECT FROM vulnerabilities_scanjob j WHERE j.asset_id = a.id AND j.tool = t.tool)"
            " AND EXISTS (SELECT FROM images_presence p WHERE p.image_id = a.id AND p.closed_at IS NULL)"
            " ORDER BY a.id, t.tool ON CONFLICT DO NOTHING",
            {
                "waiting": JobState.WAITING,
                "running": ContainerStatus.RUNNING,
                "at": at,
                "tools": list(tools),
                "ids": list(asset_ids or ()),
                "since": since,
            },
        )
        return int(cursor.rowcount)


_PRIORITY = (
    "CASE WHEN EXISTS (SELECT FROM fleet_containerstate c WHERE c.image_id = a.id AND c.closed_at IS NULL"
    f" AND c.status = %(running)s AND c.exposed) THEN {JobPriority.EXPOSED.value}"
    " WHEN EXISTS (SELECT FROM fleet_containerstate c WHERE c.image_id = a.id AND c.closed_at IS NULL"
    f" AND c.status = %(running)s) THEN {JobPriority.RUNNING.value} ELSE {JobPriority.REST.value} END"
)


def prioritise() -> int:
    """Let what waits stand where it belongs by what runs now; returns how many jobs moved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH running AS (SELECT image_id, bool_or(exposed) AS exposed FROM fleet_containerstate"
            " WHERE closed_at IS NULL AND status = %(running)s AND image_id IS NOT NULL GROUP BY image_id),"
            " wanted AS (SELECT j.id, CASE WHEN r.exposed THEN %(first)s WHEN r.image_id IS NOT NULL THEN %(second)s"
            " ELSE %(rest)s END AS priority FROM vulnerabilities_scanjob j LEFT JOIN running r ON r.image_id = j.asset_id"
            " WHERE j.state IN ('waiting', 'failed') AND j.priority <> %(asked)s)"
            " UPDATE vulnerabilities_scanjob j SET priority = wanted.priority FROM wanted"
            " WHERE j.id = wanted.id AND j.priority <> wanted.priority AND j.state IN ('waiting', 'failed')",
            {
                "running": ContainerStatus.RUNNING,
                "asked": JobPriority.ASKED,
                "first": JobPriority.EXPOSED,
                "second": JobPriority.RUNNING,
                "rest": JobPriority.REST,
            },
        )
        return int(cursor.rowcount)


def forget_gone() -> int:
    """Drop the jobs of images that no host holds any more; what tools told of those stays."""
    gone = ScanJob.objects.filter(asset__gone_at__isnull=False).exclude(state=JobState.RUNNING)
    return gone.delete()[0]


def redo_older(tool: str, versions: Collection[str], now: datetime) -> int:
    """Images that an older version of the tool looked at are looked at again."""
    return _redo(Q(tool=tool, tool_version__in=list(versions)), now)


def redo_by_database(tool: str, data_at: datetime, now: datetime) -> int:
    """The tool's database was made at `data_at`: what was looked at with an older one, or had to wait for one, is looked at
    now."""
    older = Q(tool=tool) & (Q(data_at__lt=data_at) | Q(data_at__isnull=True))
    waited = ScanJob.objects.filter(older, state=JobState.FAILED, code=NO_DATABASE, next_try_at__gt=now)
    return _redo(older, now) + waited.update(next_try_at=now)


def redo_after(tool: str, age: timedelta, now: datetime) -> int:
    """What the tool looked at longer than `age` ago is looked at again."""
    return _redo(Q(tool=tool, finished_at__lt=now - age), now)


def _redo(which: Q, now: datetime) -> int:
    rested = Q(state=JobState.DONE, finished_at__lt=now - timedelta(seconds=REDO_SECONDS))
    return ScanJob.objects.filter(which & rested).update(state=JobState.WAITING, next_try_at=now)


def versions_used(tool: str) -> list[str]:
    """The versions of the tool that images were last looked at with."""
    rows = ScanJob.objects.filter(tool=tool, state=JobState.DONE)
    return list(rows.values_list("tool_version", flat=True).distinct())


def ask(asset_id: int, now: datetime) -> int:
    """Put all jobs of one image first, but for one that runs; returns how many."""
    return (
        ScanJob.objects.filter(asset=asset_id)
        .exclude(state=JobState.RUNNING)
        .update(state=JobState.WAITING, priority=JobPriority.ASKED, next_try_at=now, attempts=0)
    )


def is_known(asset_id: int) -> bool:
    """Whether any tool is to look at the image."""
    return ScanJob.objects.filter(asset=asset_id).exists()


def is_any_due(tools: Sequence[str], now: datetime) -> bool:
    return ScanJob.objects.due(now).filter(tool__in=tools).exists()


def claim(
    tools: Sequence[str], now: datetime, *, worker: str, lease: timedelta, asset_id: int | None = None
) -> Claim | None:
    """Take the image that is due first, with all that these tools have to do on it: it is read once."""
    with transaction.atomic():
        due = ScanJob.objects.due(now).filter(tool__in=tools, asset__gone_at__isnull=True)
        if asset_id is not None:
            due = due.filter(asset=asset_id)
        first = (
            due.select_for_update(skip_locked=True, of=("self",))
            .order_by("priority", "next_try_at", "pk")
            .first()
        )
        if first is None:
            return None
        jobs = list(due.select_for_update(skip_locked=True, of=("self",)).filter(asset=first.asset_id))
        token = uuid.uuid4()
        ScanJob.objects.filter(pk__in=[job.pk for job in jobs]).update(
            state=JobState.RUNNING,
            token=token,
            worker=worker[:120],
            started_at=now,
            finished_at=None,
            lease_until=now + lease,
            attempts=F("attempts") + 1,
        )
        return Claim(
            asset_id=first.asset_id,
            token=token,
            tools=tuple(sorted((job.tool for job in jobs), key=list(tools).index)),
            last_node_id=next((job.node_id for job in jobs if job.attempts and job.node_id), None),
        )


def renew(claim: Claim, until: datetime) -> bool:
    """Hold on to what is still ours; False when nothing is."""
    return bool(_ours(claim).update(lease_until=until))


def read_from(claim: Claim, node_id: int) -> None:
    _ours(claim).update(node=node_id)


def _ours(claim: Claim) -> ScanJobQuerySet:
    return ScanJob.objects.filter(asset=claim.asset_id, token=claim.token, state=JobState.RUNNING)


def finish(
    claim: Claim,
    tool: str,
    *,
    seconds: float,
    bytes_read: int,
    version: str,
    data_at: datetime | None,
    at: datetime,
) -> bool:
    """The tool told what it found. False when the claim was lost meanwhile."""
    return bool(
        _ours(claim)
        .filter(tool=tool)
        .update(
            state=JobState.DONE,
            priority=JobPriority.REST,
            attempts=0,
            finished_at=at,
            next_try_at=None,
            lease_until=None,
            token=None,
            code="",
            reason="",
            seconds=seconds,
            bytes=bytes_read,
            tool_version=version[:60],
            data_at=data_at,
        )
    )


def fail(
    claim: Claim,
    tools: Sequence[str],
    *,
    code: str,
    reason: str,
    backoff: Backoff,
    at: datetime,
    data_at: datetime | None = None,
) -> int:
    """These tools could not look at the image; each is tried again, later after each failure. `data_at` is the age of the
    database that would not do."""
    failed = 0
    for job in _ours(claim).filter(tool__in=tools).order_by("pk"):
        wait = backoff(job.attempts)
        values: dict[str, object] = {
            "state": JobState.FAILED,
            "priority": JobPriority.REST if job.priority == JobPriority.ASKED else job.priority,
            "finished_at": at,
            "next_try_at": at + (max(wait, DATABASE_WAIT) if code == NO_DATABASE else wait),
            "lease_until": None,
            "token": None,
            "code": code[:30],
            "reason": reason[:_REASON],
        }
        if code == NO_DATABASE:
            values["data_at"] = data_at
        failed += _ours(claim).filter(pk=job.pk).update(**values)
    return failed


def reap(now: datetime, backoff: Backoff) -> int:
    """Jobs whose worker is gone fail, and run again: at once, but after several such losses later and later."""
    with transaction.atomic():
        lost = list(ScanJob.objects.lost(now).select_for_update(skip_locked=True).order_by("pk"))
        for job in lost:
            wait = backoff(job.attempts) if job.attempts > LOST_BEFORE_BACKOFF else timedelta()
            ScanJob.objects.filter(pk=job.pk).update(
                state=JobState.FAILED,
                finished_at=now,
                next_try_at=now + wait,
                lease_until=None,
                token=None,
                code="worker_lost",
                reason=f"{job.worker or 'The worker'} stopped while the image was scanned.",
            )
    return len(lost)
