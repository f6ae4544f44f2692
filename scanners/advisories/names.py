"""The keys under which packages and advisories meet, whatever either side writes: case, separators, where a group ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, Protocol

from scanners.advisories.records import Affected

# Between the namespace and the name of a package URL, in the words of its registry.
GROUPED = {"maven": ":", "npm": "/", "golang": "/", "composer": "/", "swift": "/", "github": "/", "hex": "/"}
# Registries that know no two packages apart by case: npm (since 2017), NuGet, Packagist, Hex, crates.io, PyPI; Go's module
# paths are told apart, but purl writes them in lower case ("golang", purl-spec), and tools obey it or not.
_CASELESS = frozenset({"npm", "nuget", "composer", "hex", "cargo", "pypi", "golang", "github", "swift"})
_PYPI_SEPARATORS = re.compile(r"[-_.]+")  # PEP 503
OF_DISTRIBUTIONS = frozenset({"deb", "rpm", "apk"})
# No advisory of these is of one release: what stands behind the name is the date of the image.
_ROLLING = ("wolfi", "chainguard", "minimos", "echo", "opensuse-tumbleweed")
# Whose advisories name a package either by itself or by what it was built from.
_BY_EITHER_NAME = frozenset({"wolfi", "chainguard", "minimos"})
# Built from Red Hat's sources with the same versions, without advisories of its own in OSV.
_SAME_AS = {"centos-6": "rhel-6", "centos-7": "rhel-7", "centos-8": "rhel-8"}
_BY_FIRST_NUMBER = re.compile(r"(azurelinux|mariner)-(\d+)")
_SLES = re.compile(r"(?:sles_sap|sled|sle_hpc)-(.*)")
_BINARY_REBUILD = re.compile(r"\+b\d+$")  # Debian Developer's Reference 5.10.2.1: the source is the same


class Key(NamedTuple):
    """`distribution` is "" for packages of a language; `name` has the namespace in it for these."""

    ecosystem: str
    distribution: str
    name: str
    is_source: bool


class Package(Protocol):
    """What of a `scanners.reported.ReportedPackage` says which advisories can concern it."""

    @property
    def ecosystem(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def distribution(self) -> str: ...
    @property
    def source_name(self) -> str: ...
    @property
    def source_version(self) -> str: ...


def lookup_key(affected: Affected) -> Key:
    """The key of what an advisory concerns."""
    if affected.ecosystem in OF_DISTRIBUTIONS:
        return Key(affected.ecosystem, release(affected.distribution), affected.name, affected.is_source)
    return Key(affected.ecosystem, "", folded(affected.ecosystem, affected.namespace, affected.name), False)


def lookup_keys(package: Package) -> tuple[Key, ...]:
    """Every key under which an advisory may concern a package: its own, and its source's; () for a package of a
    distribution whose release is not known."""
    if package.ecosystem not in OF_DISTRIBUTIONS:
        return (
            Key(package.ecosystem, "", folded(package.ecosystem, package.namespace, package.name), False),
        )
    of = release(package.distribution)
    if not of:
        return ()
    source = package.source_name or package.name
    found = [
        Key(package.ecosystem, of, package.name, False),
        Key(package.ecosystem, of, source, True),
    ]
    if of in _BY_EITHER_NAME and source != package.name:
        found.append(Key(package.ecosystem, of, package.name, True))
    return tuple(found)


def version_for(package: Package, is_source: bool) -> str:
    """The version that the advisory's are compared with: the source package's when it is about that."""
    if not is_source:
        return package.version
    return package.source_version or (
        _BINARY_REBUILD.sub("", package.version) if package.ecosystem == "deb" else package.version
    )


@lru_cache(maxsize=65_536)
def folded(ecosystem: str, namespace: str, name: str) -> str:
    """The full name of a package of a language, in the one way that its registry takes for the same.

    folded("pypi", "", "Foo_Bar") is "foo-bar", folded("maven", "org.example", "core") is "org.example:core".
    """
    full = f"{namespace}{GROUPED.get(ecosystem, '/')}{name}" if namespace else name
    if ecosystem in _CASELESS:
        full = full.lower()
    if ecosystem == "pypi":
        return _PYPI_SEPARATORS.sub("-", full)
    if ecosystem == "cargo":
        return full.replace("_", "-")
    if ecosystem == "swift":
        return full.removeprefix("https://").removesuffix(".git")
    return full


def divided(ecosystem: str, full: str) -> tuple[str, str]:
    """(namespace, name) of a full name, as package URLs divide it."""
    separator = GROUPED.get(ecosystem)
    if separator is None:
        return "", full
    namespace, _, name = full.rpartition(separator)
    return namespace, name


@lru_cache(maxsize=4_096)
def release(distribution: str) -> str:
    """The release whose advisories hold for a distribution as `scanners.distributions` names it."""
    for family in _ROLLING:
        if distribution == family or distribution.startswith(f"{family}-"):
            return family
    if found := _BY_FIRST_NUMBER.match(distribution):
        return f"{found[1]}-{found[2]}"
    if found := _SLES.match(distribution):
        return f"sles-{found[1]}"
    return _SAME_AS.get(distribution, distribution)
