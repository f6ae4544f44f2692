"""Engine API answers to records, without any input or output.

Each function takes decoded JSON of `GET /info`, `/version`, `/containers/{id}/json` … (API 1.41 and newer, and Podman's
Docker-compatible API) and returns an `Observed`: the record, and the document it was read from with secrets and
volatile parts taken out. Volatile is what changes while nothing relevant changed: process ids, counters, clocks, sandbox
and exec ids, health logs; the status of a container and the times of its last start and end stay.

A field of another type than documented raises `MalformedAnswerError`, which names the item and the field.
"""

from __future__ import annotations

from scanners.engine_api.containers import container_facts
from scanners.engine_api.documents import bare_digest, is_podman, observed
from scanners.engine_api.engine import engine_again, engine_facts, inherited_settings
from scanners.engine_api.images import image_facts
from scanners.engine_api.swarm import swarm_facts

__all__ = [
    "bare_digest",
    "container_facts",
    "engine_again",
    "engine_facts",
    "image_facts",
    "inherited_settings",
    "is_podman",
    "observed",
    "swarm_facts",
]
