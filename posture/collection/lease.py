"""A worker's hold on one pull: heartbeats, live progress, and the news that it was cancelled or lost."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from posture.collection.schedule import RENEWAL_SHARE, lease_length
from posture.fleet.choices import PullState
from posture.fleet.models import Pull

WRITE_SECONDS = 1.0
LOG_LINES = 300
SKIPPED_ITEMS = 500


class LeaseLost(Exception):
    """Another run owns the node now, or the node is gone: whoever sees this must write nothing."""


class Lease:
    """Renews the lease from a thread of its own and writes what changed of the progress, at most once a second.

    Use as a context manager around the whole pull. `is_cancelled()` is what connectors ask between reads.
    """

    def __init__(self, pull: Pull) -> None:
        self.pull = pull
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._dirty = False
        self._cancelled = False
        self._lost = False
        self._thread = threading.Thread(target=self._run, name=f"lease-{pull.pk}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def is_cancelled(self) -> bool:
        return self._cancelled or self._lost

    @property
    def was_cancelled(self) -> bool:
        return self._cancelled and not self._lost

    def begin(self, step: str, title: str) -> None:
        now = timezone.now().isoformat()
        with self._lock:
            self._finish_steps("done", now)
            self.pull.step = step
            self.pull.steps.append(
                {"name": step, "title": title, "state": "running", "started_at": now, "finished_at": None}
            )
            self.pull.progress = None
            self._dirty = True

    def finish(self, state: str) -> None:
        with self._lock:
            self._finish_steps(state, timezone.now().isoformat())
            self.pull.progress = None

    def _finish_steps(self, state: str, at: str) -> None:
        for step in self.pull.steps:
            if step["state"] == "running":
                step.update(state=state, finished_at=at)

    def rewind(self, steps: int) -> None:
        """Forget what was begun after the first `steps` steps: it is done again."""
        with self._lock:
            del self.pull.steps[steps:]
            self._dirty = True

    def report(self, phase: str, done: int, total: int) -> None:
        with self._lock:
            self.pull.progress = {"phase": phase, "done": done, "total": total}
            self._dirty = True

    def log(self, message: str, level: str = "info") -> None:
        with self._lock:
            if len(self.pull.log) < LOG_LINES:
                self.pull.log.append(
                    {"at": timezone.now().isoformat(), "level": level, "message": message[:500]}
                )
            self._dirty = True

    def skip(self, kind: str, where: str, reason: str) -> None:
        with self._lock:
            self.pull.skipped_total += 1
            if len(self.pull.skipped) < SKIPPED_ITEMS:
                self.pull.skipped.append({"kind": kind, "where": where[:300], "reason": reason[:500]})
            self._dirty = True

    def _run(self) -> None:
        renewal = settings.PULL_LEASE_SECONDS * RENEWAL_SHARE
        renewed = time.monotonic()
        try:
            while not self._stop.wait(min(WRITE_SECONDS, renewal)):
                if not self._dirty and time.monotonic() - renewed < renewal:
                    continue
                try:
                    self._write()
                    renewed = time.monotonic()
                except (DatabaseError, InterfaceError):
                    connection.close()  # it may be restarting; the lease says how long we may go on without it
                if self._lost:
                    return
        finally:
            connection.close()

    def _write(self) -> None:
        now = timezone.now()
        with self._lock:
            self._dirty = False
            values: dict[str, Any] = {
                "step": self.pull.step,
                "steps": [dict(step) for step in self.pull.steps],
                "progress": self.pull.progress,
                "log": list(self.pull.log),
                "skipped": list(self.pull.skipped),
                "skipped_total": self.pull.skipped_total,
            }
        held = Pull.objects.filter(pk=self.pull.pk, token=self.pull.token, state=PullState.RUNNING)
        if not held.update(heartbeat_at=now, lease_until=now + lease_length(), **values):
            self._lost = True
        elif held.filter(cancel_requested=True).exists():
            self._cancelled = True

    def confirm(self) -> Pull:
        """Lock our row for the rest of the transaction; LeaseLost when it is no longer ours to write."""
        row = (
            Pull.objects.select_for_update(of=("self",))
            .filter(pk=self.pull.pk, token=self.pull.token, state=PullState.RUNNING)
            .only("cancel_requested")
            .first()
        )
        if row is None:
            raise LeaseLost
        return row
