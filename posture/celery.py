"""The Celery application: workers that pull nodes, and the beat that finds which ones are due."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")

app = Celery("posture")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["posture.collection"])


@app.on_after_configure.connect
def _leave_a_sign_of_life(sender: Celery, **_: object) -> None:
    # Imported late: it reads the settings, which import this package.
    from posture.platform.worker_heartbeat import WorkerHeartbeat

    sender.steps["consumer"].add(WorkerHeartbeat)
