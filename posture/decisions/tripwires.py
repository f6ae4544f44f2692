"""What breaks a decision's premise: pure functions over how things stood and how they stand."""

from __future__ import annotations

from scanners.records import Record


class Wires(Record, frozen=True, kw_only=True):
    """The tripwires of a decision, and how things stood when it was made."""

    on_exploited: bool = False
    on_epss: float | None = None
    on_exposed: bool = False
    on_control: str = ""
    on_version: bool = False
    was_exploited: bool = False
    was_exposed: bool = False
    versions: frozenset[str] = frozenset()


class Situation(Record, frozen=True, kw_only=True):
    """How things stand for one finding that a decision is about."""

    name: str  # what it is on, for people
    is_exploited: bool = False
    epss: float | None = None
    is_exposed: bool = False
    controls: frozenset[str] | None = None  # in force; None: not measured
    version: str = ""


def tripped(wires: Wires, now: Situation) -> str:
    """Why the decision no longer stands, in words; "" while it does."""
    if wires.on_exploited and now.is_exploited and not wires.was_exploited:
        return "The vulnerability is now known to be exploited (CISA KEV)."
    if wires.on_epss is not None and now.epss is not None and now.epss >= wires.on_epss:
        return f"EPSS reached {now.epss:.1%}, the limit was {wires.on_epss:.1%}."
    if wires.on_exposed and now.is_exposed and not wires.was_exposed:
        return f"{now.name} can now be reached from outside."
    if wires.on_control and now.controls is not None and wires.on_control not in now.controls:
        return f"{wires.on_control} is no longer in force on {now.name}."
    if wires.on_version and now.version and now.version not in wires.versions:
        known = ", ".join(sorted(wires.versions)[:3]) or "none"
        return f"The version on {now.name} is now {now.version}; it was decided of {known}."
    return ""
