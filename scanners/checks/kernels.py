"""Kernel releases: which one is newer, and who built it."""

from __future__ import annotations

import re

from scanners.host import HostFacts, Kernel

# Marks of distributions in a release or in the text of its build.
_DISTRIBUTION_MARKS = re.compile(
    r"Debian|Ubuntu|\+deb\d|\.el\d|\.fc\d|\.amzn|\.azl|-default$|-lts$|-virt$|-cos|-flatcar|-\d+-(?:amd64|arm64)$"
)
_SAME_BUILD = {"deb", "el", "fc", "amzn"}  # words that name a distribution's release, not a flavour


def newer_installed(kernel: Kernel) -> str:
    """The newest installed release of the running kernel's flavour that is newer than it; "" when it is the newest."""
    running = kernel.release or ""
    candidates = [
        release
        for release in kernel.installed
        if _flavour(release) == _flavour(running) and _numbers(release) > _numbers(running)
    ]
    return max(candidates, key=_numbers, default="")


def is_distributions(facts: HostFacts) -> bool:
    """Whether the running kernel came with the distribution: by its marks, or by a package of that release."""
    kernel = facts.kernel or Kernel()
    release = kernel.release or ""
    if _DISTRIBUTION_MARKS.search(release) or _DISTRIBUTION_MARKS.search(kernel.version or ""):
        return True
    packages = facts.packages.installed or () if facts.packages is not None else ()
    return bool(release) and any(
        package.version == release or (package.name.endswith(release) and _is_kernel(package.name, release))
        for package in packages
    )


def _is_kernel(package: str, release: str) -> bool:
    return package == release or package.startswith(("linux-image", "linux-modules", "kernel"))


def _numbers(release: str) -> list[int]:
    return [int(digits[:18]) for digits in re.findall(r"[0-9]+", release)]


def _flavour(release: str) -> set[str]:
    return set(re.findall(r"[a-z]+", release)) - _SAME_BUILD
