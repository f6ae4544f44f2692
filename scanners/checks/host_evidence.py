"""What checks on the probe's document share: a fact that could not be read is never taken for one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from scanners.checks.check import Verdict, failed, not_applicable, not_measured, passed
from scanners.checks.configured import Configured, sources_of
from scanners.host import HostContainerFacts, HostFacts, Process
from scanners.records import Outcome


def told(facts: HostFacts, pointer: str) -> str:
    """Why a fact was not measured, in words that name it; "" when it was."""
    why = facts.why(pointer)
    return f"{pointer[1:].replace('/', '.').replace('~1', '/')}: {why}" if why else ""


def unread(facts: HostFacts, *pointers: str) -> Verdict | None:
    """Not measured, with the reasons, when one of these facts could not be read; None when all could be."""
    reasons = []
    for pointer in pointers:
        if reason := told(facts, pointer):
            reasons.append(reason)
        elif getattr(facts, pointer.split("/")[1]) is None:
            reasons.append(f"{pointer[1:].replace('/', '.')}: the probe does not tell")
    return not_measured(*sorted(set(reasons))) if reasons else None


def sysctls(facts: HostFacts, wanted: Mapping[str, Collection[str]]) -> Verdict:
    """Fail when one of the settings (name -> accepted values) has another value, or this kernel lacks it."""
    wrong: list[str] = []
    right: list[str] = []
    missing: list[str] = []
    for name, accepted in wanted.items():
        if (verdict := unread(facts, f"/sysctls/{name}")) is not None:
            missing += verdict.evidence
            continue
        value = (facts.sysctls or {}).get(name)
        if value in accepted:
            right.append(f"{name} is {value}")
        else:
            said = "not offered by this kernel" if value is None else f"{value}"
            wrong.append(f"{name} is {said}, not {' or '.join(accepted)}")
    if wrong:
        return failed(*wrong, *missing)
    return not_measured(*missing) if missing else passed(*right)


def in_force(
    facts: HostContainerFacts, name: str, compare: Callable[[Configured, Process], Verdict]
) -> Verdict:
    """Compare what a container was told with what its first process shows of the fact `name`.

    The bundle's word holds where it and the engine's settings agree. Where only the engine's promise is broken the
    settings that people see are not in force, which is a failure too.
    """
    container = facts.container
    if container.status == "stopped":
        return not_applicable("no process runs")
    sources = sources_of(facts)
    missing = [part for part in ("process", "bundle") if getattr(container, part) is None]
    if container.process is None or not sources:
        return not_measured(f"{missing[0]}: {facts.why(missing[0]) or 'not found on the host'}")
    if why := facts.why(f"process/{name}"):
        return not_measured(f"{name}: {why}")
    verdicts = [compare(source, container.process) for source in sources]
    broken = [verdict for verdict in verdicts if verdict.outcome is Outcome.FAIL]
    return (broken or verdicts)[0]


def of_bundle(facts: HostContainerFacts) -> Verdict | None:
    """Why a bundle is not judged: its container is known to an engine that is judged itself, or it is not readable."""
    container = facts.container
    if container.manager in ("docker", "kubernetes"):
        return not_applicable(f"started by {container.manager}, whose own settings are judged")
    if container.bundle is None:
        return not_measured(f"bundle: {facts.why('bundle') or 'not found on the host'}")
    return None


# What one of several parts gives the whole: the first of these that any part has.
_WORST_FIRST = (Outcome.FAIL, Outcome.NOT_MEASURED, Outcome.MANUAL, Outcome.PASS, Outcome.NOT_APPLICABLE)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The outcome of the worst part, with the evidence and the highest severity of all that have it."""
    for outcome in _WORST_FIRST:
        if parts := [verdict for verdict in verdicts if verdict.outcome is outcome]:
            severities = [part.severity for part in parts if part.severity is not None]
            severity = max(severities) if len(severities) == len(parts) else None
            return Verdict(outcome, tuple(line for part in parts for line in part.evidence), severity)
    raise ValueError("no part was judged")


def bits_beyond(mode: str, limit: int) -> int | None:
    """The bits of an octal mode that a limit does not have; None for what is no mode."""
    try:
        return int(mode, 8) & 0o7777 & ~limit
    except ValueError:
        return None


def decided(wrong: Collection[str], right: str) -> Verdict:
    return failed(*wrong) if wrong else passed(right)
