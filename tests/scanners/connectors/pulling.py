"""What the connector's tests share: pull a node and sort what it yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scanners.connectors import open_node
from scanners.records import (
    ContainerFacts,
    Credential,
    EngineFacts,
    ImageFacts,
    Limits,
    Observed,
    Skipped,
    SwarmFacts,
)


def never() -> bool:
    return False


@dataclass
class Pulled:
    engine: EngineFacts
    containers: dict[str, ContainerFacts]
    images: dict[str, ImageFacts]
    clusters: list[SwarmFacts]
    skipped: list[Skipped]
    fingerprints: dict[str, str]
    observed: list[Observed]
    phases: list[tuple[str, int, int]]


def pull(
    address: str,
    credential: Credential | None = None,
    limits: Limits | None = None,
    *,
    allow_plaintext: bool = False,
    is_cancelled: Callable[[], bool] = never,
) -> Pulled:
    phases: list[tuple[str, int, int]] = []
    with open_node(
        "docker",
        address,
        credential or Credential(),
        limits or Limits(),
        is_cancelled=is_cancelled,
        allow_plaintext=allow_plaintext,
    ) as session:
        items = list(session.collect(lambda phase, done, total: phases.append((phase, done, total))))
    observed = [item for item in items if isinstance(item, Observed)]
    facts = [item.facts for item in observed]
    return Pulled(
        engine=next(fact for fact in facts if isinstance(fact, EngineFacts)),
        containers={fact.name: fact for fact in facts if isinstance(fact, ContainerFacts)},
        images={fact.id: fact for fact in facts if isinstance(fact, ImageFacts)},
        clusters=[fact for fact in facts if isinstance(fact, SwarmFacts)],
        skipped=[item for item in items if isinstance(item, Skipped)],
        fingerprints={item.facts.key: item.fingerprint for item in observed},
        observed=observed,
        phases=phases,
    )
