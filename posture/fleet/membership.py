"""Which assets lie on a host, in an environment, or are an image's: lists of ids that filters of higher apps use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from posture.fleet.choices import AssetKind
from posture.fleet.figures import during
from posture.fleet.models import Asset


def on_hosts(host_ids: Sequence[int], moment: datetime | None = None) -> list[int]:
    """The hosts themselves, their containers, and the images that they hold."""
    placed = Asset.objects.filter(Q(pk__in=host_ids, kind=AssetKind.HOST) | Q(host__in=host_ids))
    return [*placed.values_list("pk", flat=True), *images_on_hosts(host_ids, moment)]


def images_on_hosts(host_ids: Sequence[int], moment: datetime | None = None) -> list[int]:
    held = Asset.objects.filter(pk__in=host_ids).filter(during("held_images", moment))
    return list(held.order_by().values_list("held_images__image", flat=True).distinct())


def images_in_environments(environment_ids: Sequence[int], moment: datetime | None = None) -> list[int]:
    """Images that some host of these environments holds."""
    hosts = Asset.objects.filter(environment__in=environment_ids, kind=AssetKind.HOST)
    held = hosts.filter(during("held_images", moment))
    return list(held.order_by().values_list("held_images__image", flat=True).distinct())


def with_image(image_ids: Sequence[int], moment: datetime | None = None) -> list[int]:
    """The images themselves and the containers that run them."""
    images = Asset.objects.filter(pk__in=image_ids, kind=AssetKind.IMAGE)
    using = images.filter(during("used_by_states", moment)).values_list("used_by_states__asset", flat=True)
    return [*images.values_list("pk", flat=True), *using]
