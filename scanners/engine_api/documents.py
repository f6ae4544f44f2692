"""What the readers of all kinds share: sealing a record, and redacting what stands in several answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from scanners import redaction
from scanners.answers import Answer
from scanners.records import (
    ContainerFacts,
    EngineFacts,
    ImageFacts,
    Observed,
    SecretSighting,
    SwarmFacts,
)

NO_NAME = "<none>"
NANO = 1_000_000_000
VOLATILE_SWARM = frozenset(("Version", "UpdatedAt", "JoinTokens"))


def observed(
    facts: EngineFacts | ContainerFacts | ImageFacts | SwarmFacts, document: dict[str, Any]
) -> Observed:
    """Seal a record with its document: the fingerprint is SHA-256 over the document's JSON with sorted keys."""
    canonical = msgspec.json.encode(document, order="sorted")
    return Observed(facts=facts, document=document, fingerprint=hashlib.sha256(canonical).hexdigest())


def is_podman(version: Mapping[str, Any]) -> bool:
    """Podman's compatible API names itself among the components of `GET /version`."""
    components = version.get("Components")
    if not isinstance(components, list):
        return False
    return any("podman" in str(item.get("Name", "")).lower() for item in components if isinstance(item, dict))


def without(value: Mapping[str, Any], dropped: frozenset[str]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in dropped}


def collect(redacted: tuple[Any, tuple[SecretSighting, ...]], sightings: list[SecretSighting]) -> Any:
    sightings += redacted[1]
    return redacted[0]


def redacted_command(arguments: Iterable[str], where: str, sightings: list[SecretSighting]) -> list[str]:
    redacted, found = redaction.redact_arguments(arguments, where=where)
    sightings += found
    return redacted


def config_document(config: Answer, sightings: list[SecretSighting]) -> dict[str, Any]:
    """`Config` of a container or an image without its secrets."""
    document = dict(config.value)
    if config.has("Env"):
        document["Env"] = collect(redaction.redact_environment(config.texts("Env")), sightings)
    for key in ("Entrypoint", "Cmd"):
        if config.has(key):
            document[key] = redacted_command(config.texts(key), key, sightings)
    for key in ("CreateCommand", "OnBuild"):
        if config.has(key):
            document[key] = redacted_command(
                config.texts(key), key, [] if key == "CreateCommand" else sightings
            )
    for key, label in (("Labels", "Label"), ("Annotations", "Annotation")):
        if config.has(key):
            document[key] = collect(redaction.redact_mapping(config.mapping(key), where=label), sightings)
    if config.has("Healthcheck"):
        healthcheck = config.child("Healthcheck")
        document["Healthcheck"] = {
            **healthcheck.value,
            "Test": redacted_command(healthcheck.texts("Test"), "Healthcheck", sightings),
        }
    return document


def references(item: Answer) -> tuple[str, ...]:
    return tuple(sorted(name for name in item.texts("RepoTags") if NO_NAME not in name))


def repo_digests(item: Answer) -> tuple[str, ...]:
    return tuple(sorted(name for name in item.texts("RepoDigests") if not name.startswith(NO_NAME)))


def bare_digest(identifier: str) -> str:
    """An id without its algorithm: Podman writes some ids with `sha256:` and some without."""
    return identifier.removeprefix("sha256:")
