"""`python -m posture.platform.healthcheck web|worker|beat|database`: the health check of one container; exit status 0 or 1.

Each container answers for itself: `web` is well when it serves, even while `/healthz` names another part that fails.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time

# Beat writes its schedule every 3 minutes (celery.beat.Scheduler.sync_every); two misses mean that it hangs.
_BEAT_SECONDS = 400.0


def web() -> bool:
    """The server answers `/healthz`, whatever it says of the others."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read(65536))
        return isinstance(answer, dict) and answer.get("checks", {}).get("web") == "ok"
    finally:
        connection.close()


def worker() -> bool:
    """A worker has renewed its sign in Redis within the last seconds."""
    from posture.platform.health import worker_answers

    return worker_answers()


def beat() -> bool:
    """Beat has written its schedule lately."""
    from django.conf import settings

    newest = max((path.stat().st_mtime for path in settings.VAR.glob("beat-schedule*")), default=0.0)
    return time.time() - newest < _BEAT_SECONDS


def database() -> bool:
    """The database accepts a connection."""
    from posture.platform.health import database_answers

    return database_answers()


PARTS = {"web": web, "worker": worker, "beat": beat, "database": database}


def main(arguments: list[str]) -> int:
    """Exit status for the container engine; what fails is named, without addresses or passwords."""
    if len(arguments) != 1 or arguments[0] not in PARTS:
        sys.stderr.write(f"usage: python -m posture.platform.healthcheck {'|'.join(PARTS)}\n")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")
    try:
        well = PARTS[arguments[0]]()
    # A health check has two answers; every way of failing is the second one.
    except Exception as error:
        sys.stdout.write(f"{arguments[0]} failing: {type(error).__name__}\n")
        return 1
    sys.stdout.write(f"{arguments[0]} {'ok' if well else 'failing'}\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
