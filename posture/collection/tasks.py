"""What the workers run. No logic here: tasks call the schedule and the pipeline."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from posture.collection import freshness, pipeline, scanning, schedule
from posture.risk import use

logger = logging.getLogger(__name__)

SCAN_EXPIRES_SECONDS = 60  # the next tick asks again


def enqueue(pull_id: int, token: str) -> None:
    run_pull.apply_async((pull_id, token), retry=False)


def enqueue_scan() -> None:
    scan_image.apply_async(expires=SCAN_EXPIRES_SECONDS, retry=False)


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
def forget_old_pulls() -> None:
    """Delete pulls that are older than the site keeps them."""
    with _later_without_database("the clearing of old pulls"):
        schedule.forget_old(now=timezone.now())


@shared_task
def scan_tick() -> None:
    """Order scans of images that were never looked at, and have one begin."""
    with _later_without_database("the ordering of scans"):
        scanning.tick(enqueue_scan)


@shared_task
def scan_image() -> None:
    """Scan the image that is due first; afterwards have the next one begin."""
    with _later_without_database("a scan"):
        scanning.work(enqueue_scan)


@shared_task
def review_scans() -> None:
    """Order again what newer tools and databases would see better."""
    with _later_without_database("the review of scans"):
        scanning.review()


@shared_task
def review_use() -> None:
    """Follow what probes saw loaded: which packages of images are in use, and what that does to findings."""
    with _later_without_database("the review of what is in use"):
        if use.review(timezone.now()) == use.IMAGES_AT_ONCE:
            review_use.apply_async(expires=SCAN_EXPIRES_SECONDS, retry=False)
