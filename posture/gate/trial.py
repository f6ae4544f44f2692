"""A policy tried on the images that are there: what it would have said to the newest of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from posture.accounts.models import User
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset, Environment
from posture.gate import facts
from posture.gate.decide import Rules, reasons
from posture.images.models import Presence

SHOWN = 50


def of_newest(
    rules: Rules, environment: Environment | None, images: int, user: User, now: datetime
) -> dict[str, Any]:
    """The newest `images` that the asker may see, of an environment where one is given."""
    assets = Asset.objects.visible_to(user).present().filter(kind=AssetKind.IMAGE)
    if environment is not None:
        held = Presence.objects.current().filter(host__environment=environment)
        assets = assets.filter(pk__in=held.values("image"))
    ids = list(assets.order_by("-first_seen_at", "-pk").values_list("pk", flat=True)[:images])
    known = facts.of_images(ids, None if environment is None else environment.pk)
    refused = [
        (pk, known[pk], found) for pk in ids if pk in known and (found := reasons(rules, known[pk], now))
    ]
    by_rule = Counter(reason.rule for _, _, found in refused for reason in found)
    return {
        "images": len(known),
        "refused_total": len(refused),
        "by_rule": dict(by_rule.most_common()),
        "refused": [
            {"id": pk, "name": of.name, "reasons": [msgspec.to_builtins(reason) for reason in found]}
            for pk, of, found in refused[:SHOWN]
        ],
    }
