"""What tools call kinds of packages, as types of package URLs; and packages of reports that name them without a URL."""

from __future__ import annotations

import re
from typing import Any

from scanners.distributions import release
from scanners.purl import Coordinates, coordinates
from scanners.reported import ReportedPackage

# The words of Trivy, Syft, Clair, Anchore, Inspector and OSV, in lower case (package-url specification, "Known types").
_ECOSYSTEMS = {
    "alpine": "apk", "apkg": "apk", "dpkg": "deb", "linux-kernel": "generic", "rpmdb": "rpm",
    "python": "pypi", "python-pkg": "pypi", "pythonpkg": "pypi", "pip": "pypi", "pipenv": "pypi", "poetry": "pypi", "uv": "pypi",
    "conda-pkg": "conda", "node-pkg": "npm", "nodepkg": "npm", "nodejs": "npm", "node": "npm", "yarn": "npm", "pnpm": "npm",
    "javascript": "npm", "js": "npm", "bun": "npm",
    "java": "maven", "java-archive": "maven", "jenkins-plugin": "maven", "jar": "maven", "pom": "maven", "gradle": "maven",
    "sbt": "maven", "gradle-lockfile": "maven", "graalvm-native-image": "maven",
    "go": "golang", "go-module": "golang", "gomod": "golang", "gobinary": "golang", "gosource": "golang",
    "ruby": "gem", "gemspec": "gem", "bundler": "gem", "rubygems": "gem",
    "rust": "cargo", "rust-crate": "cargo", "rustbinary": "cargo", "rust-binary": "cargo", "crates.io": "cargo",
    "dotnet": "nuget", "dotnet-core": "nuget", "dotnet_core": "nuget", "packages-props": "nuget",
    "php": "composer", "packagist": "composer", "php-composer": "composer", "composer-vendor": "composer",
    "php-pecl": "pecl", "php-pear": "pear", "erlang": "hex", "mix": "hex", "erlang-otp": "otp", "dart-pub": "pub",
    "swifturl": "swift", "pod": "cocoapods", "conancenter": "conan", "r-package": "cran", "github-action": "github",
    "github actions": "github", "portage": "ebuild", "linux": "generic", "binary": "generic", "unknownpackage": "",
}  # fmt: skip
# Those that a distribution's releases have advisories of their own for.
OF_SYSTEMS = {
    "debian": "deb", "ubuntu": "deb", "kali": "deb", "raspbian": "deb", "echo": "deb", "distroless": "deb",
    "alpine": "apk", "wolfi": "apk", "chainguard": "apk", "minimos": "apk",
    "rhel": "rpm", "centos": "rpm", "rocky": "rpm", "almalinux": "rpm", "ol": "rpm", "amzn": "rpm", "fedora": "rpm",
    "photon": "rpm", "opensuse": "rpm", "opensuse-leap": "rpm", "opensuse-tumbleweed": "rpm", "sles": "rpm",
    "mariner": "rpm", "azurelinux": "rpm", "openeuler": "rpm", "mageia": "rpm", "bottlerocket": "rpm",
    "arch": "alpm", "gentoo": "ebuild",
}  # fmt: skip
_SYSTEM_TYPES = frozenset(OF_SYSTEMS.values())
# The purl namespace is the vendor's name, which is the distribution's ID but for this one.
_NAMESPACES = {"rhel": "redhat"}
_ROLLING = frozenset({"arch", "gentoo", "wolfi", "chainguard", "minimos", "opensuse-tumbleweed"})
_GROUPED = {"maven": ":", "npm": "/", "golang": "/", "composer": "/", "swift": "/", "github": "/"}
# How versions and names look that only one ecosystem writes: for reports that do not say what kind a package is.
_LOOKS = (
    ("apk", re.compile(r"-r\d+$"), None),
    ("rpm", re.compile(r"\.(el|fc|amzn|oe|cm|azl|ph)\d"), None),
    ("deb", re.compile(r"(ubuntu|deb\d|\+b\d|~bpo)"), None),
    ("maven", None, re.compile(r"^[\w.-]+\.[\w.-]+:[\w.-]+$")),
    ("npm", None, re.compile(r"^@[\w.-]+/[\w.-]+$")),
    ("golang", None, re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+/\S+$")),
)
_LONGEST = 300


def ecosystem(word: str) -> str:
    """The type of a package URL that a tool's word for a kind of package stands for; the word itself where none is known.

    ecosystem("java-archive") is "maven", ecosystem("Debian:12") is "deb".
    """
    said = word.strip().lower()
    if said in _ECOSYSTEMS:
        return _ECOSYSTEMS[said]
    family = system(said.partition(":")[0])
    return OF_SYSTEMS.get(family, said)


def system(family: str) -> str:
    """The ID that os-release(5) has for a distribution, whatever a tool calls it; "" for none."""
    return release(family, "")


def guessed(name: str, version: str) -> str:
    """The ecosystem that a name and a version can only be of; "" when they could be of several."""
    name, version = name[:_LONGEST], version[:_LONGEST]  # the patterns take the square of the length
    for kind, of_version, of_name in _LOOKS:
        if (of_version and of_version.search(version)) or (of_name and of_name.match(name)):
            return kind
    return ""


def located(
    name: str,
    version: str,
    *,
    kind: str = "",
    purl: str = "",
    family: str = "",
    os_version: str = "",
    architecture: str = "",
    **more: Any,
) -> ReportedPackage:
    """A package with the coordinates of its URL; of the report's other words where it has none.

    `kind` is the tool's word. `family` and `os_version` name the distribution that it is of, and are passed over for
    packages of a language; with a `family` alone, the package is taken for one of the distribution.
    """
    place = coordinates(purl) or _placed(name, kind, version, system(family), architecture)
    of_system = place.ecosystem in _SYSTEM_TYPES
    # The family alone is the release of a distribution that has none; of the others it says too little.
    of_release = of_system and family and (os_version or system(family) in _ROLLING)
    known = release(family, os_version) if of_release else ""
    # Some tools write the epoch only in the URL's qualifier.
    written = place.version if not version or place.version.endswith(f":{version}") else version
    return ReportedPackage(
        ecosystem=place.ecosystem,
        namespace=place.namespace,
        name=place.name,
        version=without_zero_epoch(written) if of_system else written,
        architecture=place.architecture or architecture,
        distribution=known or (place.distribution if of_system else ""),
        **more,
    )


def _placed(name: str, kind: str, version: str, of_system: str, architecture: str) -> Coordinates:
    found = ecosystem(kind) or OF_SYSTEMS.get(of_system, "") or guessed(name, version) or "generic"
    namespace = ""
    if found in _SYSTEM_TYPES:
        namespace = _NAMESPACES.get(of_system, of_system)
    elif found in _GROUPED:
        namespace, _, name = name.rpartition(_GROUPED[found])
    return Coordinates(ecosystem=found, namespace=namespace, name=name, architecture=architecture)


def without_zero_epoch(version: str) -> str:
    """A version of deb or rpm as these write it: an epoch of 0 is left out."""
    return version[2:] if version.startswith("0:") else version
