"""Versions of runtimes and engines on a probed host, and what their numbers are worth.

A distribution fixes flaws under an unchanged number. Debian and Ubuntu mark such builds in the version itself; Red Hat,
Alpine and others do not, so the list of installed packages tells whose build a program is.
"""

from __future__ import annotations

from collections.abc import Callable

from scanners.checks.check import Verdict, not_applicable, not_measured
from scanners.checks.host_evidence import told, unread
from scanners.host import HostFacts
from scanners.records import Outcome

# The names under which distributions package a program. Vendors' packages have others: docker-ce, containerd.io.
_DISTRIBUTION_PACKAGES = {
    "dockerd": ("docker.io", "docker", "moby-engine", "docker-engine"),
    "containerd": ("containerd", "containerd-app"),
    "runc": ("runc", "runc-app", "opencontainers-runc"),
    "crun": ("crun",),
    "podman": ("podman",),
}


def judge_version_of(facts: HostFacts, program: str, judge: Callable[[str], Verdict]) -> Verdict:
    """What `judge` says of the program's version; not applicable when the program is not on the host.

    A failure by number is one of an upstream build only: of a distribution's build, or one whose origin is not
    known because the packages could not be read, it is not measured and the flaws are named.
    """
    if (verdict := unread(facts, "/runtimes", f"/runtimes/{program}")) is not None:
        return verdict
    found = (facts.runtimes or {}).get(program)
    if found is None:
        return not_applicable(f"{program} is not on this host")
    if not found.version:
        return not_measured(told(facts, f"/runtimes/{program}/version") or f"{program} tells no version")
    verdict = judge(found.version)
    if verdict.outcome not in (Outcome.FAIL, Outcome.MANUAL):
        return verdict
    if (unknown := unread(facts, "/packages/manager", "/packages/installed")) is not None:
        return not_measured("whose build it is, is not known", *unknown.evidence, *verdict.evidence)
    if facts.packages is None or facts.packages.manager is None:
        return not_measured(
            "whose build it is, is not known: the host has no known package manager", *verdict.evidence
        )
    names = _DISTRIBUTION_PACKAGES.get(program, ())
    packages = facts.packages.installed or ()
    for package in packages:
        if package.name in names:
            return not_measured(
                f"{program} is of the package {package.name} {package.version}: the distribution's advisories"
                " decide, not the number",
                *verdict.evidence,
            )
    return verdict
