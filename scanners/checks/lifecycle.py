"""Life cycles and known flaws of engines, runtimes, kernels and distributions, and the verdict that follows from them.

The facts lie in `lifecycle.yaml`, which is replaced when newer data is published; `as_of` is its day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

import msgspec
from packaging.version import InvalidVersion, Version

from scanners.checks.check import Verdict, failed, manual, not_measured, passed
from scanners.checks.policy import Policy
from scanners.records import Severity

FILE = Path(__file__).parent / "lifecycle.yaml"
END_WARNING_DAYS = 60  # a line that ends sooner is named in the evidence of a pass

# Suffixes of builds by Linux distributions: fixes are backported, so the number alone says little.
_DISTRIBUTION_BUILD = re.compile(r"\+ds|\+dfsg|~|ubuntu|deb\d|\.el\d|\.fc\d|amzn|alpine|-r\d+$")

_UPSTREAM_NUMBER = re.compile(r"v?(\d{1,9}(?:\.\d{1,9})*(?:-?rc\.?\d{1,9})?)")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release line. `eol` None means open when the data was taken; `latest` None means not recorded."""

    line: str
    eol: date | None
    latest: str | None = None
    note: str = ""


class Flaw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published flaw. A version is affected when introduced <= version < fixed of one of its ranges.

    A range whose end is "unknown" has no published fix of this line.
    """

    id: str
    kind: str
    severity: str
    affected: tuple[tuple[str, str], ...]
    fixed: tuple[str, ...]
    note: str = ""

    def affects(self, version: Version) -> bool:
        return any(
            Version(start) <= version < Version(end) for start, end in self.affected if end != "unknown"
        )

    def may_affect(self, version: Version) -> bool:
        return any(Version(start) <= version for start, end in self.affected if end == "unknown")


class Lifecycle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything known on `as_of`: product -> its lines, newest first, and component -> its flaws."""

    as_of: date
    sources: tuple[str, ...]
    lines: dict[str, tuple[Line, ...]]
    flaws: dict[str, tuple[Flaw, ...]]

    def line_of(self, product: str, version: Version) -> Line | None:
        """The line that a version belongs to, by the leading numbers: 26.1.5 is of "26.1"."""
        for line in self.lines.get(product, ()):
            numbers = tuple(int(part) for part in line.line.split(".")) if line.line != "all" else ()
            if version.release[: len(numbers)] == numbers:
                return line
        return None


LIFECYCLE = msgspec.yaml.decode(FILE.read_bytes(), type=Lifecycle)
_FLAWS = MappingProxyType(LIFECYCLE.flaws)


def parse_version(text: str) -> Version | None:
    """A comparable version, or None for a distribution's build and for text that is no version."""
    if _DISTRIBUTION_BUILD.search(text):
        return None
    try:
        return Version(text.strip().removesuffix("-ce"))
    except InvalidVersion:
        return None


def judge_version(text: str, label: str) -> Version | Verdict:
    """The comparable version, or the verdict that says why there is none."""
    version = parse_version(text)
    if version is not None:
        return version
    if _DISTRIBUTION_BUILD.search(text):
        return not_measured(
            f"{label} {text} is a distribution's build: its advisories decide, not the number"
        )
    return not_measured(f"{label} {text!r} is not a version that can be compared")


def judge_flaws(component: str, text: str, label: str) -> Verdict:
    """Fail when a published flaw affects the version, with the severity of the worst one."""
    version = judge_version(text, label)
    if isinstance(version, Verdict):
        return not_measured(*version.evidence, *_upstream_flaws(component, text))
    what = f"{label} {text}"
    if (flawed := _flaw_verdict(component, version, what)) is not None:
        return flawed
    return _open_flaws(component, version, what) or passed(what)


def judge_support(product: str, text: str, label: str, policy: Policy) -> Verdict:
    """Fail when the version's line has ended, it lacks a fix, or its patch level is too far behind.

    The newest patch level counts as due once the data that names it is older than the policy's grace days.
    Flaws without a published fix number ask a person.
    """
    version = judge_version(text, label)
    if isinstance(version, Verdict):
        return not_measured(*version.evidence, *_upstream_flaws(product, text))
    line = LIFECYCLE.line_of(product, version)
    if line is None:
        return not_measured(f"{label} {text} is of a line that the life-cycle data does not know")
    what = f"{label} {text}"
    if _has_ended(line.eol, policy) and not _is_extended(product, line.line, policy):
        return failed(f"{what}: support of line {line.line} ended on {line.eol}")
    flawed = _flaw_verdict(product, version, what)
    if flawed is not None:
        return flawed
    if line.latest is not None and version < Version(line.latest):
        behind = f"{what}: {line.latest} was the newest of line {line.line} on {LIFECYCLE.as_of}"
        if policy.is_older(_midnight(LIFECYCLE.as_of), policy.patch_grace_days):
            return failed(behind)
        return manual(behind, "whether it is older than the grace period is not in the data")
    if (unfixed := _open_flaws(product, version, what)) is not None:
        return unfixed
    if line.eol is not None and policy.is_within(_midnight(line.eol), END_WARNING_DAYS):
        return passed(f"{what}: support of line {line.line} ends on {line.eol}")
    return passed(what)


def _flaw_verdict(component: str, version: Version, what: str) -> Verdict | None:
    flaws = [flaw for flaw in _FLAWS.get(component, ()) if flaw.affects(version)]
    if not flaws:
        return None
    worst = max(Severity[flaw.severity.upper()] for flaw in flaws)
    lines = [f"{what}: {flaw.id}, {flaw.kind}" for flaw in flaws]
    return failed(*lines, severity=worst)


def _open_flaws(component: str, version: Version, what: str) -> Verdict | None:
    flaws = [flaw.id for flaw in _FLAWS.get(component, ()) if flaw.may_affect(version)]
    return manual(f"{what}: whether {', '.join(flaws)} is fixed in it is not published") if flaws else None


def _upstream_flaws(component: str, text: str) -> list[str]:
    """What the number of a distribution's build would mean upstream: the flaws that its advisories must answer for."""
    number = _UPSTREAM_NUMBER.match(text.replace("~rc", "rc"))
    if number is None:
        return []
    version = Version(number[1])
    flaws = [flaw.id for flaw in _FLAWS.get(component, ()) if flaw.affects(version)]
    return [f"upstream, {number[1]} has {', '.join(flaws)}"] if flaws else []


def _has_ended(end: date | None, policy: Policy) -> bool:
    return end is not None and policy.is_older(_midnight(end), 1)


def _is_extended(product: str, line: str, policy: Policy) -> bool:
    return any(
        (contract.product, contract.line) == (product, line) and not _has_ended(contract.until, policy)
        for contract in policy.extended_support
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
