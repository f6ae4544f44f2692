"""Which image is scanned when: ordered once for the fleet, the exposed first, again when a newer tool would see more."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from posture.images.models import Presence
from posture.vulnerabilities import scan_jobs
from posture.vulnerabilities.choices import JobPriority, JobState
from posture.vulnerabilities.models import ScanJob
from posture.vulnerabilities.scan_jobs import Claim
from tests.posture.collection.scans import held, host, image, job, running

pytestmark = pytest.mark.django_db

TOOLS = ("syft", "trivy")
LEASE = timedelta(seconds=30)


def claim(tools: tuple[str, ...] = TOOLS, at: datetime | None = None) -> Claim | None:
    return scan_jobs.claim(tools, at or timezone.now(), worker="test", lease=LEASE)


def done(claim: Claim, tool: str = "syft", **changes: object) -> None:
    values = {"seconds": 1.0, "bytes_read": 10, "version": "1.0", "data_at": None, "at": timezone.now()}
    assert scan_jobs.finish(claim, tool, **{**values, **changes})  # type: ignore[arg-type]


def minutes(attempts: int) -> timedelta:
    return timedelta(minutes=attempts)


def test_an_image_is_ordered_once_however_many_hosts_hold_it() -> None:
    one = image("a")
    held(one, host("alpha")), held(one, host("beta"))
    assert scan_jobs.expect(TOOLS, timezone.now()) == 2
    assert scan_jobs.expect(TOOLS, timezone.now()) == 0
    assert {job.tool for job in ScanJob.objects.filter(asset=one)} == set(TOOLS)


def test_a_tick_asks_only_what_changed_lately() -> None:
    one = held(image(), host())
    assert scan_jobs.expect(TOOLS, timezone.now(), since=one.changed_at + timedelta(seconds=1)) == 0
    assert scan_jobs.expect(TOOLS, timezone.now(), since=one.changed_at - timedelta(seconds=1)) == 2


def test_what_no_host_holds_and_what_has_no_digest_is_not_ordered() -> None:
    image("a")
    held(image("b", key="name:shop/web"), host("alpha"))
    held(image("c", gone_at=timezone.now()), host("beta"))
    assert scan_jobs.expect(TOOLS, timezone.now()) == 0


def test_running_and_exposed_goes_first_then_running_then_the_rest() -> None:
    on = host("alpha")
    rest, stopped, runs, exposed = (held(image(name), on) for name in "abcd")
    running(stopped, on, status="exited", exposed=True)
    running(runs, on)
    running(exposed, on, exposed=True)
    scan_jobs.expect(("syft",), timezone.now())
    order = []
    while (taken := claim()) is not None:
        order.append(taken.asset_id)
    assert order == [exposed.pk, runs.pk, rest.pk, stopped.pk]


def test_what_begins_to_run_moves_forward_and_what_a_person_asked_for_stays_first() -> None:
    on = host("alpha")
    first, second = (held(image(name), on) for name in "ab")
    scan_jobs.expect(("syft",), timezone.now())
    running(second, on, exposed=True)
    assert scan_jobs.prioritise() == 1 and job(second).priority == JobPriority.EXPOSED
    assert scan_jobs.prioritise() == 0
    scan_jobs.ask(first.pk, timezone.now())
    scan_jobs.prioritise()
    taken = claim()
    assert taken is not None and taken.asset_id == first.pk


def test_an_image_is_claimed_with_all_its_tools_in_their_order() -> None:
    held(image(), host())
    scan_jobs.expect(("trivy", "syft"), timezone.now())
    taken = claim()
    assert taken is not None and taken.tools == TOOLS
    assert claim() is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_the_same_image() -> None:
    on = host()
    ids = {held(image(name), on).pk for name in "abcdef"}
    scan_jobs.expect(TOOLS, timezone.now())
    taken: list[int] = []

    def worker() -> None:
        while (mine := claim()) is not None:
            taken.append(mine.asset_id)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(taken) == ids and ScanJob.objects.filter(state=JobState.RUNNING, attempts=1).count() == 12


def test_a_failure_is_tried_again_later_and_later_and_success_forgets_it() -> None:
    one = held(image(), host())
    scan_jobs.expect(("syft",), timezone.now())
    for attempt in (1, 2, 3):
        taken = claim()
        assert taken is not None
        at = timezone.now()
        scan_jobs.fail(taken, ["syft"], code="crashed", reason="It fell.", backoff=minutes, at=at)
        failed = job(one)
        assert (failed.state, failed.code, failed.attempts) == (JobState.FAILED, "crashed", attempt)
        assert failed.next_try_at == at + timedelta(minutes=attempt) and claim() is None
        ScanJob.objects.update(next_try_at=timezone.now())
    taken = claim()
    assert taken is not None
    done(taken)
    after = job(one)
    assert (after.state, after.code, after.reason, after.attempts) == (JobState.DONE, "", "", 0)
    assert after.next_try_at is None and claim() is None


def test_whoever_lost_the_claim_writes_nothing() -> None:
    one = held(image(), host())
    scan_jobs.expect(("syft",), timezone.now())
    taken = claim()
    assert taken is not None and scan_jobs.renew(taken, timezone.now())
    later = timezone.now() + timedelta(minutes=5)
    assert scan_jobs.reap(later, minutes) == 1 and job(one).code == "worker_lost"
    again = claim(at=later)
    assert again is not None and not scan_jobs.renew(taken, later)
    values = {"seconds": 1.0, "bytes_read": 1, "version": "", "data_at": None, "at": later}
    assert not scan_jobs.finish(taken, "syft", **values)  # type: ignore[arg-type]
    assert scan_jobs.fail(taken, ["syft"], code="x", reason="", backoff=minutes, at=later) == 0
    assert job(one).state == JobState.RUNNING


def test_lost_workers_have_the_image_scanned_at_once_but_not_for_ever() -> None:
    one = held(image(), host())
    scan_jobs.expect(("syft",), timezone.now())
    at = timezone.now()
    for attempt in range(1, 6):
        assert claim(at=at) is not None
        at += timedelta(minutes=2)
        scan_jobs.reap(at, minutes)
        waits = job(one).next_try_at - at  # type: ignore[operator]
        assert waits == (timedelta() if attempt <= scan_jobs.LOST_BEFORE_BACKOFF else minutes(attempt))
        at += waits


def test_a_newer_tool_looks_again_but_once_a_day_at_most() -> None:
    one = held(image(), host())
    scan_jobs.expect(("syft",), timezone.now())
    taken = claim()
    assert taken is not None
    done(taken, version="1.18.0")
    now = timezone.now()
    assert scan_jobs.versions_used("syft") == ["1.18.0"]
    assert scan_jobs.redo_older("syft", ["1.18.0"], now) == 0, "it was looked at just now"
    ScanJob.objects.update(finished_at=now - timedelta(days=2))
    assert scan_jobs.redo_older("syft", ["1.17.0"], now) == 0
    assert scan_jobs.redo_older("syft", ["1.18.0"], now) == 1 and job(one).state == JobState.WAITING


def test_a_newer_database_looks_again_and_ends_the_wait_for_one() -> None:
    on = host()
    scanned, waiting = held(image("a"), on), held(image("b"), on)
    scan_jobs.expect(("trivy",), timezone.now())
    now = timezone.now()
    first, second = claim(), claim()
    assert first is not None and second is not None
    done(first, "trivy", data_at=now - timedelta(days=3))
    scan_jobs.fail(second, ["trivy"], code="no_database", reason="None.", backoff=minutes, at=now)
    assert job(waiting, "trivy").next_try_at == now + scan_jobs.DATABASE_WAIT
    assert scan_jobs.redo_by_database("trivy", now, now) == 1
    assert job(waiting, "trivy").next_try_at == now
    ScanJob.objects.filter(asset=scanned).update(finished_at=now - timedelta(days=2))
    assert scan_jobs.redo_by_database("trivy", now - timedelta(days=4), now) == 0
    assert scan_jobs.redo_by_database("trivy", now, now) == 1
    assert job(scanned, "trivy").state == JobState.WAITING


def test_a_database_that_will_not_do_is_not_tried_without_end() -> None:
    held(image(), host())
    scan_jobs.expect(("trivy",), timezone.now())
    now = timezone.now()
    taken = claim()
    assert taken is not None
    scan_jobs.fail(
        taken, ["trivy"], code="no_database", reason="Old schema.", backoff=minutes, at=now, data_at=now
    )
    assert scan_jobs.redo_by_database("trivy", now, now) == 0


def test_after_some_days_it_is_looked_at_again() -> None:
    one = held(image(), host())
    scan_jobs.expect(("trivy",), timezone.now())
    taken = claim()
    assert taken is not None
    done(taken, "trivy")
    now = timezone.now() + timedelta(days=6)
    assert scan_jobs.redo_after("trivy", timedelta(days=7), now) == 0
    assert scan_jobs.redo_after("trivy", timedelta(days=5), now) == 1
    assert job(one, "trivy").state == JobState.WAITING


def test_an_image_that_is_gone_is_neither_claimed_nor_kept_in_the_order() -> None:
    one = held(image(), host())
    scan_jobs.expect(TOOLS, timezone.now())
    one.gone_at = timezone.now()
    one.save()
    assert claim() is None and scan_jobs.forget_gone() == 2 and not ScanJob.objects.exists()
    Presence.objects.update(closed_at=timezone.now())
    assert scan_jobs.expect(TOOLS, timezone.now()) == 0


def test_a_tool_that_this_machine_lacks_is_left_to_others() -> None:
    held(image(), host())
    scan_jobs.expect(TOOLS, timezone.now())
    taken = claim(("syft",))
    assert taken is not None and taken.tools == ("syft",)
    assert claim(("syft",)) is None and scan_jobs.is_any_due(("trivy",), timezone.now())


def test_a_quiet_tick_writes_nothing() -> None:
    held(image(), host())
    scan_jobs.expect(TOOLS, timezone.now())
    written = rows_written()
    scan_jobs.expect(TOOLS, timezone.now())
    scan_jobs.prioritise()
    scan_jobs.reap(timezone.now(), minutes)
    assert rows_written() == written > 0


def rows_written() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname = 'vulnerabilities_scanjob'"
        )
        return int(cursor.fetchone()[0])
