"""What the workers run. No logic here: tasks call the schedule and the pipeline."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from posture.collection import (
    digests,
    feeds,
    freshness,
    image_trust,
    matching,
    pipeline,
    scanning,
    schedule,
    sending,
    uploads,
)
from posture.collection.demo import build as demo
from posture.decisions import actions as decisions
from posture.findings import tallies
from posture.integrations import ladder, outbox, suspensions
from posture.risk import use
from posture.trends import counting

logger = logging.getLogger(__name__)

SETTLED_A_TICK = 200
SCAN_EXPIRES_SECONDS = 60  # the next tick asks again


def enqueue(pull_id: int, token: str) -> None:
    run_pull.apply_async((pull_id, token), retry=False)


def enqueue_upload(upload_id: int) -> None:
    read_upload.apply_async((upload_id,), retry=False)


def enqueue_feed(feed_id: int) -> None:
    fetch_feed.apply_async((feed_id,), retry=False)


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
    """Lower the coverage of what has evidence that is too old to count; judge images whose policies changed unnoticed."""
    with _later_without_database("the expiry of evidence"):
        demo.keep_alive(timezone.now())
        freshness.expire()
        image_trust.catch_up()


def ask_to_judge_images() -> None:
    """Have a worker do so now. Without a broker it waits for `expire_evidence`, which looks for itself."""
    try:
        judge_images.apply_async(retry=False)
    except BrokerUnreachable as error:
        logger.warning("Redis does not answer, images are judged a little later: %s", error)


@shared_task
def judge_images() -> None:
    """Judge images again if what environments demand of them, or whom they trust, has changed."""
    with _later_without_database("the judging of images"):
        image_trust.catch_up()


@shared_task
def fold_tallies() -> None:
    """Add what importers noted to the counts of vulnerabilities."""
    with _later_without_database("the counting of vulnerabilities"):
        tallies.fold()


@shared_task
def tell() -> None:
    """Write the messages for which it is time, and send what waits."""
    with _later_without_database("the outbox"):
        now = timezone.now()
        suspensions.tell(now)
        ladder.walk(now)
        digests.send_due(now)
        sending.send_waiting()


@shared_task
def forget_old_pulls() -> None:
    """Delete pulls that are older than the site keeps them, and old messages."""
    with _later_without_database("the clearing of old pulls"):
        schedule.forget_old(now=timezone.now())
        outbox.forget_old(timezone.now())


@shared_task
def read_upload(upload_id: int) -> None:
    """Read one report that was sent to us."""
    with _later_without_database(f"upload {upload_id}"):
        uploads.run(upload_id)


@shared_task
def take_in() -> None:
    """Take in what lies in the drop folder, and send uploads again that no worker reads."""
    with _later_without_database("the drop folder"):
        uploads.reap(enqueue_upload)
        uploads.take_from_folder(enqueue_upload)


@shared_task
def fetch_feeds() -> None:
    """Queue the feeds that are due."""
    with _later_without_database("the feeds"):
        feeds.claim_due(enqueue_feed)


@shared_task
def fetch_feed(feed_id: int) -> None:
    """Fetch one feed, store what changed, and settle what that touches."""
    with _later_without_database(f"feed {feed_id}"):
        feeds.fetch(feed_id)


@shared_task
def end_decisions() -> None:
    """End decisions whose time is over, so that what they hid comes back."""
    with _later_without_database("the end of decisions"):
        decisions.end_due(timezone.now())


@shared_task
def check_decisions() -> None:
    """Once a night: nothing is hidden but by a decision that is in force. What is wrong is told and mended."""
    with _later_without_database("the check of decisions"):
        for wrong in decisions.check(timezone.now()):
            logger.error("The nightly check of decisions mended: %s", wrong)


@shared_task
def count_days() -> None:
    """Count findings and loads of today, and of days that nobody has counted since they ended."""
    with _later_without_database("the counting of days"):
        counting.catch_up(timezone.now())


@shared_task
def settle_matches() -> None:
    """Settle images whose packages match anew; what is left waits for the next tick, so that pulls have their turn."""
    with _later_without_database("the matching of packages"):
        matching.settle_wanted(SETTLED_A_TICK)
        matching.follow_merged()


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
