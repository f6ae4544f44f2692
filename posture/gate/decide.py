"""Whether an image may be deployed: a policy's rules, one by one, on what is known of the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from scanners.records import Record, Severity

EXAMPLES = 10


class Rules(Record, frozen=True, kw_only=True):
    """What a policy demands: see `posture.gate.models.GatePolicy`."""

    refuse_severity: Severity | None = None
    only_fixable: bool = False
    only_in_use: bool = False
    grace_days: int = 0
    refuse_exploited: bool = True
    refuse_epss: float | None = None
    refuse_secrets: bool = True
    max_age_days: int | None = None
    require_scan: bool = True
    require_signature: bool = False


class Present(Record, frozen=True, kw_only=True):
    """One vulnerability of the image. `is_unused` is True only where its package was watched and not seen in use; `known_since`
    is the day from which `grace_days` count."""

    key: str
    package: str
    severity: Severity
    fixed_versions: tuple[str, ...] = ()
    is_exploited: bool = False
    epss: float | None = None
    is_unused: bool = False
    known_since: datetime | None = None


class Facts(Record, frozen=True, kw_only=True):
    """What is known of an image. `signature` is verified, untrusted, unsigned, or not_measured."""

    name: str
    digest: str = ""
    created_at: datetime | None = None
    is_scanned: bool = False
    vulnerabilities: tuple[Present, ...] = ()
    secrets: tuple[str, ...] = ()
    signature: str = "not_measured"


class Reason(Record, frozen=True, kw_only=True):
    """Why an image is refused: the rule, in words, how often, and the worst of them."""

    rule: str
    text: str
    count: int = 1
    examples: tuple[str, ...] = ()


def reasons(rules: Rules, facts: Facts, now: datetime) -> list[Reason]:
    """Every reason to refuse the image; none: it is allowed. What is not known refuses where a rule asks for it."""
    return list(_reasons(rules, facts, now))


def _reasons(rules: Rules, facts: Facts, now: datetime) -> Iterator[Reason]:
    if rules.require_scan and not facts.is_scanned:
        yield Reason(rule="require_scan", text="Nothing has looked for vulnerabilities in it.")
    if rules.refuse_exploited and (found := [one for one in facts.vulnerabilities if one.is_exploited]):
        yield _vulnerable("refuse_exploited", "known to be exploited", found)
    if rules.refuse_severity is not None:
        counted = [
            one
            for one in facts.vulnerabilities
            if one.severity >= rules.refuse_severity and _counts(one, rules, now)
        ]
        if counted:
            yield _vulnerable(
                "refuse_severity", f"of severity {rules.refuse_severity.label} or worse", counted
            )
    if rules.refuse_epss is not None:
        likely = [
            one
            for one in facts.vulnerabilities
            if one.epss is not None and one.epss >= rules.refuse_epss and _counts(one, rules, now)
        ]
        if likely:
            yield _vulnerable("refuse_epss", f"with an EPSS of {rules.refuse_epss:.1%} or more", likely)
    if rules.refuse_secrets and facts.secrets:
        yield Reason(
            rule="refuse_secrets",
            text="It holds secrets.",
            count=len(facts.secrets),
            examples=facts.secrets[:EXAMPLES],
        )
    if rules.max_age_days is not None:
        yield from _age(rules.max_age_days, facts.created_at, now)
    if rules.require_signature and facts.signature != "verified":
        yield Reason(rule="require_signature", text=_UNSIGNED[facts.signature])


_UNSIGNED = {
    "untrusted": "It is signed, but by nobody whom this environment trusts.",
    "unsigned": "It is not signed.",
    "not_measured": "Whether it is signed is not measured.",
}


def _counts(one: Present, rules: Rules, now: datetime) -> bool:
    if rules.only_fixable and not one.fixed_versions:
        return False
    if rules.only_in_use and one.is_unused:
        return False
    since = one.known_since
    return not rules.grace_days or since is None or since <= now - timedelta(days=rules.grace_days)


def _vulnerable(rule: str, what: str, found: Sequence[Present]) -> Reason:
    number = len(found)
    return Reason(
        rule=rule,
        text=f"{number} {'vulnerability' if number == 1 else 'vulnerabilities'} {what}.",
        count=number,
        examples=tuple(_worst(found)),
    )


def _worst(found: Iterable[Present]) -> Iterator[str]:
    for one in sorted(found, key=lambda one: (-one.severity, -(one.epss or 0.0), one.key))[:EXAMPLES]:
        fix = f", fixed in {one.fixed_versions[0]}" if one.fixed_versions else ""
        yield f"{one.key} in {one.package} ({one.severity.label}{fix})"


def _age(most: int, created_at: datetime | None, now: datetime) -> Iterator[Reason]:
    if created_at is None:
        yield Reason(rule="max_age_days", text="How old it is is not known.")
    elif (days := (now - created_at).days) > most:
        yield Reason(rule="max_age_days", text=f"It was built {days} days ago; at most {most} are allowed.")
