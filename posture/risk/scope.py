"""Where loads are looked at together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from posture.risk.models import Load
from scanners.records import Record


class Scope(Record, frozen=True, kw_only=True):
    """One environment, what somebody may see of the fleet, or (None) all of it."""

    environment_ids: tuple[int, ...] | None

    @property
    def hosts(self) -> Any:
        """The hosts that have a load now."""
        hosts = Asset.objects.present().filter(kind=AssetKind.HOST, load__isnull=False)
        return hosts if self.environment_ids is None else hosts.filter(environment__in=self.environment_ids)

    def energies(self, moment: datetime | None = None) -> list[float]:
        """Of its hosts that have a load now, or had one at the moment. Hosts count where they are now."""
        if moment is None:
            return list(self.hosts.values_list("energy", flat=True))
        loads = Load.objects.as_of(moment).filter(asset__kind=AssetKind.HOST, load__isnull=False)
        if self.environment_ids is not None:
            loads = loads.filter(asset__environment__in=self.environment_ids)
        return list(loads.values_list("energy", flat=True))
