"""Rules of the kernel's audit system, in auditctl's words, and whether they watch a path."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping

import msgspec

from scanners.checks.check import Verdict
from scanners.checks.docker_host import docker_of, per_number
from scanners.checks.host_evidence import told, unread
from scanners.checks.host_paths import is_at_or_below, normal
from scanners.host import Docker, HostFacts
from scanners.records import Outcome

# Folders that are links to others on every distribution of today. The kernel follows them when a rule is loaded.
_LINKS = {"/var/run": "/run", "/bin": "/usr/bin", "/sbin": "/usr/sbin", "/lib": "/usr/lib"}
_EVERYTHING = frozenset("rwxa")


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
    for flag, value in zip(words, [*words[1:], ""], strict=True):
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


def judge_watched(facts: HostFacts, numbers: Mapping[str, Collection[str]], permissions: str) -> Verdict:
    """Whether loaded rules watch what stands under each number of the CIS Docker Benchmark.

    `numbers` gives paths, or their ends where folders differ ("bin/dockerd"). Not applicable for what is not on the
    host. Rules in files that are not loaded do not count; without a running audit system none counts.
    """
    docker = docker_of(facts, "watched")
    if isinstance(docker, Verdict):
        return docker
    objects = {number: _found(facts, docker, wanted) for number, wanted in numbers.items()}
    outcomes: dict[str, Outcome] = {}
    wrong: list[str] = []
    unclear: list[str] = []
    right: list[str] = []
    off = _is_off(facts)
    missing = None if off else unread(facts, "/audit/is_running", "/audit/enabled", "/audit/rules")
    loaded = facts.audit.rules if facts.audit is not None else None
    watches = [watch for rule in loaded or () if (watch := watch_of(rule)) is not None]
    for number, (paths, reasons) in objects.items():
        bare = [p for p in paths if not any(watch.covers(real(p), permissions) for watch in watches)]
        if paths and off:
            outcomes[number] = Outcome.FAIL
        elif paths and missing is not None:
            outcomes[number] = Outcome.NOT_MEASURED
            unclear += missing.evidence
        elif bare:
            outcomes[number] = Outcome.FAIL
            wrong += [f"no loaded rule watches {path} for {permissions}" for path in bare]
        elif reasons:
            outcomes[number] = Outcome.NOT_MEASURED
            unclear += reasons
        else:
            outcomes[number] = Outcome.PASS if paths else Outcome.NOT_APPLICABLE
            right += [f"{path} is watched" for path in paths]
    return per_number(outcomes, [off, *wrong] if off else wrong, sorted(set(unclear)), right)


def _is_off(facts: HostFacts) -> str:
    if facts.audit is None:
        return ""
    if facts.audit.is_running is False:
        return "the audit system does not run"
    return "the kernel's audit system is off (enabled 0)" if facts.audit.enabled == 0 else ""


def _found(facts: HostFacts, docker: Docker, wanted: Collection[str]) -> tuple[list[str], list[str]]:
    """The objects that exist, and why it is not known of the others."""
    paths = {real(item) for item in wanted if item.startswith("/")}
    ends = tuple(item for item in wanted if not item.startswith("/"))
    known = {
        path: exists for path, exists in docker.watched.items() if real(path) in paths or path.endswith(ends)
    }
    reasons = [why for path in known if (why := told(facts, "/docker/watched/" + path.replace("/", "~1")))]
    if not known:
        reasons = [f"the probe does not tell whether there is {' or '.join(wanted)}"]
    return sorted(path for path, exists in known.items() if exists), reasons
