"""`GET /healthz`: is every part there? 200 when web, database, Redis and a worker answer, else 503 naming
what fails.

It is a middleware in front of everything else, so that it answers without a session, a login, a known host
name or a database. It tells names and `ok` or `failing`, nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg2
import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/healthz"
PROBE_SECONDS = 2.0
# Many load balancers ask together; each answer is good for a moment.
_FRESH_SECONDS = 1.0
WORKER_KEY = "plimsoll:worker-heartbeat"
WORKER_KEY_SECONDS = 15
WORKER_BEAT_SECONDS = 3.0


def database_answers() -> bool:
    """A new connection is accepted: a pooled one could be a memory of better times."""
    database = settings.DATABASES["default"]
    connection = psycopg2.connect(
        dbname=database["NAME"],
        user=database.get("USER") or None,
        password=database.get("PASSWORD") or None,
        host=database.get("HOST") or None,
        port=database.get("PORT") or None,
        **(database.get("OPTIONS") or {}) | {"connect_timeout": 2},
    )
    connection.close()
    return True


def redis_answers() -> bool:
    with _redis() as client:
        return bool(client.ping())


def worker_answers() -> bool:
    """Some worker's event loop has left its sign within the last seconds (see `posture.platform.worker_heartbeat`)."""
    with _redis() as client:
        return bool(client.exists(WORKER_KEY))


def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS
    )


class Probe:
    """One question with a time limit, asked in a thread of its own: name look-ups and half-open sockets
    ignore every other limit. While an answer is overdue, no second thread is started for it."""

    def __init__(self, name: str, ask: Callable[[], bool]) -> None:
        self.name = name
        self._ask = ask
        self._thread: threading.Thread | None = None
        self._good = False

    def begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._good = False
            self._thread = threading.Thread(target=self._run, name=f"health-{self.name}", daemon=True)
            self._thread.start()

    def is_good(self, deadline: float) -> bool:
        """The answer, awaited until `deadline` on the monotonic clock; False when it is not there by then."""
        if self._thread is None:
            return False
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return self._good and not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._good = self._ask()
        # Whatever goes wrong means "failing"; the reason is in the log of the part that failed.
        except (psycopg2.Error, redis.RedisError, OSError, ValueError):
            self._good = False


class Health:
    """The state of all parts, asked at most once per `_FRESH_SECONDS`."""

    def __init__(self, probes: tuple[Probe, ...]) -> None:
        self._probes = probes
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._until = 0.0

    def checks(self) -> dict[str, str]:
        """Name of each part -> "ok" or "failing"."""
        with self._lock:
            if time.monotonic() >= self._until:
                for probe in self._probes:
                    probe.begin()
                deadline = time.monotonic() + PROBE_SECONDS
                self._known = {
                    probe.name: "ok" if probe.is_good(deadline) else "failing" for probe in self._probes
                }
                self._until = time.monotonic() + _FRESH_SECONDS
            return {"web": "ok"} | self._known


class HealthMiddleware:
    """Answers `GET /healthz` before any other middleware; everything else passes through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._health = Health(
            (
                Probe("database", database_answers),
                Probe("redis", redis_answers),
                Probe("worker", worker_answers),
            )
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self._get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        checks = self._health.checks()
        healthy = all(state == "ok" for state in checks.values())
        response = JsonResponse(
            {"status": "ok" if healthy else "failing", "checks": checks},
            status=200 if healthy else 503,
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )
        # Django logs every 5xx as an error of ours; here it is an answer, and monitors ask every few seconds.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response
