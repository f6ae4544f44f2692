"""A worker's sign of life in Redis, renewed by its event loop: `/healthz` need not question workers."""

from __future__ import annotations

import logging
from typing import Any

import redis
from celery import bootsteps
from django.conf import settings

from posture.platform.health import PROBE_SECONDS, WORKER_BEAT_SECONDS, WORKER_KEY, WORKER_KEY_SECONDS

logger = logging.getLogger(__name__)


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Part of the consumer, after its connection: a worker that lost the broker or hangs leaves no sign."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._entry: Any = None
        self._client: redis.Redis | None = None

    def start(self, parent: Any) -> None:
        self._client = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS
        )
        self._beat()
        self._entry = parent.timer.call_repeatedly(WORKER_BEAT_SECONDS, self._beat)

    def stop(self, parent: Any) -> None:
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
        if self._client is not None:
            self._client.close()
            self._client = None

    shutdown = stop

    def _beat(self) -> None:
        if self._client is None:
            return
        try:
            self._client.set(WORKER_KEY, "1", ex=WORKER_KEY_SECONDS)
        except redis.RedisError as error:
            logger.warning("The worker's heartbeat could not be written: %s", error)
