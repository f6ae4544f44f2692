"""Rules of the kernel's audit system, in auditctl's words, and whether they watch a path."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from scanners.checks.check import Verdict
from scanners.checks.docker_host import docker_of, per_number
from scanners.checks.host_evidence import told, unread
from scanners.checks.host_paths import is_at_or_below, normal
from scanners.host import HostFacts
from scanners.records import Outcome

# Folders that are links to others on every distribution of today. The kernel follows them when a rule is loaded.
_LINKS = {"/var/run": "/run", "/bin": "/usr/bin", "/sbin": "/usr/sbin", "/lib": "/usr/lib"}
_EVERYTHING = frozenset("rwxa")
SOCKETS = "1.1.9"


class Watch(msgspec.Struct, frozen=True):
    """A rule on a path. `below`: it holds for everything below as well."""

    path: str
    below: bool
    permissions: frozenset[str]

    def covers(self, path: str, permissions: Iterable[str]) -> bool:
        if not self.permissions.issuperset(permissions):
            return False
        return is_at_or_below(path, self.path) if self.below else path == self.path


def real(path: str) -> str:
    path = normal(path)
    for link, target in _LINKS.items():
        if is_at_or_below(path, link):
            return target + path[len(link) :]
    return path


def watch_of(rule: str) -> Watch | None:
    """What a rule watches; None for a rule without a path, or one that only some users, calls or results meet."""
    try:
        words = shlex.split(rule)
    except ValueError:
        return None
    path, below, permissions, always = "", False, _EVERYTHING, True
    for flag, value in pairwise([*words, ""]):
        if flag == "-w":
            path, below = value, True
        elif flag == "-p":
            permissions = frozenset(value)
        elif flag in ("-a", "-A"):
            always = set(value.split(",")) == {"always", "exit"}
        elif flag == "-S":
            always = always and value == "all"
        elif flag in ("-F", "-C"):
            name, _, said = value.partition("=")
            if name in ("path", "dir"):
                path, below = said, name == "dir"
            elif name == "perm":
                permissions = frozenset(said)
            elif name not in ("key", "arch"):
                always = False
    return Watch(real(path), below, permissions) if path and always else None


def judge_watched(facts: HostFacts, numbers: Iterable[str], permissions: str) -> Verdict:
    """Whether loaded rules watch the objects of these numbers of the CIS Docker Benchmark.

    Not applicable for what is not on the host. Rules in files that are not loaded do not count; without a running
    audit system none counts.
    """
    docker = docker_of(facts, "watched", "watched_as")
    if isinstance(docker, Verdict):
        return docker
    outcomes: dict[str, Outcome] = {}
    wrong: list[str] = []
    unclear: list[str] = []
    right: list[str] = []
    off = _is_off(facts)
    missing = None if off else unread(facts, "/audit/is_running", "/audit/enabled", "/audit/rules")
    loaded = facts.audit.rules if facts.audit is not None else None
    watches = [watch for rule in loaded or () if (watch := watch_of(rule)) is not None]
    for number in numbers:
        names = docker.watched_as.get(number, ())
        there = {path for path in names if docker.watched.get(path)}
        hidden = [path for path in names if docker.watched.get(path) is None]
        bare = sorted(there - _covered(number, there, watches, permissions))
        if there and off:
            outcomes[number] = Outcome.FAIL
        elif there and missing is not None:
            outcomes[number] = Outcome.NOT_MEASURED
            unclear += missing.evidence
        elif bare:
            outcomes[number] = Outcome.FAIL
            wrong += [f"no loaded rule watches {path} for {permissions}" for path in bare]
        elif hidden or not names:
            outcomes[number] = Outcome.NOT_MEASURED
            unclear += [_why_hidden(facts, path) for path in hidden] or [f"{number}: the probe does not tell"]
        else:
            outcomes[number] = Outcome.PASS if there else Outcome.NOT_APPLICABLE
            right += [f"{path} is watched" for path in sorted(there)]
    return per_number(outcomes, [off, *wrong] if off else wrong, sorted(set(unclear)), right)


def _covered(number: str, names: set[str], watches: Iterable[Watch], permissions: str) -> set[str]:
    """The names that a rule covers. A rule on one name of an object is one on all; sockets are objects of their own."""
    by_object: dict[str, set[str]] = {}
    for name in names:
        by_object.setdefault(real(name) if number == SOCKETS else number, set()).add(name)
    return {
        name
        for same in by_object.values()
        if any(watch.covers(real(one), permissions) for watch in watches for one in same)
        for name in same
    }


def _is_off(facts: HostFacts) -> str:
    if facts.audit is None:
        return ""
    if facts.audit.is_running is False:
        return "the audit system does not run"
    return "the kernel's audit system is off (enabled 0)" if facts.audit.enabled == 0 else ""


def _why_hidden(facts: HostFacts, path: str) -> str:
    return told(facts, "/docker/watched/" + path.replace("~", "~0").replace("/", "~1")) or f"{path}: not told"
