"""One name for each release of a distribution, whatever the tool calls it: "debian-12", "alpine-3.19", "rhel-9"."""

from __future__ import annotations

import re
from functools import lru_cache

# Names that tools use beside the ID of os-release(5), which is ours.
_FAMILIES = {
    "redhat": "rhel", "red hat enterprise linux": "rhel", "red hat": "rhel", "red": "rhel",
    "alma": "almalinux", "rocky linux": "rocky",
    "oracle": "ol", "oracle linux": "ol", "amazon": "amzn", "amazonlinux": "amzn", "amazon linux": "amzn",
    "opensuse.leap": "opensuse-leap", "opensuse leap": "opensuse-leap", "suse linux enterprise server": "sles",
    "suse": "sles", "suse server": "sles", "cbl-mariner": "mariner", "azure linux": "azurelinux", "debian gnu/linux": "debian",
    "alpine linux": "alpine", "oraclelinux": "ol", "rockylinux": "rocky", "rocky_linux": "rocky", "photon os": "photon",
    "vmware photon os": "photon", "photon linux": "photon", "centos linux": "centos", "fedora linux": "fedora",
}  # fmt: skip
# How many numbers of a version make a release that gets advisories of its own.
_PARTS = {
    "debian": 1,
    "alpine": 2,
    "ubuntu": 2,
    "rhel": 1,
    "centos": 1,
    "rocky": 1,
    "almalinux": 1,
    "ol": 1,
    "fedora": 1,
    "amzn": 1,
}
_CODENAMES = {
    "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
    "bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04",
}  # fmt: skip
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


@lru_cache(maxsize=4096)
def release(family: str, version: str) -> str:
    """The release that a family and a version name; the family alone for one that rolls, "" for none.

    release("debian", "12.5") is "debian-12", release("redhat", "9.4") is "rhel-9".
    """
    name = family.strip().lower()
    name = _FAMILIES.get(name, name)
    if not name:
        return ""
    said = version.strip().lower()
    said = _CODENAMES.get(said, said)
    match = _NUMBERS.search(said)
    if match is None:
        return name
    parts = match.group().split(".")
    return f"{name}-{'.'.join(parts[: _PARTS.get(name, 3)])}"


def from_qualifier(namespace: str, distro: str) -> str:
    """The release in a package URL's `distro` qualifier, which some tools write without the family."""
    family, separator, version = distro.rpartition("-")
    if separator and not family[-1:].isdigit():
        return release(family, version)
    return release(namespace, distro) if distro else ""
