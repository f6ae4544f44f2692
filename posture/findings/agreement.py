"""Do the tools agree, and is there a fix: what several words on one finding come to. The rules stand here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from posture.findings.choices import AGREEMENT_NUMBER, DISPUTED, SINGLE_SOURCE, Agreement
from posture.vulnerabilities.choices import FIX_NUMBER
from scanners.records import Record, Severity
from scanners.reported import FixStatus

STEPS_APART = 2  # critical against medium; one step is how scales are rounded
AGREED = AGREEMENT_NUMBER[Agreement.AGREED]
UNKNOWN, NOT_AFFECTED = FIX_NUMBER[FixStatus.UNKNOWN], FIX_NUMBER[FixStatus.NOT_AFFECTED]
FIXED = FIX_NUMBER[FixStatus.FIXED]
# Which word on a fix goes first where they differ: what can be acted on, then what is decided, then what is open.
_TELLING = tuple(
    FIX_NUMBER[status]
    for status in (
        FixStatus.FIXED,
        FixStatus.WILL_NOT_FIX,
        FixStatus.END_OF_LIFE,
        FixStatus.FIX_DEFERRED,
        FixStatus.UNDER_INVESTIGATION,
        FixStatus.AFFECTED,
    )
)


class Word(Record, frozen=True, kw_only=True):
    """What one tool says of one finding. `status` is a number of `vulnerabilities.choices`. `outranks` says that its
    severity comes from who made the package, and goes before what a general database gives."""

    severity: Severity | None = None
    status: int = 0
    fixed_versions: tuple[str, ...] = ()
    outranks: bool = False


def silent(ecosystem: str, witnesses: Mapping[str, Collection[str]], speaking: Collection[str]) -> set[str]:
    """Tools that looked through the image for vulnerabilities in this ecosystem (tool -> ecosystems that it listed there)
    and are not among those `speaking` of the finding."""
    return {
        tool
        for tool, listed in witnesses.items()
        if tool not in speaking and ecosystem and ecosystem in listed
    }


def agreement(words: Iterable[Word], silent: Collection[str] = ()) -> int:
    """Number of the agreement on one finding, from the present words of the tools that report it.

    Disputed: a tool that looked through the whole image for vulnerabilities, and lists packages of this ecosystem in it,
    does not report it (what a tool itself calls not affected is not reported); or one of several words says not affected;
    or the severities given lie two steps or more apart, as critical and medium do. A severity that is not given differs
    from none, and so does a fix. Agreed: not disputed, and at least two tools report it. One source: what is left.
    """
    words = list(words)
    given = [word.severity for word in words if word.severity is not None]
    denied = sum(word.status == NOT_AFFECTED for word in words)
    if silent or 0 < denied < len(words) or (given and max(given) - min(given) >= STEPS_APART):
        return DISPUTED
    return AGREED if len(words) > 1 else SINGLE_SOURCE


def severity(words: Iterable[Word]) -> Severity:
    """The worst severity among those who made the package, else among all; LOW when nobody gives one."""
    words = list(words)
    of_makers = [word.severity for word in words if word.outranks and word.severity is not None]
    given = of_makers or [word.severity for word in words if word.severity is not None]
    return max(given, default=Severity.LOW)


def fix(words: Iterable[Word]) -> int:
    """Number of the fix status: what those who made the package say, else what anybody says; of several words the one that
    can be acted on. A word "fixed" without a version is none: nobody could upgrade to it."""
    words = list(words)
    for part in ([word for word in words if word.outranks], words):
        said = {word.status for word in part if word.status != FIXED or word.fixed_versions}
        for status in _TELLING:
            if status in said:
                return status
    return UNKNOWN


def fixed_versions(words: Iterable[Word]) -> list[str]:
    """The versions that mend it: those named by who made the package, else by anybody, in the order told."""
    words = list(words)
    for part in ([word for word in words if word.outranks], words):
        if versions := [version for word in part if word.status == FIXED for version in word.fixed_versions]:
            return list(dict.fromkeys(versions))
    return []
