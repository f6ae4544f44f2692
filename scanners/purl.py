"""Package URLs as this product uses them (package-url specification, "purl"): parsed by the library, in our own words."""

from __future__ import annotations

from functools import lru_cache

from packageurl import PackageURL

from scanners.distributions import from_qualifier
from scanners.records import Record


class Coordinates(Record, frozen=True, kw_only=True):
    """What a package URL says of a package. `version` has the epoch in front, as the distribution's own tools write it;
    `distribution` is a release as in `scanners.distributions`; the source package is what the qualifier `upstream` names,
    "" when it names none."""

    ecosystem: str
    name: str
    namespace: str = ""
    version: str = ""
    architecture: str = ""
    distribution: str = ""
    source_name: str = ""
    source_version: str = ""


# Types that tools wrote before the specification settled on one.
_TYPES = {"alpine": "apk"}


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
    source_name, source_version = upstream(str(qualifiers.get("upstream") or ""), version)
    return Coordinates(
        ecosystem=_TYPES.get(found.type, found.type),
        namespace=found.namespace or ("alpine" if found.type == "alpine" else ""),
        name=found.name,
        version=version,
        architecture=str(qualifiers.get("arch") or ""),
        distribution=from_qualifier(found.namespace or "", str(qualifiers.get("distro") or "")),
        source_name=source_name,
        source_version=source_version,
    )


def upstream(said: str, version: str) -> tuple[str, str]:
    """(name, version) of the source package as Syft writes it: "name", "name@version" or the name of a source RPM.

    A source without a version of its own has the package's (deb-control(5), "Source"); a source RPM has its epoch.
    """
    if not said:
        return "", ""
    if said.endswith(".rpm"):
        name, _, rest = said.removesuffix(".rpm").removesuffix(".src").removesuffix(".nosrc").rpartition("-")
        name, _, number = name.rpartition("-")
        epoch, separator, _ = version.partition(":")
        return (
            (name, f"{epoch}{separator}{number}-{rest}" if separator else f"{number}-{rest}")
            if name
            else ("", "")
        )
    name, _, own = said.partition("@")
    return name, own or version
