"""Hosts of which a host probe has told, written as a pull writes them: the machines themselves are made up.

Runs inside the product under test: `manage.py shell -c "from tests.e2e import probed_hosts; probed_hosts.write()"`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from posture.fleet.models import Environment
from tests.posture.collection import pulls
from tests.posture.collection.probes import confined, document, probe_node, probe_pulled

LABEL = "role=pilot"

_UBUNTU: dict[str, Any] = {
    "distribution": {"id": "ubuntu", "version_id": "24.04", "pretty_name": "Ubuntu 24.04.3 LTS"},
    "kernel__release": "6.8.0-79-generic",
    "kernel__installed": ["6.8.0-79-generic"],
    "kernel__lockdown": "none",
}
_WITHOUT_ROOT: dict[str, Any] = {
    "is_root": False,
    "audit": None,
    "not_measured": {"/audit": "needs root"},
    "skipped": [{"where": "/proc/1/maps", "reason": "needs root"}],
}
# A host's name → what it does not have of a well kept one.
HOSTS: dict[str, dict[str, Any]] = {"pilot-1": {}, "pilot-2": _UBUNTU, "pilot-3": _WITHOUT_ROOT}


def write() -> None:
    """Three hosts that should be alike and are not; the first runs a confined container and an open one."""
    environment = Environment.objects.get()  # a second one would be a question in every form
    key, _, value = LABEL.partition("=")
    for name, changes in HOSTS.items():
        containers = []
        if name == "pilot-1":
            containers = [
                confined("anchored", loaded=["/usr/lib/libc.so.6"]),
                confined("adrift", process__seccomp="disabled", process__label="unconfined"),
            ]
        # Never due, because nothing answers at its address.
        node = probe_node(
            name, environment, labels={key: value}, next_due_at=timezone.now() + timedelta(days=99)
        )
        said = document(
            *containers,
            **{
                "host__name": name,
                "host__id": f"machine-{name}",
                "docker__engine_id": f"engine-{name}",
                **changes,
            },
        )
        pulls.write(node, probe_pulled(said))
