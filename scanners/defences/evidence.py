"""What the assessments share. A state is said only when no fact that could not be read might change it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from scanners.defences.records import State
from scanners.host import HostContainerFacts, HostFacts

Said = tuple[State, tuple[str, ...]]  # a state and the lines that decided it


class Part(msgspec.Struct, frozen=True):
    """One of several settings that make up a mechanism. `holds` None: it could not be read, and `line` says why."""

    holds: bool | None
    line: str


def unread(facts: HostFacts, *pointers: str) -> tuple[str, ...]:
    """A line for each of these facts that could not be read, with the reason; empty when all could be."""
    lines = []
    for pointer in pointers:
        why = facts.why(pointer)
        if not why and getattr(facts, pointer.split("/")[1]) is None:
            why = "the probe does not tell"
        if why:
            lines.append(f"{pointer[1:].replace('/', '.')}: {why}")
    return tuple(sorted(set(lines)))


def unread_of(facts: HostContainerFacts, *names: str) -> tuple[str, ...]:
    """The same for facts of a container, such as "process/seccomp"; a missing process or bundle is unread as well."""
    lines = []
    for name in names:
        part = name.partition("/")[0]
        why = facts.why(name)
        if not why and getattr(facts.container, part) is None:
            name, why = part, "not found on the host"
        if why:
            lines.append(f"{name.replace('/', '.')}: {why}")
    return tuple(sorted(set(lines)))


def absent(*lines: str) -> Said:
    return State.ABSENT, lines


def permissive(*lines: str) -> Said:
    return State.PERMISSIVE, lines


def not_measured(*lines: str) -> Said:
    return State.NOT_MEASURED, lines


def not_applicable(*lines: str) -> Said:
    return State.NOT_APPLICABLE, lines


def enforcing(*lines: str) -> Said:
    return State.ENFORCING, lines


def setting(facts: HostFacts, name: str, accepted: Collection[str]) -> Part:
    """Whether one kernel setting has an accepted value; a setting that this kernel does not have holds nothing."""
    if lines := unread(facts, f"/sysctls/{name}"):
        return Part(None, lines[0])
    value = (facts.sysctls or {}).get(name)
    return Part(
        value in accepted, f"{name} is {'not offered by this kernel' if value is None else value[:80]}"
    )


def all_of(parts: Iterable[Part]) -> Said:
    """Enforcing when all parts hold, permissive when some do, absent when none does.

    With an unread part only "some do" can be certain: one part holds and another does not.
    """
    found = tuple(parts)
    lines = tuple(part.line for part in found)
    states = {part.holds for part in found}
    if {True, False} <= states:
        return State.PERMISSIVE, lines
    if None in states:
        return State.NOT_MEASURED, lines
    return (State.ENFORCING if True in states else State.ABSENT), lines
