"""What an image is built on: what it says of itself, and which images of the fleet its lowest layers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from posture.accounts.models import User
from posture.fleet.models import Asset
from posture.images.models import Image

SHOWN = 5
# Labels of the OCI Image Specification ("Annotations"), which builders copy from the image that they begin with.
_NAME, _DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"


def told(document: Any) -> dict[str, str]:
    """Name and digest of the base as the image's own labels tell them; "" for what they do not."""
    config = document.get("Config") if isinstance(document, Mapping) else None
    labels = config.get("Labels") if isinstance(config, Mapping) else None
    found = labels if isinstance(labels, Mapping) else {}
    return {"name": str(found.get(_NAME) or ""), "digest": str(found.get(_DIGEST) or "")}


def beneath(image: Image, user: User) -> list[dict[str, Any]]:
    """The images that the user may see whose layers are the lowest of this one's, the nearest first, with their number of
    layers. Looks at every image: about 20 ms for 50,000."""
    if not image.layer_digests:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asset_id, cardinality(layer_digests) FROM images_image"
            " WHERE layer_digests[1] = %s AND cardinality(layer_digests) < %s AND asset_id <> %s"
            " AND layer_digests = (%s::varchar[])[1:cardinality(layer_digests)]",
            [image.layer_digests[0], len(image.layer_digests), image.pk, image.layer_digests],
        )
        layers = dict(cursor.fetchall())
    names = Asset.objects.visible_to(user).filter(pk__in=list(layers)).values_list("pk", "name")
    found = [{"id": pk, "name": name, "layers": layers[pk]} for pk, name in names]
    return sorted(found, key=lambda row: (-row["layers"], row["id"]))[:SHOWN]
