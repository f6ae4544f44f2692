"""Pulled records made by hand, for tests of the writing half of a pull."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from django.db import transaction
from django.utils import timezone

from posture.collection.records import Pulled
from posture.collection.writing import Writing
from posture.fleet.models import Environment, Node
from scanners.checks.examples import engine
from scanners.checks.policy import Policy
from scanners.checks.run import judge
from scanners.records import (
    ContainerFacts,
    ContainerSummary,
    EngineFacts,
    ImageFacts,
    ImageSummary,
    Observed,
    SwarmFacts,
)


def environment(slug: str = "production", **changes: object) -> Environment:
    return Environment.objects.get_or_create(slug=slug, defaults={"name": slug.title(), **changes})[0]


def node(name: str = "alpha", in_: Environment | None = None) -> Node:
    return Node.objects.create(
        name=name, address=f"unix:///run/{name}.sock", environment=in_ or environment()
    )


def observed(facts: EngineFacts | ContainerFacts | ImageFacts | SwarmFacts) -> Observed:
    plain = msgspec.structs.replace(facts, engine=None) if isinstance(facts, ContainerFacts) else facts
    if isinstance(plain, EngineFacts):
        plain = msgspec.structs.replace(plain, containers=None, images=None)
    if isinstance(plain, ImageFacts):
        plain = msgspec.structs.replace(plain, references=(), repo_digests=(), in_use_references=())
    body = msgspec.json.encode(plain)
    return Observed(
        facts=facts, document=msgspec.json.decode(body), fingerprint=hashlib.sha256(body).hexdigest()
    )


def pulled(
    containers: Sequence[ContainerFacts] = (),
    images: Sequence[ImageFacts] = (),
    *,
    also_listed: Iterable[str] = (),
    is_listed: bool = True,
    swarm: SwarmFacts | None = None,
    **of_engine: object,
) -> Pulled:
    """What a complete pull of one engine brings; `also_listed` are containers that were listed but not read."""
    listed = [c.id for c in containers] + list(also_listed)
    facts = engine(
        **{
            "engine_id": "engine-1",
            "name": "alpha",
            "containers": tuple(
                ContainerSummary(id=i, name=i, image_id="", status="running", created_at=None) for i in listed
            )
            if is_listed
            else None,
            "images": tuple(
                ImageSummary(
                    id=i.id, references=i.references, created_at=i.created_at, size_bytes=0, is_used=True
                )
                for i in images
            ),
            **of_engine,
        }
    )
    result = Pulled()
    for record in (facts, *([swarm] if swarm else ()), *images, *containers):
        result.add(observed(record))
    policy = Policy(now=timezone.now())
    result.outcomes = {id(o): tuple(judge(o.facts, policy)) for o in result.everything()}
    return result


def write(to: Node, records: Pulled) -> Writing:
    """Store, settle and roll up, as the pipeline does, without the lease."""
    with transaction.atomic():
        writing = Writing(to, records, at=timezone.now())
        writing.store()
        writing.settle()
        writing.roll_up()
        if to.host_id != writing.host_id:
            to.host_id = writing.host_id
            to.save(update_fields=["host"])
    return writing
