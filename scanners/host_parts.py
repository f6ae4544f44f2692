"""The probe's document taken apart: the host, its packages, and each container are kept, and change, by themselves."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from scanners import host

# What differs between two looks at a container that nobody touched. What it has loaded is kept apart, as a growing set.
_RESTLESS = ("process_count", "loaded")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a document with its content's fingerprint (32 hex digits)."""

    document: dict[str, Any]
    fingerprint: str


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`host` names its packages by their fingerprint; `containers` are by place in the document's own list."""

    host: Part
    packages: Part | None
    containers: tuple[Part, ...]


def parts_of(document: dict[str, Any]) -> Parts:
    """Take the probe's document apart. Nothing is lost: reasons for what was not measured go with their part."""
    found = dict(document)
    containers = found.pop("containers", None)
    reasons: dict[str, str] = found.get("not_measured") or {}
    found["not_measured"] = {at: why for at, why in reasons.items() if not at.startswith("/containers/")}
    packages = None
    if (listed := (found.get("packages") or {}).get("installed")) is not None:
        kept = {"manager": found["packages"].get("manager"), "installed": listed}
        packages = Part(document=kept, fingerprint=digest(kept))
        found["packages"] = {
            **found["packages"],
            "installed": None,
            "fingerprint": packages.fingerprint,
            "count": len(listed),
        }
    # What was skipped names processes by their number; it is shown on the pull.
    lasting = {name: value for name, value in found.items() if name not in ("skipped", "skipped_total")}
    return Parts(
        host=Part(document=found, fingerprint=host.fingerprint(lasting)),
        packages=packages,
        containers=tuple(
            _container(container, f"/containers/{place}", reasons)
            for place, container in enumerate(containers or ())
        ),
    )


def light(parts: Parts) -> Parts:
    """The same with the fingerprints alone, once the documents are put away."""
    return Parts(
        host=Part(document={}, fingerprint=parts.host.fingerprint),
        packages=parts.packages and Part(document={}, fingerprint=parts.packages.fingerprint),
        containers=tuple(Part(document={}, fingerprint=part.fingerprint) for part in parts.containers),
    )


def _container(container: dict[str, Any], at: str, reasons: dict[str, str]) -> Part:
    said = {name: value for name, value in container.items() if name not in _RESTLESS}
    said["not_measured"] = {
        pointer[len(at) :]: why for pointer, why in reasons.items() if pointer.startswith(at + "/")
    }
    return Part(document=said, fingerprint=digest(said))


def digest(content: Any) -> str:
    """32 hex digits of any JSON value."""
    return hashlib.blake2b(msgspec.json.encode(content, order="deterministic"), digest_size=16).hexdigest()
