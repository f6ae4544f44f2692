"""One pull, from the node to the loads, as a tuple of steps. Each step's docstring is what the pull page shows.

Collect and judge hold no transaction. Store, settle and roll up are one: either all of a pull is there or nothing.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from posture.base import upsert
from posture.base.sealing import CannotDecrypt
from posture.collection import registry_writing, schedule
from posture.collection.engine_words import words
from posture.collection.lease import Lease, LeaseLost
from posture.collection.records import Pulled
from posture.collection.writing import Writing
from posture.fleet import credentials, probe_ingest
from posture.fleet import ingest as fleet
from posture.fleet.choices import NodeKind, NodeState, PullState, Source
from posture.fleet.models import Asset, Node, Pull
from posture.images import ingest as images
from scanners.checks.run import judge as judge_record
from scanners.connectors import open_node
from scanners.connectors.session import Session
from scanners.host import HostFacts
from scanners.records import EngineFacts, Limits, NodeError, Skipped
from scanners.registry_images import RegistryImage

logger = logging.getLogger(__name__)

DATABASE_PATIENCE_SECONDS = 90.0
Result = TypeVar("Result")


class Run:
    """What the steps of one pull share."""

    def __init__(self, pull: Pull, node: Node, lease: Lease) -> None:
        self.pull = pull
        self.node = node
        self.lease = lease
        self.pulled = Pulled()
        self.opened = ExitStack()  # the node's session, while there is one
        self.session: Session | None = None
        self.writing: Writing | None = None


def connect(run: Run) -> None:
    """Open the node: check its address, decrypt its credential, agree on an API version."""
    node = run.node
    limits = Limits(seconds=node.limit_seconds, bytes=node.limit_bytes, items=node.limit_items)
    pulled = run.pulled
    if node.kind == NodeKind.REGISTRY:
        pulled.wanted = _patiently(run.lease, partial(registry_writing.wanted, node))
        if (left := len(pulled.wanted) - limits.items) > 0:
            run.lease.skip("too_many", f"{left} more images", f"The limit is {limits.items} items.")
    run.session = run.opened.enter_context(
        open_node(
            node.kind,
            node.address,
            credentials.unseal(node.credential),
            limits,
            allow_plaintext=node.allow_plaintext,
            denied_networks=settings.PULL_DENIED_NETWORKS,
            sudo=node.use_sudo,
            reads_host=node.reads_host,
            images=pulled.wanted[: limits.items],
            is_cancelled=run.lease.is_cancelled,
        )
    )


def collect(run: Run) -> None:
    """Read what the node tells: an engine with its images, networks, volumes, swarm and containers; a host's kernel; what
    a registry keeps beside images."""
    pulled, lease = run.pulled, run.lease
    assert run.session is not None
    kept: set[str] = set()
    for item in run.session.collect(lease.report):
        pulled.bytes_read = run.session.bytes_read
        if isinstance(item, Skipped):
            lease.skip(item.kind, item.where, item.reason)
            pulled.unread.append(item)
            continue
        if isinstance(item, RegistryImage):
            pulled.add_registry_image(item)
            continue
        if isinstance(item.facts, HostFacts):
            pulled.add_host(item, _patiently(lease, partial(_stored_parts, run.node)))
            continue
        pulled.add(item)
        if isinstance(item.facts, EngineFacts):
            kept, pulled.containers_before = _patiently(lease, partial(_stored_fingerprints, run.node))
        if item.fingerprint not in kept:
            pulled.documents[item.fingerprint] = fleet.compress(item.document)
    run.opened.close()
    run.session = None
    if pulled.engine is None and Source.ENGINE in run.node.sources:
        raise NodeError("not_an_engine", "The node answered but described no engine.")
    lease.log(pulled.summary())


def _stored_fingerprints(node: Node) -> tuple[set[str], set[str]]:
    """(fingerprints of the documents that are already kept for this host, so that they are not compressed again; ids of
    the containers that its engine is known to hold)."""
    host = Asset.objects.filter(nodes=node).values_list("pk", "state_fingerprint").first()
    if host is None:
        return set(), set()
    known = [each for each in fleet.known_on_host(host[0]).values() if each.state_fingerprint]
    kept = {each.state_fingerprint for each in known} | {host[1], *images.fingerprints_on(host[0])}
    return kept, {each.key.rpartition("/")[2] for each in known}


def _stored_parts(node: Node) -> set[str]:
    """The same for what the host probe says."""
    return set() if node.host_id is None else probe_ingest.kept_fingerprints(node.host_id)


def judge(run: Run) -> None:
    """Run every check on what was read; no network and no writing."""
    judge_records(run.pulled, run.node, lambda ask: _patiently(run.lease, ask), run.lease.report)


def judge_records(
    pulled: Pulled,
    node: Node,
    patiently: Callable[[Callable[[], Any]], Any] = lambda ask: ask(),
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> None:
    """What every check says of the records of one node. `patiently` asks the database."""
    policy = pulled.policy
    host_id = node.host_id
    keys = [o.facts.key for o in pulled.images]
    elsewhere = patiently(lambda: images.names_elsewhere(keys, host_id))
    pulled.relate()
    pulled.name_images(elsewhere)
    everything = pulled.everything()
    for number, observed in enumerate(everything, 1):
        pulled.outcomes[id(observed)] = tuple(judge_record(observed.facts, policy))
        if number % 200 == 0:
            report("judging", number, len(everything))
    if pulled.host is not None and isinstance(pulled.host.facts, HostFacts):
        engine, configured = patiently(partial(words, node, pulled))
        pulled.configure(configured)
        pulled.outcomes[id(pulled.host.facts)] = tuple(judge_record(pulled.host.facts, policy, engine))
        for facts in pulled.confined:
            pulled.outcomes[id(facts)] = tuple(judge_record(facts, policy))


def store(run: Run) -> None:
    """Keep what changed: new states of hosts, containers and images; what is unchanged is left alone."""
    assert run.writing is not None
    run.writing.store()


def settle(run: Run) -> None:
    """Open, resolve and reopen findings to say what the checks said."""
    assert run.writing is not None
    run.writing.settle()


def roll_up(run: Run) -> None:
    """Bring the loads of what changed, and of every host that it weighs on, up to date."""
    assert run.writing is not None
    run.writing.roll_up()


Step = Callable[[Run], None]
READING: tuple[Step, ...] = (connect, collect, judge)
WRITING: tuple[Step, ...] = (store, settle, roll_up)
STEPS: tuple[Step, ...] = READING + WRITING
TITLES: dict[str, str] = {step.__name__: (step.__doc__ or "").strip() for step in STEPS}


def run(pull_id: int, token: str) -> None:
    """Carry out a queued pull. A second delivery, or one that lost its lease, does nothing."""
    now = timezone.now()
    worker = f"{socket.gethostname()}:{threading.get_native_id()}"
    started = Pull.objects.filter(pk=pull_id, token=token, state=PullState.QUEUED).update(
        state=PullState.RUNNING,
        started_at=now,
        heartbeat_at=now,
        worker=worker,
        lease_until=now + schedule.lease_length(),
    )
    if not started:
        return
    pull = Pull.objects.select_related("node__environment").get(pk=pull_id)
    with Lease(pull) as lease:
        run_ = Run(pull, pull.node, lease)
        try:
            if pull.cancel_requested:
                raise NodeError("cancelled", "Cancelled before it started.")
            for step in READING:
                lease.begin(step.__name__, TITLES[step.__name__])
                step(run_)
                if lease.is_cancelled():
                    raise NodeError("cancelled", "Cancelled by a person.")
            _write(run_)
        except LeaseLost:
            logger.info("pull %s of node %s is no longer ours, nothing was written", pull_id, pull.node_id)
        except NodeError as error:
            _fail(run_, error.code, error.message, error.hint)
        except CannotDecrypt as error:
            _fail(run_, "credential", str(error), "Enter the credential again, or restore the key.")
        except (OperationalError, InterfaceError):
            logger.exception("pull %s of node %s: the database is away", pull_id, pull.node_id)
            _fail(run_, "database", "Plimsoll's database did not answer.", "The node itself may be well.")
        except Exception:
            # Whatever went wrong, the node must say so and be pulled again; the traceback is in the worker's log.
            logger.exception("pull %s of node %s failed", pull_id, pull.node_id)
            _fail(
                run_,
                "internal",
                "Plimsoll failed while it worked on this node.",
                "The worker's log has the details.",
            )
        finally:
            run_.opened.close()


def _write(run_: Run) -> None:
    """Store, settle and roll up in one transaction; tried again while the database is away for a moment."""

    def attempt() -> None:
        # A failed attempt left no row behind, so it leaves no step either: the records are still in our hands.
        run_.lease.rewind(len(READING))
        with transaction.atomic():
            # A crash of the database may undo the last second of pulls, each as a whole with its own end: the reaper
            # then pulls those nodes again. Waiting for the disk would be a third of the time of a first pull.
            upsert.without_waiting_for_the_disk()
            run_.writing = Writing(run_.node, run_.pulled, at=timezone.now())
            for step in WRITING:
                run_.lease.begin(step.__name__, TITLES[step.__name__])
                step(run_)
            _succeed(run_)

    _patiently(run_.lease, attempt)


def _patiently(lease: Lease, work: Callable[[], Result]) -> Result:
    """What `work` gives; tried again while the database is away, or broke a deadlock. A failed `work` leaves nothing.

    Raises the database's error when it stays away for DATABASE_PATIENCE_SECONDS or the pull is cancelled meanwhile.
    """
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    delay = 0.5
    is_first = True
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline or lease.is_cancelled():
                raise
            if is_first:
                lease.log(f"The database does not answer ({type(error).__name__}); trying again.", "warning")
                is_first = False
            connection.close()
            time.sleep(delay)
            delay = min(delay * 2, 5.0)


def _succeed(run_: Run) -> None:
    """Write the end of the pull and the node's lamp, with everything else, if the node is still ours."""
    writing, lease = run_.writing, run_.lease
    assert writing is not None
    row = lease.confirm()
    if row.cancel_requested:
        raise NodeError("cancelled", "Cancelled by a person.")
    now = timezone.now()
    lease.finish("done")
    pull, node = run_.pull, run_.node
    partial = pull.skipped_total > 0
    pull.state = PullState.PARTIAL if partial else PullState.SUCCEEDED
    pull.finished_at = now
    pull.heartbeat_at = now
    pull.lease_until = None
    pull.step = ""
    pull.counts = {**writing.counts, "skipped": pull.skipped_total}
    pull.bytes_read = run_.pulled.bytes_read
    lease.log(writing.summary())
    pull.save(
        update_fields=[
            "state",
            "finished_at",
            "heartbeat_at",
            "lease_until",
            "step",
            "steps",
            "progress",
            "log",
            "skipped",
            "skipped_total",
            "counts",
            "bytes_read",
        ]
    )
    fresh = Node.objects.select_for_update(of=("self",)).get(pk=node.pk)
    fresh.state = NodeState.PAUSED if fresh.paused else NodeState.DEGRADED if partial else NodeState.HEALTHY
    fresh.host_id = writing.host_id
    fresh.engine = run_.pulled.software()
    fresh.last_success_at = now
    if run_.pulled.host is not None:
        fresh.host_read_at = now
    fresh.last_error = None
    fresh.consecutive_failures = 0
    fresh.next_due_at = now + schedule.next_regular(fresh.interval_seconds)
    fresh.save(
        update_fields=[
            "state",
            "host",
            "engine",
            "last_success_at",
            "host_read_at",
            "last_error",
            "consecutive_failures",
            "next_due_at",
        ]
    )


def _fail(run_: Run, code: str, message: str, hint: str) -> None:
    """Write the end of a pull that stored nothing, and when the node is tried again. Waits for the database."""
    title = ERROR_TITLES.get(code, "The node could not be read")
    error = {"code": code, "title": title, "detail": message[:1000], "hint": hint[:500]}
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while True:
        try:
            with transaction.atomic():
                _write_failure(run_, error)
            return
        except LeaseLost:
            return
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                logger.exception(
                    "pull %s: its failure could not be written; the reaper will end it", run_.pull.pk
                )
                return
            connection.close()
            time.sleep(2.0)


def _write_failure(run_: Run, error: dict[str, str]) -> None:
    run_.lease.confirm()
    now = timezone.now()
    cancelled = error["code"] == "cancelled"
    run_.lease.log(f"{error['title']}: {error['detail']}", "warning" if cancelled else "error")
    run_.lease.finish("failed")
    pull = run_.pull
    pull.bytes_read = run_.pulled.bytes_read
    Pull.objects.filter(pk=pull.pk).update(
        log=pull.log,
        skipped=pull.skipped,
        skipped_total=pull.skipped_total,
        bytes_read=pull.bytes_read,
        heartbeat_at=now,
    )
    schedule.end(pull, PullState.CANCELLED if cancelled else PullState.FAILED, error=error)
    node = Node.objects.select_for_update(of=("self",)).get(pk=run_.node.pk)
    if cancelled:
        node.next_due_at = now + schedule.next_regular(node.interval_seconds)
        node.save(update_fields=["next_due_at"])
        return
    node.consecutive_failures += 1
    failing = node.last_success_at is None or node.consecutive_failures >= FAILURES_TO_FAILING
    node.state = NodeState.PAUSED if node.paused else NodeState.FAILING if failing else NodeState.DEGRADED
    node.last_error = {**error, "at": now.isoformat()}
    node.next_due_at = now + schedule.backoff(node.consecutive_failures, node.interval_seconds)
    node.save(update_fields=["consecutive_failures", "state", "last_error", "next_due_at"])


FAILURES_TO_FAILING = 3
ERROR_TITLES = {
    "unreachable": "The node cannot be reached",
    "refused": "The node refused the connection",
    "name_not_found": "The node's name is not known",
    "timeout": "The node took too long",
    "tls_untrusted": "The node's certificate is not trusted",
    "tls_client_refused": "The node refused our certificate",
    "tls_mismatch": "The node and we do not speak the same protocol",
    "ssh_auth": "The node refused our SSH key",
    "ssh_host_key": "The node's SSH host key is not the pinned one",
    "ssh_key_invalid": "Our SSH key cannot be used",
    "permission_denied": "The node does not let us read it",
    "not_an_engine": "This is not a container engine",
    "malformed": "The node's answer cannot be read",
    "too_large": "The node's answers are too large",
    "too_many": "The node holds more items than its limit",
    "api_version": "The node and we do not speak the same version",
    "no_python": "The host has no Python",
    "probe_failed": "The probe failed on the host",
    "replayed": "The answer was made for another question",
    "agent_refused": "The agent refused our token",
    "busy": "The agent is busy",
    "not_a_probe": "This is not a host probe",
    "not_a_registry": "This is not a registry",
    "rate_limited": "The registry lets us read no more for now",
    "redirect_loop": "The registry sends us in a circle",
    "registry_error": "The registry reported an error",
    "vanished": "The registry does not have it",
    "digest_mismatch": "The content is not what its digest says",
    "cancelled": "Cancelled",
    "address_invalid": "The node's address is not valid",
    "address_denied": "The node's address is not allowed",
    "engine_error": "The engine reported an error",
    "credential": "The node's credential cannot be decrypted",
    "database": "Plimsoll's database was away",
    "internal": "Plimsoll failed",
}
