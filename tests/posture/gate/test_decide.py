"""The gate's rules, one by one: what each refuses, and what it leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.gate.decide import Facts, Present, Rules, reasons
from scanners.records import Severity

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOTHING = Rules(refuse_exploited=False, refuse_secrets=False, require_scan=False)


def present(**changes: Any) -> Present:
    return Present(**{"key": "CVE-1", "package": "openssl 3", "severity": Severity.HIGH, **changes})


def refused(rules: dict[str, Any], *vulnerabilities: Present, **facts: Any) -> list[str]:
    from msgspec.structs import replace

    known = Facts(**{"name": "web", "is_scanned": True, "vulnerabilities": vulnerabilities, **facts})
    return [reason.rule for reason in reasons(replace(NOTHING, **rules), known, NOW)]


@pytest.mark.parametrize(
    ("rules", "vulnerability", "is_refused"),
    [
        ({"refuse_severity": Severity.HIGH}, {}, True),
        ({"refuse_severity": Severity.CRITICAL}, {}, False),
        ({"refuse_severity": Severity.HIGH, "only_fixable": True}, {}, False),
        ({"refuse_severity": Severity.HIGH, "only_fixable": True}, {"fixed_versions": ("4",)}, True),
        ({"refuse_severity": Severity.HIGH, "only_in_use": True}, {"is_unused": True}, False),
        ({"refuse_severity": Severity.HIGH, "only_in_use": True}, {}, True),
        (
            {"refuse_severity": Severity.HIGH, "grace_days": 7},
            {"known_since": NOW - timedelta(days=6)},
            False,
        ),
        ({"refuse_severity": Severity.HIGH, "grace_days": 7}, {"known_since": NOW - timedelta(days=7)}, True),
        ({"refuse_severity": Severity.HIGH, "grace_days": 7}, {}, True),
        ({"refuse_exploited": True}, {"is_exploited": True, "severity": Severity.LOW}, True),
        ({"refuse_exploited": True}, {}, False),
        ({"refuse_epss": 0.5}, {"epss": 0.5, "severity": Severity.LOW}, True),
        ({"refuse_epss": 0.5}, {"epss": 0.4}, False),
        ({"refuse_epss": 0.5}, {}, False),
    ],
)
def test_vulnerabilities(rules: dict[str, Any], vulnerability: dict[str, Any], is_refused: bool) -> None:
    assert bool(refused(rules, present(**vulnerability))) is is_refused


def test_nothing_spares_what_is_exploited() -> None:
    rules = {"refuse_exploited": True, "only_fixable": True, "only_in_use": True, "grace_days": 99}
    assert refused(rules, present(is_exploited=True, is_unused=True, known_since=NOW)) == ["refuse_exploited"]


@pytest.mark.parametrize(
    ("rules", "facts", "expected"),
    [
        ({"require_scan": True}, {"is_scanned": False}, ["require_scan"]),
        ({"require_scan": True}, {}, []),
        ({"refuse_secrets": True}, {"secrets": ("a key",)}, ["refuse_secrets"]),
        ({"max_age_days": 30}, {"created_at": NOW - timedelta(days=31)}, ["max_age_days"]),
        ({"max_age_days": 30}, {"created_at": NOW - timedelta(days=30)}, []),
        ({"max_age_days": 30}, {}, ["max_age_days"]),
        ({"require_signature": True}, {"signature": "verified"}, []),
        ({"require_signature": True}, {"signature": "untrusted"}, ["require_signature"]),
        ({"require_signature": True}, {"signature": "unsigned"}, ["require_signature"]),
        ({"require_signature": True}, {}, ["require_signature"]),
        ({}, {"is_scanned": False, "secrets": ("a key",)}, []),
    ],
)
def test_the_image_itself(rules: dict[str, Any], facts: dict[str, Any], expected: list[str]) -> None:
    assert refused(rules, **facts) == expected


def test_the_worst_are_named_first_and_not_all_of_them() -> None:
    many = [present(key=f"CVE-{number}", epss=number / 100) for number in range(30)]
    worst = present(key="CVE-worst", severity=Severity.CRITICAL, fixed_versions=("4",))
    known = Facts(name="web", vulnerabilities=(*many, worst))
    (reason,) = reasons(Rules(refuse_severity=Severity.HIGH, require_scan=False), known, NOW)
    assert (reason.count, len(reason.examples)) == (31, 10)
    assert reason.examples[0] == "CVE-worst in openssl 3 (critical, fixed in 4)"
    assert reason.examples[1].startswith("CVE-29 ")


RULES = st.builds(
    Rules,
    refuse_severity=st.none() | st.sampled_from(Severity),
    only_fixable=st.booleans(),
    only_in_use=st.booleans(),
    grace_days=st.integers(0, 30),
    refuse_exploited=st.booleans(),
    refuse_epss=st.none() | st.floats(0, 1),
    require_scan=st.booleans(),
)
PRESENT = st.builds(
    present,
    severity=st.sampled_from(Severity),
    is_exploited=st.booleans(),
    epss=st.none() | st.floats(0, 1),
    is_unused=st.booleans(),
    fixed_versions=st.sampled_from([(), ("4",)]),
    known_since=st.none() | st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)),
)


@given(RULES, st.lists(PRESENT, max_size=6), PRESENT)
def test_one_vulnerability_more_never_opens_the_gate(
    rules: Rules, some: list[Present], more: Present
) -> None:
    fewer = reasons(rules, Facts(name="a", vulnerabilities=tuple(some)), NOW)
    further = reasons(rules, Facts(name="a", vulnerabilities=(*some, more)), NOW)
    assert {reason.rule for reason in fewer} <= {reason.rule for reason in further}
