"""What the workers run. No logic here: tasks call the schedule and the pipeline."""

from celery import shared_task

from posture.collection import freshness, pipeline, schedule


def enqueue(pull_id: int, token: str) -> None:
    run_pull.apply_async((pull_id, token), retry=False)


@shared_task
def tick() -> None:
    """Reap what was lost, then claim what is due."""
    schedule.reap(enqueue)
    schedule.claim_due(enqueue)


@shared_task
def run_pull(pull_id: int, token: str) -> None:
    """Pull one node; afterwards fill the queue again, so that it never runs dry between two ticks."""
    pipeline.run(pull_id, token)
    schedule.claim_due(enqueue)


@shared_task
def expire_evidence() -> None:
    """Lower the coverage of hosts whose evidence is too old to count."""
    freshness.expire()
