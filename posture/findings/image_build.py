"""How an image is built: which layer brought which packages and what is open in them, and on what image it rests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count

from posture.accounts.models import User
from posture.findings.models import Finding
from posture.fleet.figures import severity_counts
from posture.images import bases
from posture.images.models import Image
from posture.vulnerabilities.models import PackageList
from scanners.records import Record

Numbers = dict[int, int]  # severity -> open findings
NOT_PLACED = -1


class Contents(Record, frozen=True, kw_only=True):
    """What an image holds: the place of each package's layer (id -> place, -1 for not known), the tools that list it, and
    the open findings of each package by severity (None: of no package that is listed)."""

    places: Mapping[int, int]
    tools: Mapping[int, tuple[str, ...]]
    findings: Mapping[int | None, Numbers]


def places_of(lists: Sequence[PackageList]) -> tuple[dict[int, int], dict[int, tuple[str, ...]]]:
    """(place of the layer by package, the tools that list it) over what all tools list. Where tools differ, the highest
    layer: it holds what is there last."""
    places: dict[int, int] = {}
    tools: dict[int, tuple[str, ...]] = {}
    for one in lists:
        for package, layer in zip(one.packages, one.layers, strict=True):
            places[package] = max(layer, places.get(package, NOT_PLACED))
            tools[package] = (*tools.get(package, ()), one.tool)
    return places, tools


def contents_of(image: Image, moment: datetime | None) -> Contents:
    lists = list(PackageList.objects.as_of(moment).filter(asset=image.pk).order_by("tool"))
    places, tools = places_of(lists)
    findings: dict[int | None, Numbers] = defaultdict(lambda: defaultdict(int))
    rows = (
        Finding.objects.open(moment)
        .filter(asset=image.pk, vulnerability__isnull=False)
        .values_list("package", "severity")
        .annotate(number=Count("*"))
        .order_by()
    )
    for package, severity, number in rows:
        findings[package][severity] += number
    return Contents(places=places, tools=tools, findings=findings)


def layers_of(image: Image, contents: Contents) -> list[dict[str, Any]]:
    """The layers, lowest first, each with the step that made it where that is known, and what it brought."""
    steps = steps_of(image.history, len(image.layer_digests))
    packages: dict[int, int] = defaultdict(int)
    numbers: dict[int, Numbers] = defaultdict(lambda: defaultdict(int))
    for place in contents.places.values():
        packages[place] += 1
    for package, of_package in contents.findings.items():
        place = NOT_PLACED if package is None else contents.places.get(package, NOT_PLACED)
        for severity, number in of_package.items():
            numbers[place][severity] += number
    return [
        {
            "place": place,
            "digest": image.layer_digests[place] if place >= 0 else "",
            "created_by": None if place < 0 or steps is None else steps[place]["created_by"],
            "created_at": None if place < 0 or steps is None else steps[place]["created_at"],
            "size_bytes": None if place < 0 or steps is None else steps[place]["size_bytes"],
            "packages": packages[place],
            "severity_counts": severity_counts(numbers[place]),
        }
        for place in [
            *range(len(image.layer_digests)),
            *([NOT_PLACED] if packages[NOT_PLACED] or numbers[NOT_PLACED] else []),
        ]
    ]


def steps_of(history: list[dict[str, Any]] | None, layers: int) -> list[dict[str, Any]] | None:
    """The step of the history (newest first) that made each layer, lowest first; None when that cannot be told.

    The engine tells sizes but not which steps made a layer. Either every step did, or exactly those that have a size: where
    neither gives the number of layers, a layer of no size lies among them, and any pairing would be a guess.
    """
    if not history:
        return None
    oldest_first = list(reversed(history))
    for steps in (oldest_first, [step for step in oldest_first if step["size_bytes"]]):
        if len(steps) == layers:
            return steps
    return None


def base_of(image: Image, user: User) -> Image | None:
    """The image that this one most likely rests on: of the others that are known, the one with the most layers of which
    every one is, in the same place, a layer of this image too. A guess: the same layers may have had another name when it
    was built. Of several with the same layers, one that has a name, then the oldest."""
    beneath = bases.beneath(image, user)
    nearest = [row["id"] for row in beneath if row["layers"] == beneath[0]["layers"]]
    found = Image.objects.select_related("asset").filter(pk__in=nearest)
    return min(found, key=lambda row: (not _is_named(row), row.pk), default=None)


def _is_named(image: Image) -> bool:
    return not image.digest.removeprefix("sha256:").startswith(image.asset.name)


def brought_by_base(base: Image, contents: Contents) -> dict[str, Any]:
    """What is open in the packages of the base's layers: what a mended base would close."""
    numbers: Numbers = defaultdict(int)
    packages = 0
    for package, place in contents.places.items():
        if 0 <= place < len(base.layer_digests):
            packages += 1
            for severity, number in contents.findings.get(package, {}).items():
                numbers[severity] += number
    return {
        "id": base.pk,
        "name": base.asset.name,
        "digest": base.digest,
        "layers": len(base.layer_digests),
        "packages": packages,
        "closes": severity_counts(numbers),
    }
