"""Package URLs as this product uses them (package-url specification, "purl"): parsed by the library, in our own words."""

from __future__ import annotations

from functools import lru_cache

from packageurl import PackageURL

from scanners.distributions import from_qualifier
from scanners.records import Record


class Coordinates(Record, frozen=True, kw_only=True):
    """What a package URL says of a package. `version` has the epoch in front, as the distribution's own tools write it;
    `distribution` is a release as in `scanners.distributions`."""

    ecosystem: str
    name: str
    namespace: str = ""
    version: str = ""
    architecture: str = ""
    distribution: str = ""


@lru_cache(maxsize=65_536)  # the images of a fleet have most packages in common
def coordinates(purl: str) -> Coordinates | None:
    """What a package URL says; None when it is none."""
    if not purl:
        return None
    try:
        found = PackageURL.from_string(purl)
    except ValueError:
        return None
    qualifiers = found.qualifiers if isinstance(found.qualifiers, dict) else {}
    version, epoch = found.version or "", str(qualifiers.get("epoch") or "")
    if epoch not in ("", "0") and ":" not in version:
        version = f"{epoch}:{version}"
    return Coordinates(
        ecosystem=found.type,
        namespace=found.namespace or "",
        name=found.name,
        version=version,
        architecture=str(qualifiers.get("arch") or ""),
        distribution=from_qualifier(found.namespace or "", str(qualifiers.get("distro") or "")),
    )
