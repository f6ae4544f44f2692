"""The only writer of images and of where they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from django.db.models import Q

from posture.base import upsert
from posture.fleet.models import ContainerState
from posture.images.models import Image, Presence
from scanners.records import ImageFacts
from scanners.reported import ReportedImage


def name_of(facts: ImageFacts) -> str:
    """What people call the image: its first name, else the repository of its digest, else the short digest."""
    if facts.references:
        return sorted(facts.references)[0][:300]
    if facts.repo_digests:
        return sorted(facts.repo_digests)[0][:300]
    return facts.id.removeprefix("sha256:")[:12]


def store_images(rows: Sequence[tuple[int, ImageFacts, str]]) -> None:
    """Keep new images (asset id, facts, fingerprint); known ones stay as they are, their digest fixes them."""
    known = set(Image.objects.filter(pk__in=[row[0] for row in rows]).values_list("pk", flat=True))
    upsert.copy(
        Image,
        (
            "asset_id",
            "digest",
            "fingerprint",
            "os",
            "architecture",
            "size_bytes",
            "created_at",
            "user",
            "has_healthcheck",
            "layer_digests",
            "history",
        ),
        (
            (
                asset_id,
                f.id[:100],
                fingerprint,
                f.os[:40],
                f"{f.architecture}{'/' + f.variant if f.variant else ''}"[:40],
                f.size_bytes,
                f.created_at,
                f.user[:120],
                f.healthcheck is not None and f.healthcheck[:1] not in ((), ("NONE",)),
                f.layer_digests,
                None
                if f.history is None
                else [
                    {
                        "created_by": layer.created_by,
                        "created_at": layer.created_at,
                        "size_bytes": layer.size_bytes,
                    }
                    for layer in f.history
                ],
            )
            for asset_id, f, fingerprint in rows
            if asset_id not in known
        ),
    )


def presences_on(host_id: int) -> dict[int, Presence]:
    """What the host holds now, by image asset id."""
    return {p.image_id: p for p in Presence.objects.current().filter(host=host_id)}


def fingerprints_on(host_id: int) -> list[str]:
    """Fingerprints of the images that the host holds now."""
    held = Image.objects.filter(asset__presences__host=host_id, asset__presences__closed_at__isnull=True)
    return list(held.values_list("fingerprint", flat=True))


def changed_presences(host_id: int, seen: Mapping[int, ImageFacts]) -> tuple[list[int], list[int]]:
    """(image ids whose presence is new or renamed, image ids that left) of a host; reads only."""
    before = presences_on(host_id)
    changed = [
        image_id
        for image_id, facts in seen.items()
        if image_id not in before
        or sorted(before[image_id].references) != sorted(facts.references)
        or sorted(before[image_id].repo_digests) != sorted(facts.repo_digests)
    ]
    return changed, [image_id for image_id in before if image_id not in seen]


def store_presences(
    host_id: int, changed: Mapping[int, ImageFacts], left: Sequence[int], at: datetime
) -> None:
    """Write what `changed_presences` found."""
    ids = [*changed, *left]
    if not ids:
        return
    Presence.objects.current().filter(host=host_id, image__in=ids).update(closed_at=at)
    upsert.copy(
        Presence,
        ("image_id", "host_id", "opened_at", "references", "repo_digests"),
        (
            (image_id, host_id, at, tuple(sorted(f.references)), tuple(sorted(f.repo_digests)))
            for image_id, f in sorted(changed.items())
        ),
    )


def end_presences(host_id: int, at: datetime) -> None:
    Presence.objects.current().filter(host=host_id).update(closed_at=at)


def without_host(image_ids: Sequence[int]) -> list[int]:
    """Those of the images that no host holds any more."""
    held = set(Presence.objects.current().filter(image__in=image_ids).values_list("image", flat=True))
    return [image_id for image_id in image_ids if image_id not in held]


def names_elsewhere(
    keys: Sequence[str], host_id: int | None
) -> dict[str, tuple[set[str], set[str], set[str]]]:
    """For image keys: (references, repository digests, names in use) on all hosts but this one.

    An image is judged once for the fleet, so a verdict on its names must see all of them, whoever is pulled.
    """
    found: dict[str, tuple[set[str], set[str], set[str]]] = {}
    if not keys:
        return found
    others = Presence.objects.current().filter(image__key__in=keys, image__kind="image")
    if host_id is not None:
        others = others.filter(~Q(host=host_id))
    for key, references, digests in others.values_list("image__key", "references", "repo_digests"):
        entry = found.setdefault(key, (set(), set(), set()))
        entry[0].update(references)
        entry[1].update(digests)
    in_use = ContainerState.objects.current().filter(image__key__in=keys, image__kind="image")
    if host_id is not None:
        in_use = in_use.filter(~Q(host=host_id))
    for key, reference in in_use.values_list("image__key", "image_reference").distinct():
        found.setdefault(key, (set(), set(), set()))[2].add(reference)
    return found


def with_names_elsewhere(
    facts: ImageFacts, found: Mapping[str, tuple[set[str], set[str], set[str]]]
) -> ImageFacts:
    others = found.get(facts.key)
    if others is None:
        return facts
    return msgspec.structs.replace(
        facts,
        references=tuple(sorted({*facts.references, *others[0]})),
        repo_digests=tuple(sorted({*facts.repo_digests, *others[1]})),
        in_use_references=tuple(sorted({*facts.in_use_references, *others[2]})),
    )


def hosts_running(image_ids: Sequence[int]) -> list[int]:
    """Hosts whose load counts one of these images: a container of it is alive there."""
    states = ContainerState.objects.current().alive().filter(image__in=image_ids)
    return sorted({host_id for (host_id,) in states.values_list("host_id") if host_id is not None})


def used_by(container_ids: Iterable[int]) -> set[int]:
    """The images of these containers."""
    states = ContainerState.objects.current().filter(asset__in=list(container_ids), image__isnull=False)
    return {image_id for image_id in states.values_list("image", flat=True) if image_id is not None}


def store_reported(asset_id: int, said: ReportedImage, at: datetime) -> None:
    """Keep an image that only a report tells of, as far as it does."""
    row = Image(
        asset_id=asset_id,
        digest=said.digest[:100],
        fingerprint="",
        os="",
        architecture=said.architecture[:40],
        size_bytes=said.size_bytes or 0,
        created_at=said.created_at,
        user="",
        has_healthcheck=False,
        layer_digests=[layer[:100] for layer in said.layers],
    )
    Image.objects.bulk_create([row], ignore_conflicts=True)


def found_by_names(said: ReportedImage) -> list[tuple[int, str]]:
    """(asset id, key) of the images that hosts hold under the names that a report gives; digests of manifests first."""
    for column, names in (("repo_digests", said.repo_digests), ("references", said.references)):
        if names:
            held = Presence.objects.current().filter(**{f"{column}__overlap": list(names)})
            if found := sorted(set(held.values_list("image", "image__key"))):
                return found
    return []
