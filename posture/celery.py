"""The Celery application: workers that pull nodes, and the beat that finds which ones are due."""

import gc
import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")

app = Celery("posture")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["posture.collection"])


@worker_process_init.connect
def _leave_what_is_loaded_alone(**_: object) -> None:
    """A document of a host is thousands of objects, at which Python would look through all modules again and again."""
    gc.freeze()


@app.on_after_configure.connect
def _leave_a_sign_of_life(sender: Celery, **_: object) -> None:
    # Imported late: it reads the settings, which import this package.
    from posture.platform.worker_heartbeat import WorkerHeartbeat

    sender.steps["consumer"].add(WorkerHeartbeat)
