"""What the workers run. No logic here: tasks call the schedule and the pipeline."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from posture.collection import freshness, pipeline, schedule
from posture.findings import tallies

logger = logging.getLogger(__name__)


def enqueue(pull_id: int, token: str) -> None:
    run_pull.apply_async((pull_id, token), retry=False)


@contextmanager
def _later_without_database(what: str) -> Iterator[None]:
    """Everything here is asked for again by the next tick, so a database that is away costs one line of the log."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        connection.close()
        first_line = next(iter(str(error).splitlines()), type(error).__name__)
        logger.warning("The database does not answer, %s waits for the next tick: %s", what, first_line)


@shared_task
def tick() -> None:
    """Reap what was lost, then claim what is due."""
    with _later_without_database("the schedule"):
        schedule.reap(enqueue)
        schedule.claim_due(enqueue)


@shared_task
def run_pull(pull_id: int, token: str) -> None:
    """Pull one node; afterwards fill the queue again, so that it never runs dry between two ticks.

    It is filled when it is half empty: to claim one node costs nearly as much as to claim thirty.
    """
    with _later_without_database(f"pull {pull_id}"):
        pipeline.run(pull_id, token)
        schedule.claim_due(enqueue, at_least=max(1, settings.PULL_MAX_QUEUED // 2))


@shared_task
def expire_evidence() -> None:
    """Lower the coverage of hosts whose evidence is too old to count."""
    with _later_without_database("the expiry of evidence"):
        freshness.expire()


@shared_task
def fold_tallies() -> None:
    """Add what importers noted to the counts of vulnerabilities."""
    with _later_without_database("the counting of vulnerabilities"):
        tallies.fold()


@shared_task
def forget_old_pulls() -> None:
    """Delete pulls that are older than the site keeps them."""
    with _later_without_database("the clearing of old pulls"):
        schedule.forget_old(now=timezone.now())
