"""Which versions an advisory holds for affected, in each ecosystem's own order (`orderings.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scanners.advisories.orderings import Unreadable, key
from scanners.advisories.records import Affected, Range
from scanners.records import Record
from scanners.reported import FixStatus

# OSV schema, "Evaluation": of events at one version, what opens comes before what closes.
_EVENT_ORDER = {"introduced": 0, "fixed": 1, "last_affected": 2}
_EVERY_ARCHITECTURE = ("noarch", "all")
# Builds of a module's stream (".module_el8.5.0+2618+8d46dafd", ".module+el8+…") have an order of their own.
_MODULAR = ".module"


class Hit(Record, frozen=True, kw_only=True):
    """The version is affected. `fixed` is the nearest version above it that mends it; "" when none is known."""

    fixed: str = ""


class Undecidable(Record, frozen=True, kw_only=True):
    """Whether the version is affected cannot be told: `reason` names the version that cannot be read."""

    reason: str


def compare(ecosystem: str, a: str, b: str) -> int:
    """Below 0 when `a` is older than `b`, 0 when they are the same, above 0 when it is newer.

    `ecosystem` is a type of package URLs. Raises `Unreadable` for a version that is none of the ecosystem.
    """
    of_a, of_b = key(ecosystem, a), key(ecosystem, b)
    for said, found in ((a, of_a), (b, of_b)):
        if found is None:
            raise Unreadable(f"“{said[:100]}” is no version of {ecosystem}.")
    return int(of_a > of_b) - int(of_a < of_b)


def affects(affected: Affected, version: str, architecture: str = "") -> Hit | Undecidable | None:
    """Whether a version of the package is affected; None when it is not.

    `version` is the source package's where `affected.is_source`. An architecture that is not known is every one.
    """
    if affected.status == FixStatus.NOT_AFFECTED or not _is_on(affected.architectures, architecture):
        return None
    ecosystem, own = affected.ecosystem, key(affected.ecosystem, version)
    fixes, is_held, doubt = [], False, ""
    for one in affected.ranges:
        found = _holds(ecosystem, one, version, own)
        if isinstance(found, str):
            doubt = doubt or found
        elif found:
            is_held = True
            if one.fixed:
                fixes.append(one.fixed)
    if not is_held and _is_named(affected, version, own):
        is_held = True
        fixes = [one.fixed for one in affected.ranges if one.fixed]
    if is_held:
        return Hit(fixed=_nearest(ecosystem, fixes, own))
    return Undecidable(reason=f"“{doubt[:100]}” is no version of {ecosystem}.") if doubt else None


def affects_any(
    several: Iterable[Affected], version: str, architecture: str = ""
) -> Hit | Undecidable | None:
    """What all the statements of one advisory on one package say together: one hit is enough, and every hit must be mended."""
    found = [(one, affects(one, version, architecture)) for one in several]
    hits = [(one.ecosystem, hit) for one, hit in found if isinstance(hit, Hit)]
    if not hits:
        return next((doubt for _, doubt in found if isinstance(doubt, Undecidable)), None)
    fixes = [(key(ecosystem, hit.fixed), hit.fixed) for ecosystem, hit in hits]
    if any(position is None for position, _ in fixes):
        return Hit()
    return Hit(fixed=max(fixes, key=lambda fix: fix[0])[1])


def _is_on(architectures: tuple[str, ...], architecture: str) -> bool:
    return (
        not architectures
        or not architecture
        or architecture in architectures
        or architecture in _EVERY_ARCHITECTURE
    )


def _holds(ecosystem: str, one: Range, version: str, own: object) -> bool | str:
    """Whether a range holds a version; the text that cannot be read when that cannot be told."""
    if _is_everything(one):
        return True
    from_first = one.introduced in ("", "0")
    if own is None:
        return version or "an empty version"
    if ecosystem == "rpm" and one.fixed and (_MODULAR in one.fixed) != (_MODULAR in version):
        return False
    if not from_first:
        first = key(ecosystem, one.introduced)
        if first is None:
            return one.introduced
        if own < first:
            return False
    if one.fixed:
        end = key(ecosystem, one.fixed)
        return one.fixed if end is None else bool(own < end)
    if one.last_affected:
        end = key(ecosystem, one.last_affected)
        return one.last_affected if end is None else bool(own <= end)
    return True


def _is_named(affected: Affected, version: str, own: object) -> bool:
    if version in affected.versions:
        return True
    if own is None:
        return False
    named = (key(affected.ecosystem, one) for one in affected.versions)
    return any(found is not None and found == own for found in named)


def _nearest(ecosystem: str, fixes: list[str], own: object) -> str:
    if len(fixes) < 2 and own is None:
        return next(iter(fixes), "")
    above = [(found, fix) for fix in fixes if (found := key(ecosystem, fix)) is not None]
    above = [(found, fix) for found, fix in above if own is None or found > own]
    return min(above, key=lambda pair: pair[0])[1] if above else ""


def ranges(ecosystem: str, events: Iterable[tuple[str, str]]) -> tuple[Range, ...]:
    """The ranges that one list of OSV's events describes: (introduced | fixed | last_affected | limit, version), in any order.

    A limit ends a range as a fix does: nothing from it on is said to be affected. Events of which one cannot be read stay
    in the order in which they were written.
    """
    told = list(events)
    if len(told) == 2 and told[0] == ("introduced", "0") and told[1][0] == "fixed":
        return () if told[1][1] == "0" else (Range(fixed=told[1][1]),)  # nine of ten
    limits = [version for kind, version in told if kind == "limit"]
    marked = [
        (kind, version, _position(ecosystem, version)) for kind, version in told if kind in _EVENT_ORDER
    ]
    if all(position is not None for _, _, position in marked):
        marked.sort(key=lambda event: (event[2], _EVENT_ORDER[event[0]]))
    found: list[Range] = []
    opened: str | None = None
    for kind, version, _ in marked:
        if kind == "introduced":
            opened = version if opened is None else opened
        elif opened is not None:
            found.append(
                Range(introduced=opened, fixed=version)
                if kind == "fixed"
                else Range(introduced=opened, last_affected=version)
            )
            opened = None
    if opened is not None:
        found.append(Range(introduced=opened))
    found = [one for one in found if one.fixed != "0"]
    limit = _limit(ecosystem, limits) if limits else None
    return tuple(found if limit is None else _before(ecosystem, found, limit))


def outside(ecosystem: str, held: tuple[Range, ...], listed: Iterable[str]) -> tuple[str, ...]:
    """The versions of a list that none of the ranges holds, each once; those that cannot be read are among them."""
    if any(_is_everything(one) for one in held):
        return ()
    # A build of a module and one of none are not held by each other's ranges: then all are kept.
    bounds = [] if ecosystem == "rpm" else [*_bounds(ecosystem, held)]
    found: dict[str, None] = {}
    for version in listed:
        own = key(ecosystem, version)
        if own is not None:
            for first, end, is_before in bounds:
                if (first is None or first <= own) and (
                    end is None or (own < end if is_before else own <= end)
                ):
                    break
            else:
                found[version] = None
        elif version:
            found[version] = None
    return tuple(found)


def _bounds(ecosystem: str, held: tuple[Range, ...]) -> Iterator[tuple[Any, Any, bool]]:
    """(first version, end, whether the end itself is outside) of the ranges that can be read; None for no bound."""
    for one in held:
        said = one.fixed or one.last_affected
        from_first = one.introduced in ("", "0")
        first = None if from_first else key(ecosystem, one.introduced)
        end = key(ecosystem, said) if said else None
        if (first is not None or from_first) and (end is not None or not said):
            yield first, end, bool(one.fixed)


def _is_everything(one: Range) -> bool:
    return one.introduced in ("", "0") and not one.fixed and not one.last_affected


def _position(ecosystem: str, version: str) -> tuple[bool, object] | None:
    """Where an event stands; "0" is before every version, also where it is none."""
    if version == "0":
        return False, 0
    found = key(ecosystem, version)
    return None if found is None else (True, found)


def _limit(ecosystem: str, limits: list[str]) -> str | None:
    """The highest limit, as a version is before the limits when it is before one; None for none."""
    readable = [(found, limit) for limit in limits if (found := key(ecosystem, limit)) is not None]
    if "*" in limits or len(readable) < len(limits) or not readable:
        return None
    return max(readable, key=lambda pair: pair[0])[1]


def _before(ecosystem: str, found: list[Range], limit: str) -> Iterable[Range]:
    end = _position(ecosystem, limit)
    for one in found:
        first = _position(ecosystem, one.introduced)
        last = (
            _position(ecosystem, one.fixed or one.last_affected) if one.fixed or one.last_affected else None
        )
        if first is not None and end is not None and first >= end:
            continue
        is_within = last is not None and end is not None and (last <= end if one.fixed else last < end)
        yield one if is_within else Range(introduced=one.introduced, fixed=limit)
