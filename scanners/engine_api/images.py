"""One image: `GET /images/{id}/json` and `/history`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from scanners import redaction
from scanners.answers import Answer, as_list
from scanners.engine_api.documents import (
    collect,
    config_document,
    observed,
    references,
    repo_digests,
    without,
)
from scanners.records import (
    ImageFacts,
    Layer,
    Observed,
    SecretSighting,
)

_VOLATILE_IMAGE = frozenset(("Metadata", "Container", "ContainerConfig", "GraphDriver", "Parent", "Comment"))


def image_facts(
    inspect: dict[str, Any], history: list[Any] | None = None, *, in_use_references: Iterable[str] = ()
) -> Observed:
    """One image from `GET /images/{id}/json` and `/history` (None: not readable)."""
    identifier = inspect.get("Id") if isinstance(inspect, dict) else None
    raw = Answer(inspect, f"image {identifier}" if isinstance(identifier, str) else "image")
    sightings: list[SecretSighting] = []
    config_part = config_document(raw.child("Config"), sightings)
    steps = None if history is None else _history(as_list(history, f"{raw.path} history"), sightings)
    config = Answer(config_part, f"{raw.path}.Config")
    in_use = tuple(sorted(set(in_use_references)))
    facts = ImageFacts(
        id=raw.text("Id"),
        references=references(raw),
        repo_digests=repo_digests(raw),
        created_at=raw.moment("Created"),
        size_bytes=raw.integer("Size"),
        os=raw.text("Os", "linux"),
        architecture=raw.text("Architecture"),
        variant=raw.text("Variant"),
        author=redaction.redact_text(raw.text("Author"))[0],
        user=config.text("User"),
        entrypoint=config.texts("Entrypoint"),
        command=config.texts("Cmd"),
        working_dir=config.text("WorkingDir"),
        environment_names=tuple(entry.partition("=")[0] for entry in config.texts("Env")),
        secrets=tuple(dict.fromkeys(sightings)),
        labels=config.mapping("Labels"),
        exposed_ports=config.names("ExposedPorts"),
        volumes=config.names("Volumes"),
        healthcheck=config.child("Healthcheck").optional_texts("Test"),
        layer_digests=raw.child("RootFS").texts("Layers"),
        history=steps,
        in_use_references=in_use,
    )
    inspect_document = without(raw.value, _VOLATILE_IMAGE)
    inspect_document["Config"] = config_part
    inspect_document["RepoTags"] = list(facts.references)
    inspect_document["RepoDigests"] = list(facts.repo_digests)
    document = {
        "inspect": inspect_document,
        "history": msgspec.to_builtins(steps),
        "in_use_references": list(in_use),
    }
    return observed(facts, redaction.redact_document(document))


def _history(steps: list[Answer], sightings: list[SecretSighting]) -> tuple[Layer, ...]:
    layers = []
    for position, step in enumerate(steps):
        where = f"History step {len(steps) - position}"
        created_by = collect(redaction.redact_build_step(step.text("CreatedBy"), where=where), sightings)
        layers.append(
            Layer(
                created_by=created_by,
                created_at=step.moment("Created"),
                size_bytes=step.integer("Size"),
                comment=redaction.redact_text(step.text("Comment"))[0],
                tags=tuple(sorted(step.texts("Tags"))),
            )
        )
    return tuple(layers)
