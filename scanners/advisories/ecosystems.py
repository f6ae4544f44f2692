"""What OSV's names of ecosystems (schema, "Defined ecosystems") are in our own words.

A distribution's ecosystem names its release. Where several sets of packages make up one release (Red Hat's repositories,
the modules of SUSE Linux Enterprise), all of them are that release.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scanners.distributions import release
from scanners.records import Record


class Place(Record, frozen=True, kw_only=True):
    """What `scanners.advisories.records.Affected` has of an ecosystem. `is_paid` says that its fixes are only for
    subscribers: the same packages as those of the release, which without a subscription stay as they are."""

    ecosystem: str
    namespace: str = ""
    distribution: str = ""
    is_source: bool = False
    is_paid: bool = False


_LANGUAGES = {
    "PyPI": "pypi",
    "npm": "npm",
    "Go": "golang",
    "Maven": "maven",
    "RubyGems": "gem",
    "crates.io": "cargo",
    "NuGet": "nuget",
    "Packagist": "composer",
    "Hex": "hex",
    "Pub": "pub",
    "GitHub Actions": "github",
    "SwiftURL": "swift",
}
# (type, namespace, family, whether the name is the source package's). AlmaLinux's names are of binary packages, whatever
# the schema says: its records list nodejs-docs beside nodejs.
_DISTRIBUTIONS = {
    "Debian": ("deb", "debian", "debian", True),
    "Alpine": ("apk", "alpine", "alpine", True),
    "AlmaLinux": ("rpm", "almalinux", "almalinux", False),
    "Rocky Linux": ("rpm", "rocky", "rocky", True),
    "Mageia": ("rpm", "mageia", "mageia", True),
    "Azure Linux": ("rpm", "azurelinux", "azurelinux", True),
    "Photon OS": ("rpm", "photon", "photon", False),
}
_ROLLING = {
    "Wolfi": ("apk", "wolfi"),
    "Chainguard": ("apk", "chainguard"),
    "MinimOS": ("apk", "minimos"),
    "Echo": ("deb", "echo"),
}
_RED_HAT = re.compile(r"enterprise_linux:(\d+)(?:\.\d+)?(?:::.*)?")
# The products whose packages a container of SUSE Linux Enterprise Server has: itself, its modules, and its long support.
_SLES = re.compile(
    r"Linux Enterprise (?:Server|Server for SAP Applications|Desktop|High Performance Computing|Workstation Extension|"
    r"Software Development Kit|Module for [\w /-]+?) "
    r"(\d+)(?: SP(\d+))?(?:-(?:LTSS|ESPOS|TERADATA|BCL|CLIENT-TOOLS))?"
)
_OPENSUSE = re.compile(r"(Leap|Tumbleweed)(?: (\d+\.\d+))?")
_UBUNTU = re.compile(r"(Pro:)?(Realtime:)?(\d+\.\d+)(?::LTS)?")
_LONGEST = 200
_NUMBERED = re.compile(r"v?\d+(?:\.\d+)*")


@lru_cache(maxsize=4_096)
def place(name: str) -> Place | None:
    """What an ecosystem is; None for one whose packages we do not know or cannot tell apart.

    Ubuntu Pro is the release that it prolongs. A package is as vulnerable without a subscription as with one, so that what
    only Pro mends is affected, with Pro's version as the fix. Its FIPS builds are none of ours: they have the names of the
    packages that they stand in for, and versions that cannot be compared with theirs. So are Red Hat's streams for one
    minor release (EUS, AUS, TUS, E4S), which no package can be told to follow.
    """
    if len(name) > _LONGEST:
        return None
    family, _, rest = name.partition(":")
    if family in _LANGUAGES:
        return Place(ecosystem=_LANGUAGES[family])
    if family in _ROLLING and not rest:
        kind, namespace = _ROLLING[family]
        return Place(ecosystem=kind, namespace=namespace, distribution=namespace, is_source=True)
    if family in _DISTRIBUTIONS:
        kind, namespace, id_, is_source = _DISTRIBUTIONS[family]
        if not _NUMBERED.fullmatch(rest):
            return None
        return Place(
            ecosystem=kind, namespace=namespace, distribution=release(id_, rest), is_source=is_source
        )
    if family == "Ubuntu" and (found := _UBUNTU.fullmatch(rest)):
        return Place(
            ecosystem="deb",
            namespace="ubuntu",
            distribution=release("ubuntu", found[3]),
            is_source=True,
            is_paid=bool(found[1]),
        )
    if family == "Red Hat" and (found := _RED_HAT.fullmatch(rest)):
        return Place(ecosystem="rpm", namespace="redhat", distribution=release("rhel", found[1]))
    if family == "SUSE" and (found := _SLES.fullmatch(rest)):
        version = f"{found[1]}.{found[2]}" if found[2] else found[1]
        return Place(ecosystem="rpm", namespace="sles", distribution=release("sles", version), is_source=True)
    if family == "openSUSE" and (found := _OPENSUSE.fullmatch(rest)):
        distribution = release(f"opensuse-{found[1].lower()}", found[2] or "")
        return Place(
            ecosystem="rpm",
            namespace=distribution.rpartition("-")[0] if found[2] else distribution,
            distribution=distribution,
            is_source=True,
        )
    return None


def counted(name: str) -> str:
    """Under which name an ecosystem that is not known is reported: without its many releases and products."""
    return (
        ":".join(name.split(":")[:2])[:60]
        if name.startswith(("Red Hat:", "Ubuntu:Pro:"))
        else name.partition(":")[0][:60]
    )
