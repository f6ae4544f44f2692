"""The only writer of what images' signatures come to, and the words that its readers in `collection` need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from posture.base import upsert
from posture.fleet.models import ContainerState, Environment
from posture.images.models import (
    Image,
    ImageEvidence,
    ImageSignature,
    JudgedPolicy,
    Presence,
    TrustedSigner,
)
from scanners.records import Record
from scanners.signatures.records import TrustedIdentity, TrustedKey, TrustPolicy

_OUTCOME = ("outcome", "reason", "signers", "signatures", "provenance")
_EVIDENCE = ("known_as", "fingerprint", "problem")


class Evidence(Record, frozen=True, kw_only=True):
    """What one registry told of an image: the fingerprint of what it keeps, or why that could not be read."""

    known_as: str
    fingerprint: str = ""
    problem: str = ""


class Outcome(Record, frozen=True, kw_only=True):
    """What is to be true of one image in one environment (None: by signers trusted everywhere)."""

    image_id: int
    environment_id: int | None
    outcome: str
    reason: str
    signers: tuple[str, ...]
    signatures: list[dict[str, Any]]
    provenance: list[dict[str, Any]]


class Use(Record, frozen=True, kw_only=True):
    """The containers of one image in one environment: the names that they were started by."""

    environment_id: int
    references: tuple[str, ...]


class Demands(Record, frozen=True, kw_only=True):
    """What an environment demands of images, and whom it believes."""

    name: str
    requires_signatures: bool
    allowed_registries: tuple[str, ...] | None
    policy: TrustPolicy


def store_evidence(node_id: int, told: Mapping[int, Evidence], at: datetime) -> list[int]:
    """Keep what a registry told of images; returns those of which it told something else than before."""
    rows = ImageEvidence.objects.current().filter(node=node_id, image__in=list(told))
    before = {row.image_id: row for row in rows}
    changed = [
        image_id
        for image_id, each in sorted(told.items())
        if image_id not in before
        or any(getattr(before[image_id], name) != getattr(each, name) for name in _EVIDENCE)
    ]
    upsert.close(ImageEvidence, sorted(before[i].pk for i in changed if i in before), at)
    upsert.copy(
        ImageEvidence,
        ("image_id", "node_id", "opened_at", *_EVIDENCE),
        (
            (image_id, node_id, at, *(getattr(told[image_id], name) for name in _EVIDENCE))
            for image_id in changed
        ),
    )
    return changed


def end_evidence(node_id: int, at: datetime, keeping: Iterable[int] = ()) -> list[int]:
    """A registry no longer tells of images other than these; returns the images of which it did."""
    rows = ImageEvidence.objects.current().filter(node=node_id).exclude(image__in=list(keeping))
    ended = sorted(rows.values_list("image", flat=True))
    rows.update(closed_at=at)
    return ended


def store_outcomes(image_ids: Sequence[int], wanted: Iterable[Outcome], at: datetime) -> int:
    """Make the outcomes of these images say what is wanted: what differs ends and opens anew. Returns rows written."""
    before = {
        (row.image_id, row.environment_id): row
        for row in ImageSignature.objects.current().filter(image__in=image_ids)
    }
    fresh = []
    for outcome in wanted:
        key = outcome.image_id, outcome.environment_id
        if key in before and all(_same(getattr(before[key], n), getattr(outcome, n)) for n in _OUTCOME):
            del before[key]
        else:
            fresh.append(outcome)
    upsert.close(ImageSignature, sorted(row.pk for row in before.values()), at)
    fresh.sort(key=lambda each: (each.image_id, each.environment_id or 0))
    return upsert.copy(
        ImageSignature,
        ("image_id", "environment_id", "opened_at", *_OUTCOME),
        (
            (each.image_id, each.environment_id, at, *(getattr(each, name) for name in _OUTCOME))
            for each in fresh
        ),
    )


def _same(stored: Any, wanted: Any) -> bool:
    return stored == (list(wanted) if isinstance(wanted, tuple) else wanted)


def end(image_ids: Sequence[int], at: datetime) -> None:
    """Images that are gone have neither evidence nor an outcome of the present."""
    for model in (ImageEvidence, ImageSignature):
        model.objects.current().filter(image__in=image_ids).update(closed_at=at)


def evidence_of(image_ids: Iterable[int], node_id: int | None = None) -> dict[int, list[ImageEvidence]]:
    """What registries tell of each image now, with their nodes; of one node when it is given."""
    rows = ImageEvidence.objects.current().filter(image__in=list(image_ids))
    if node_id is not None:
        rows = rows.filter(node=node_id)
    found: dict[int, list[ImageEvidence]] = {}
    for row in rows.select_related("node").defer("node__credential").order_by("image", "node"):
        found.setdefault(row.image_id, []).append(row)
    return found


def measured_by(node_id: int) -> list[int]:
    """Images beside which this node found something to read, if only that there is nothing."""
    rows = ImageEvidence.objects.current().filter(node=node_id).exclude(fingerprint="")
    return sorted(rows.values_list("image", flat=True))


def held_in(image_ids: Sequence[int]) -> dict[int, set[int]]:
    """The environments in which hosts hold each of the images."""
    found: dict[int, set[int]] = {}
    rows = Presence.objects.current().filter(image__in=image_ids, host__environment__isnull=False)
    for image_id, environment_id in rows.values_list("image", "host__environment").distinct():
        if environment_id is not None:
            found.setdefault(image_id, set()).add(environment_id)
    return found


def from_a_registry(image_ids: Sequence[int]) -> set[int]:
    """Those of which some host knows a digest under which a registry gave them."""
    rows = Presence.objects.current().filter(image__in=image_ids).exclude(repo_digests=[])
    return set(rows.values_list("image", flat=True))


def used_in(image_ids: Sequence[int]) -> dict[int, list[Use]]:
    """Where containers of the images exist, running or not."""
    names: dict[int, dict[int, set[str]]] = {}
    rows = ContainerState.objects.current().filter(image__in=image_ids, asset__environment__isnull=False)
    for image_id, environment_id, reference in (
        rows.values_list("image", "asset__environment", "image_reference").order_by().distinct()
    ):
        if image_id is not None and environment_id is not None:
            names.setdefault(image_id, {}).setdefault(environment_id, set()).add(reference)
    return {
        image_id: [
            Use(environment_id=environment_id, references=tuple(sorted(references)))
            for environment_id, references in sorted(by_environment.items())
        ]
        for image_id, by_environment in names.items()
    }


def images_of(container_ids: Sequence[int]) -> set[int]:
    """The images of these containers, as their last state has them."""
    rows = ContainerState.objects.current().filter(asset__in=container_ids, image__isnull=False)
    return {image_id for image_id in rows.values_list("image", flat=True) if image_id is not None}


def demands() -> dict[int | None, Demands]:
    """What each environment demands, by its id; None is what holds where no environment says otherwise."""
    signers = list(TrustedSigner.objects.all())
    found: dict[int | None, Demands] = {
        None: Demands(
            name="", requires_signatures=False, allowed_registries=None, policy=_policy(signers, None)
        )
    }
    for environment in Environment.objects.all():
        allowed = environment.allowed_registries
        found[environment.pk] = Demands(
            name=environment.name,
            requires_signatures=environment.requires_signatures,
            allowed_registries=None if allowed is None else tuple(allowed),
            policy=_policy(signers, environment.pk),
        )
    return found


def _policy(signers: Sequence[TrustedSigner], environment_id: int | None) -> TrustPolicy:
    held = [s for s in signers if s.environment_id is None or s.environment_id == environment_id]
    return TrustPolicy(
        keys=tuple(
            TrustedKey(name=s.name, pem=s.public_key, repositories=tuple(s.repositories))
            for s in held
            if s.public_key
        ),
        identities=tuple(
            TrustedIdentity(
                name=s.name, issuer=s.issuer, subject=s.subject, repositories=tuple(s.repositories)
            )
            for s in held
            if not s.public_key
        ),
    )


def names_at(prefix: str, *, is_hub: bool) -> list[tuple[int, str]]:
    """(image, repository digest) of what hosts hold now under names that begin with `prefix`.

    With `is_hub` also those without a host in their name, and whatever else might be meant: the caller reads the names.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT p.image_id, d FROM images_presence p, unnest(p.repo_digests) d"
            " WHERE p.closed_at IS NULL AND (%s OR starts_with(d, %s)) ORDER BY 1, 2",
            [is_hub, prefix],
        )
        return [(image_id, name) for image_id, name in cursor.fetchall()]


def described(image_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(key, platform as in linux/amd64) by image."""
    rows = Image.objects.filter(pk__in=image_ids).values_list("pk", "asset__key", "os", "architecture")
    return {pk: (key, f"{os or 'linux'}/{architecture}") for pk, key, os, architecture in rows}


def present() -> list[int]:
    """Every image that some host holds or a report told of, and that is not gone."""
    return sorted(Image.objects.filter(asset__gone_at__isnull=True).values_list("pk", flat=True))


def judged_under() -> str:
    """The fingerprint of the policy under which all images were last judged; "" before the first time."""
    return JudgedPolicy.objects.filter(pk=1).values_list("fingerprint", flat=True).first() or ""


def mark_judged_under(fingerprint: str, at: datetime) -> None:
    JudgedPolicy.objects.update_or_create(pk=1, defaults={"fingerprint": fingerprint, "judged_at": at})
