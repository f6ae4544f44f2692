"""Where hosts that should be alike are not: setting by setting, "different" apart from "not measured"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scanners.defences.settings import SETTINGS, Setting, Unread, escaped
from scanners.records import Record

# Subjects that a host need not have: null without a reason means that it has not. For others it means an older probe.
MAY_BE_ABSENT = frozenset({"docker"})
PACKAGES = "/packages/installed"
ALIKE = "as on most hosts"

Documents = Mapping[int, Mapping[str, Any]]
Reasons = Mapping[int, Mapping[str, str]]


class Difference(Record, frozen=True, kw_only=True):
    """One setting of a group of hosts.

    `values` are (value, hosts), `not_measured` (reason, hosts), both with the most common first. `absent` are hosts that
    do not have the thing: a kernel without the setting, a profile that is not loaded. `is_different` is False when all
    measured hosts agree and only evidence is missing. `pointer` is the JSON pointer of the fact; an entry of a list, such
    as an audit rule, is a step of its own text, since its position means nothing.
    """

    pointer: str
    name: str
    values: tuple[tuple[str, tuple[int, ...]], ...]
    not_measured: tuple[tuple[str, tuple[int, ...]], ...] = ()
    absent: tuple[int, ...] = ()
    is_different: bool = True


def compare(hosts: Mapping[int, Mapping[str, Any]]) -> tuple[Difference, ...]:
    """The settings in which these hosts (documents of the probe by id) are not known to be alike.

    In the order of `SETTINGS`, entries by name; packages last. Settings that all hosts share are left out. Nothing of an
    odd document raises: what has not the type of the schema counts as absent.
    """
    documents = {host: hosts[host] for host in sorted(hosts)}
    reasons = {host: _reasons(document) for host, document in documents.items()}
    found: list[Difference] = []
    for setting in SETTINGS:
        found += _of_setting(setting, documents, reasons)
    if (packages := _packages(documents, reasons)) is not None:
        found.append(packages)
    return tuple(found)


def _of_setting(setting: Setting, documents: Documents, reasons: Reasons) -> Iterator[Difference]:
    said: dict[str, dict[str, list[int]]] = {}
    gaps: dict[str, dict[int, str]] = {}
    for host, document in documents.items():
        for step, value in _read(setting, document):
            hosts_of = said.setdefault(step, {})
            if isinstance(value, Unread):
                gaps.setdefault(step, {})[host] = value
            else:
                hosts_of.setdefault(value, []).append(host)
    if not said and any(_why(setting.pointer, documents[host], reasons[host]) for host in documents):
        said[""] = {}  # nobody tells it
    for step in sorted(said):
        hosts_of = said[step]
        counted = sum(map(len, hosts_of.values()))
        if len(hosts_of) == 1 and counted == len(documents):
            continue  # nearly all settings of a well-kept group: nothing to build
        yield _difference(setting, step, hosts_of, documents, reasons, gaps.get(step, {}))


def _read(setting: Setting, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    value: Any = document
    for name in setting.pointer.split("/")[1:]:
        if not isinstance(value, Mapping):
            return
        value = value.get(name)
    if value is not None:
        yield from dict(setting.read(value, document)).items()


def _difference(
    setting: Setting,
    step: str,
    hosts_of: Mapping[str, list[int]],
    documents: Documents,
    reasons: Reasons,
    gaps: Mapping[int, str],
) -> Difference:
    pointer = setting.pointer
    if step:
        pointer += "/" + (escaped(step) if setting.is_raw_step else step)
    told = {host for hosts in hosts_of.values() for host in hosts}
    why: dict[str, list[int]] = {}
    absent: list[int] = []
    for host in documents:
        if host not in told:
            reason = gaps.get(host) or _why(pointer, documents[host], reasons[host])
            (why.setdefault(reason, []) if reason else absent).append(host)
    return Difference(
        pointer=pointer,
        name=f"{setting.name} {_for_people(setting, step)}" if step else setting.name,
        values=_most_common_first(hosts_of),
        not_measured=_most_common_first(why),
        absent=tuple(absent),
        is_different=len(hosts_of) + bool(absent and hosts_of) > 1,
    )


def _for_people(setting: Setting, step: str) -> str:
    if setting.is_raw_step:
        return step
    steps = [part.replace("~1", "/").replace("~0", "~") for part in step.removesuffix("/version").split("/")]
    # Below /docker/files the last step is a path, which the subject before it only repeats.
    return steps[-1] if steps[-1].startswith("/") else ".".join(steps)


def _reasons(document: Mapping[str, Any]) -> Mapping[str, str]:
    found = document.get("not_measured")
    return found if isinstance(found, dict) else {}


def _why(pointer: str, document: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    """Why a host does not tell a fact, "" when it does not have it (as `HostFacts.why`)."""
    subject = pointer.split("/")[1]
    while pointer:
        if pointer in reasons:
            return str(reasons[pointer])
        pointer = pointer.rpartition("/")[0]
    if document.get(subject) is None and subject not in MAY_BE_ABSENT:
        return "the probe does not tell"
    return ""


def _most_common_first(hosts_of: Mapping[str, list[int]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    ordered = sorted(hosts_of.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((value, tuple(hosts)) for value, hosts in ordered)


def _packages(documents: Documents, reasons: Reasons) -> Difference | None:
    """How many packages a host has in another version than most hosts, or has alone, or lacks."""
    lists: dict[int, frozenset[tuple[str, str, str]]] = {}
    for host, document in documents.items():
        packages = document.get("packages")
        installed = packages.get("installed") if isinstance(packages, dict) else None
        if isinstance(installed, list | tuple):
            lists[host] = frozenset(_identities(installed))
    if not lists:
        return None
    common = Counter(lists.values()).most_common(1)[0][0]
    names = {(name, architecture) for name, architecture, _ in common}
    hosts_of: dict[str, list[int]] = {}
    for host, found in lists.items():
        changed = (
            {(name, architecture) for name, architecture, _ in found ^ common} if found != common else ()
        )
        unknown = sum(identity not in names for identity in changed)
        other = len(changed) - unknown
        value = f"{other} in another version or missing, {unknown} more" if changed else ALIKE
        hosts_of.setdefault(value, []).append(host)
    if len(hosts_of) == 1 and len(lists) == len(documents):
        return None
    return _difference(Setting(PACKAGES, "Packages"), "", hosts_of, documents, reasons, {})


def _identities(installed: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    for package in installed:
        if isinstance(package, list | tuple) and len(package) >= 2:
            yield str(package[0]), str(package[2]) if len(package) > 2 else "", str(package[1])
