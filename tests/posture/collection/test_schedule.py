"""Who is pulled when: one claim per node, leases, the reaper, backoff."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from posture.collection import schedule
from posture.collection.lease import Lease, LeaseLost
from posture.fleet.choices import NodeState, PullState, PullTrigger
from posture.fleet.models import Node, Pull
from tests.posture.collection.pulls import environment, node


class Sent(list):
    """Collects what would go to the broker."""

    def __call__(self, pull_id: int, token: str) -> None:
        self.append((pull_id, token))


def running(alpha: Node, *, lease: timedelta) -> Pull:
    now = timezone.now()
    return Pull.objects.create(
        node=alpha,
        state=PullState.RUNNING,
        trigger=PullTrigger.SCHEDULE,
        started_at=now,
        lease_until=now + lease,
        step="collect",
        steps=[{"name": "collect", "state": "running", "started_at": now.isoformat(), "finished_at": None}],
    )


@pytest.fixture(autouse=True)
def _the_database_runs_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests start theirs a moment before, which is a case of its own."""
    monkeypatch.setattr(schedule, "RETURN_SECONDS", -1_000_000)


@pytest.mark.django_db
def test_no_worker_is_given_up_while_the_database_has_only_just_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = running(node(), lease=timedelta(seconds=-1))
    monkeypatch.setattr(schedule, "RETURN_SECONDS", 1_000_000)
    assert schedule.reap(Sent()) == 1
    lost.refresh_from_db()
    assert lost.state == PullState.RUNNING


@pytest.mark.django_db
def test_a_due_node_is_claimed_once() -> None:
    node()
    sent = Sent()
    assert schedule.claim_due(sent) == 1
    assert schedule.claim_due(sent) == 0
    assert len(sent) == 1 and Pull.objects.get().state == PullState.QUEUED


@pytest.mark.django_db
def test_paused_nodes_and_nodes_that_are_not_due_are_left_alone() -> None:
    Node.objects.filter(pk=node("paused").pk).update(paused=True)
    Node.objects.filter(pk=node("later").pk).update(next_due_at=timezone.now() + timedelta(hours=1))
    assert schedule.claim_due(Sent()) == 0


@pytest.mark.django_db
def test_the_queue_takes_no_more_than_it_has_room_for(settings) -> None:
    settings.PULL_MAX_QUEUED = 3
    for number in range(5):
        node(f"node-{number}")
    sent = Sent()
    assert schedule.claim_due(sent) == 3 and schedule.claim_due(sent) == 0


@pytest.mark.django_db(transaction=True)
def test_beats_that_claim_at_the_same_moment_never_claim_one_node_twice() -> None:
    production = environment()
    Node.objects.bulk_create(
        Node(name=f"n{number}", address="unix:///run/x.sock", environment=production) for number in range(40)
    )
    sent, barrier = Sent(), threading.Barrier(4)

    def claim() -> None:
        barrier.wait()
        schedule.claim_due(sent)
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    schedule.claim_due(sent)
    assert len(sent) == len(set(sent)) == Pull.objects.count() == 40


@pytest.mark.django_db
def test_the_database_refuses_a_second_active_pull_of_a_node() -> None:
    alpha = node()
    running(alpha, lease=timedelta(minutes=1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Pull.objects.create(node=alpha, trigger=PullTrigger.PERSON)


@pytest.mark.django_db
def test_pull_now_joins_the_pull_that_is_already_under_way() -> None:
    alpha = node()
    active = running(alpha, lease=timedelta(minutes=1))
    assert schedule.queue_pull(node=alpha, trigger=PullTrigger.PERSON) == (active, False)


@pytest.mark.django_db
def test_a_pull_whose_worker_is_gone_fails_and_its_node_is_due_at_once() -> None:
    alpha = node()
    lost = running(alpha, lease=timedelta(seconds=-1))
    sent = Sent()
    schedule.reap(sent)
    lost.refresh_from_db()
    alpha.refresh_from_db()
    assert (lost.state, lost.error["code"], lost.steps[0]["state"]) == (
        PullState.FAILED,
        "worker_lost",
        "failed",
    )
    assert alpha.state == NodeState.DEGRADED and alpha.next_due_at <= timezone.now()
    assert schedule.claim_due(sent) == 1
    assert Pull.objects.filter(state=PullState.QUEUED, trigger=PullTrigger.RETRY, attempt=2).count() == 1


@pytest.mark.django_db
def test_a_node_that_kills_its_workers_again_and_again_is_backed_off() -> None:
    alpha = node()
    Node.objects.filter(pk=alpha.pk).update(consecutive_failures=schedule.LOST_WORKERS_BEFORE_BACKOFF)
    running(alpha, lease=timedelta(seconds=-1))
    schedule.reap(Sent())
    alpha.refresh_from_db()
    assert alpha.next_due_at > timezone.now() + timedelta(seconds=10)


@pytest.mark.django_db
def test_a_queued_pull_whose_message_was_lost_is_sent_again() -> None:
    alpha = node()

    def broker_is_down(pull_id: int, token: str) -> None:
        raise OperationalError("connection refused")

    assert schedule.claim_due(broker_is_down) == 1
    Pull.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sent = Sent()
    schedule.reap(sent)
    assert sent == [(pull.pk, str(pull.token)) for pull in Pull.objects.filter(node=alpha)]


@pytest.mark.django_db
def test_backoff_grows_is_spread_and_has_a_ceiling() -> None:
    first = [schedule.backoff(1, 900).total_seconds() for _ in range(50)]
    assert all(7.5 <= s <= 15 for s in first) and len(set(first)) > 10
    assert 60 <= schedule.backoff(4, 900).total_seconds() <= 120
    assert schedule.backoff(40, 900).total_seconds() <= 3600
    assert schedule.backoff(40, 86_400).total_seconds() <= 86_400


@pytest.mark.django_db(transaction=True)
def test_who_lost_the_lease_may_not_write() -> None:
    pull = running(node(), lease=timedelta(seconds=-1))
    schedule.reap(Sent())
    with Lease(pull) as lease, pytest.raises(LeaseLost), transaction.atomic():
        lease.confirm()


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_and_carries_progress_and_the_wish_to_cancel(settings) -> None:
    settings.PULL_LEASE_SECONDS = 1.2
    pull = running(node(), lease=timedelta(seconds=5))
    Pull.objects.filter(pk=pull.pk).update(lease_until=timezone.now(), cancel_requested=True)
    cancelled = threading.Event()
    with Lease(pull) as lease:
        lease.report("containers", 3, 10)
        deadline = timezone.now() + timedelta(seconds=10)
        while not lease.is_cancelled() and timezone.now() < deadline:
            cancelled.wait(0.05)
        assert lease.was_cancelled
    stored = Pull.objects.get(pk=pull.pk)
    assert stored.progress == {"phase": "containers", "done": 3, "total": 10}
    assert stored.heartbeat_at is not None and stored.lease_until is not None
    assert stored.lease_until > stored.heartbeat_at


@pytest.mark.django_db
def test_old_pulls_are_forgotten_but_the_newest_of_a_node_and_one_under_way(
    settings: Any, monkeypatch: Any
) -> None:
    settings.PULL_KEPT_DAYS = 30
    monkeypatch.setattr(schedule, "FORGOTTEN_AT_ONCE", 2)
    now = timezone.now()

    def ended(of: Node, days: int) -> Pull:
        return Pull.objects.create(
            node=of,
            state=PullState.SUCCEEDED,
            trigger=PullTrigger.SCHEDULE,
            queued_at=now - timedelta(days=days),
            finished_at=now,
        )

    alpha, beta = node("alpha"), node("beta")
    for days in (90, 80, 70, 60, 31):
        ended(alpha, days)
    kept = {ended(alpha, 29), ended(alpha, 1), ended(beta, 400)}
    stuck = running(alpha, lease=timedelta(minutes=1))
    Pull.objects.filter(pk=stuck.pk).update(queued_at=now - timedelta(days=50))
    assert schedule.forget_old(now=now) == 5
    assert set(Pull.objects.all()) == kept | {stuck}
    assert schedule.forget_old(now=now) == 0
