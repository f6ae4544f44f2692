"""Which node is pulled when: claiming, leases, the reaper, backoff.

Claims use `SKIP LOCKED`, so any number of beats and workers may run this at once. A lease is shorter than
`PULL_LEASE_SECONDS` and is renewed often, so that after a killed worker the reaper (every few seconds) has the next
pull started within that time.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from posture.fleet.choices import ACTIVE_PULLS, NodeState, PullState, PullTrigger
from posture.fleet.models import Node, Pull

logger = logging.getLogger(__name__)

LEASE_SHARE = 0.6  # of PULL_LEASE_SECONDS: how long a lease holds without a heartbeat
RENEWAL_SHARE = 1 / 6  # of PULL_LEASE_SECONDS: how often it is renewed
RETURN_SECONDS = 2.0  # beside one renewal: how long workers need to reach a database that has just started
FIRST_BACKOFF_SECONDS = 15.0
LONGEST_BACKOFF_SECONDS = 3600.0
LOST_WORKERS_BEFORE_BACKOFF = 3
FORGOTTEN_AT_ONCE = 5000

Enqueue = Callable[[int, str], None]


def lease_length() -> timedelta:
    return timedelta(seconds=settings.PULL_LEASE_SECONDS * LEASE_SHARE)


def backoff(failures: int, interval_seconds: int) -> timedelta:
    """Exponential with full jitter in its upper half; never shorter than asked for, never longer than an hour.

    The node's own interval is the ceiling when that is longer: a failing node is not asked less than a healthy one.
    """
    ceiling = max(LONGEST_BACKOFF_SECONDS, interval_seconds)
    delay = min(FIRST_BACKOFF_SECONDS * 2 ** max(failures - 1, 0), ceiling)
    return timedelta(seconds=delay * random.uniform(0.5, 1.0))


def next_regular(interval_seconds: int) -> timedelta:
    """The regular interval, spread by 10 % so that nodes registered together drift apart."""
    return timedelta(seconds=interval_seconds * random.uniform(0.9, 1.1))


def claim_due(enqueue: Enqueue, *, at_least: int = 1) -> int:
    """Queue a pull for each node that is due, as far as the queue has room; returns how many.

    Nothing is looked for while there is room for less than `at_least`.
    """
    room = settings.PULL_MAX_QUEUED - Pull.objects.filter(state=PullState.QUEUED).count()
    if room < at_least:
        return 0
    now = timezone.now()
    with transaction.atomic():
        nodes = list(
            Node.objects.due()
            .idle()
            .order_by("next_due_at")
            .select_for_update(skip_locked=True, of=("self",))[:room]
        )
        tokens = {node.pk: uuid.uuid4() for node in nodes}
        # A pull that someone else queued between our look and our lock wins; the constraint sees to that.
        Pull.objects.bulk_create(
            [
                Pull(
                    node=node,
                    trigger=PullTrigger.RETRY if node.consecutive_failures else PullTrigger.SCHEDULE,
                    attempt=node.consecutive_failures + 1,
                    token=tokens[node.pk],
                    queued_at=now,
                    lease_until=now + lease_length(),
                )
                for node in nodes
            ],
            ignore_conflicts=True,
        )
        Node.objects.filter(pk__in=list(tokens)).update(next_due_at=now + timedelta(seconds=60))
        queued = list(
            Pull.objects.filter(token__in=tokens.values()).order_by("pk").values_list("pk", "token")
        )
    _send(queued, enqueue)
    return len(queued)


def queue_pull(*, node: Node, trigger: PullTrigger, attempt: int = 1) -> tuple[Pull, bool]:
    """A pull of this node now; when one is already queued or running it is that one. Returns (pull, was queued)."""
    with transaction.atomic():
        Node.objects.select_for_update().get(pk=node.pk)
        active = Pull.objects.active().filter(node=node).first()
        if active is not None:
            return active, False
        now = timezone.now()
        return (
            Pull.objects.create(
                node=node, trigger=trigger, attempt=attempt, queued_at=now, lease_until=now + lease_length()
            ),
            True,
        )


def reap(enqueue: Enqueue) -> int:
    """End pulls whose worker is gone, send queued ones again whose message was lost; returns how many were found.

    A pull whose row is locked belongs to a worker that is just finishing it, and is left alone. So are running pulls
    for a moment after the database started: no worker could renew its lease while there was none.
    """
    now = timezone.now()
    is_new = database_just_started()
    again: list[tuple[int, uuid.UUID]] = []
    with transaction.atomic():
        expired = list(
            Pull.objects.lease_expired().select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        )
        for pull in expired:
            if pull.state == PullState.QUEUED:
                if pull.cancel_requested:
                    end(pull, PullState.CANCELLED)
                    continue
                pull.lease_until = now + lease_length()
                pull.save(update_fields=["lease_until"])
                again.append((pull.pk, pull.token))
            elif not is_new:
                _lose(pull)
    _send(again, enqueue)
    return len(expired)


def database_just_started() -> bool:
    """Whether no worker had the time yet to renew a lease: while there was no database, none could."""
    grace = settings.PULL_LEASE_SECONDS * RENEWAL_SHARE + RETURN_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() - pg_postmaster_start_time() < make_interval(secs => %s)", [grace]
        )
        return bool(cursor.fetchone()[0])


def _lose(pull: Pull) -> None:
    node = Node.objects.select_for_update().get(pk=pull.node_id)
    error = {
        "code": "worker_lost",
        "title": "The worker that pulled this node is gone",
        "detail": f"{pull.worker or 'A worker'} stopped sending heartbeats in step {pull.step or 'connect'}.",
        "hint": "Nothing was written by the lost run. The node is pulled again at once.",
    }
    end(pull, PullState.CANCELLED if pull.cancel_requested else PullState.FAILED, error=error)
    node.consecutive_failures += 1
    node.state = NodeState.PAUSED if node.paused else NodeState.DEGRADED
    node.last_error = {**error, "at": timezone.now().isoformat()}
    lost = node.consecutive_failures
    node.next_due_at = timezone.now() + (
        backoff(lost, node.interval_seconds) if lost > LOST_WORKERS_BEFORE_BACKOFF else timedelta()
    )
    node.save(update_fields=["consecutive_failures", "state", "last_error", "next_due_at"])


def end(pull: Pull, state: PullState, *, error: dict | None = None) -> None:
    """Write the end of a pull that stored nothing."""
    now = timezone.now()
    pull.state = state
    pull.finished_at = now
    pull.lease_until = None
    pull.error = error
    for step in pull.steps:
        if step["state"] == "running":
            step.update(state="failed", finished_at=now.isoformat())
    pull.save(update_fields=["state", "finished_at", "lease_until", "error", "steps"])


def send(pull: Pull, enqueue: Enqueue) -> None:
    """Hand one queued pull to the workers."""
    _send([(pull.pk, pull.token)], enqueue)


def _send(pulls: list[tuple[int, uuid.UUID]], enqueue: Enqueue) -> None:
    for pk, token in pulls:
        try:
            enqueue(pk, str(token))
        except BrokerUnreachable as error:
            # The row is queued; the reaper sends it again when the broker is back.
            logger.warning("Redis does not answer, pull %s waits for the next tick: %s", pk, error)
            return


def forget_old(*, now: datetime) -> int:
    """Delete pulls that were queued more than `PULL_KEPT_DAYS` ago; returns how many. What they found stays.

    The newest pull of each node stays too, however old, and so does one that has not ended.
    """
    newer = Pull.objects.filter(node=OuterRef("node"), queued_at__gt=OuterRef("queued_at"))
    limit = now - timedelta(days=settings.PULL_KEPT_DAYS)
    old = Pull.objects.filter(Exists(newer), queued_at__lt=limit).exclude(state__in=ACTIVE_PULLS)
    forgotten = 0
    while True:
        # In portions, so that no pull under way waits for a long transaction.
        portion = list(old.order_by("queued_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
        Pull.objects.filter(pk__in=portion).delete()
        forgotten += len(portion)
        if len(portion) < FORGOTTEN_AT_ONCE:
            return forgotten
