"""Versions are judged by published life cycles, and distribution builds are left to their distribution."""

from datetime import UTC, datetime

import pytest
from packaging.version import Version

from scanners.checks.lifecycle import LIFECYCLE, judge_flaws, judge_support
from scanners.checks.policy import Policy
from scanners.records import Outcome, Severity

AUTUMN = Policy(now=datetime(2026, 9, 30, tzinfo=UTC))
DAY_OF_DATA = Policy(now=datetime(2026, 8, 22, tzinfo=UTC))


def test_a_line_fails_on_the_day_after_its_end() -> None:
    last_day = Policy(now=datetime(2026, 11, 6, 12, tzinfo=UTC))
    next_day = Policy(now=datetime(2026, 11, 7, 12, tzinfo=UTC))

    assert judge_support("containerd", "2.2.7", "containerd", last_day).outcome is Outcome.PASS
    verdict = judge_support("containerd", "2.2.7", "containerd", next_day)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.evidence == ("containerd 2.2.7: support of line 2.2 ended on 2026-11-06",)


def test_a_line_that_ends_soon_is_named() -> None:
    verdict = judge_support("containerd", "v2.2.7", "containerd", AUTUMN)

    assert verdict.outcome is Outcome.PASS
    assert verdict.evidence == ("containerd v2.2.7: support of line 2.2 ends on 2026-11-06",)


def test_a_patch_level_behind_fails_once_the_data_is_older_than_the_grace_days() -> None:
    assert judge_support("containerd", "2.0.10", "containerd", DAY_OF_DATA).outcome is Outcome.MANUAL
    assert judge_support("containerd", "2.0.10", "containerd", AUTUMN).outcome is Outcome.FAIL


def test_a_newer_patch_level_than_the_data_knows_passes() -> None:
    assert judge_support("containerd", "2.3.9", "containerd", AUTUMN).outcome is Outcome.PASS


@pytest.mark.parametrize("version", ["99.0.1", "1.0.0"])
def test_an_unknown_line_is_not_measured(version: str) -> None:
    assert judge_support("containerd", version, "containerd", AUTUMN).outcome is Outcome.NOT_MEASURED


@pytest.mark.parametrize(
    "version",
    ["20.10.24+dfsg1", "1.6.20~ds1-1+deb12u3", "1.1.5+ds1-1+deb12u1", "1.3.3-0ubuntu1~24.04.2", "1.1.12-r5"],
)
def test_a_distribution_build_is_not_judged_by_its_number(version: str) -> None:
    verdict = judge_support("docker-engine", version, "Version", AUTUMN)

    assert verdict.outcome is Outcome.NOT_MEASURED
    assert "distribution" in verdict.evidence[0]


@pytest.mark.parametrize("version", ["", "unknown", "1.2.x", "N/A"])
def test_text_that_is_no_version_is_not_measured(version: str) -> None:
    assert judge_flaws("runc", version, "runc").outcome is Outcome.NOT_MEASURED


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("1.0.0-rc6", Severity.CRITICAL),
        ("1.1.11", Severity.CRITICAL),
        ("1.2.7", Severity.CRITICAL),
        ("1.3.2", Severity.CRITICAL),
        ("1.4.0-rc.2", Severity.CRITICAL),
        ("1.2.9", Severity.LOW),
        ("1.3.5", Severity.LOW),
        ("1.4.2", Severity.LOW),
    ],
)
def test_an_escape_flaw_of_runc_weighs_critical_and_the_small_one_low(
    version: str, severity: Severity
) -> None:
    verdict = judge_flaws("runc", version, "runc")

    assert verdict.outcome is Outcome.FAIL
    assert verdict.severity is severity


@pytest.mark.parametrize("version", ["1.3.6", "1.4.3", "1.5.0", "1.5.0+dev"])
def test_runc_without_known_flaws_passes(version: str) -> None:
    assert judge_flaws("runc", version, "runc").outcome is Outcome.PASS


def test_a_flaw_without_a_published_fix_asks_a_person() -> None:
    verdict = judge_support("docker-engine", "29.7.2", "Version", AUTUMN)

    assert verdict.outcome is Outcome.MANUAL
    assert "CVE-2026-34040" in verdict.evidence[0]


def test_every_number_in_the_data_can_be_compared() -> None:
    for lines in LIFECYCLE.lines.values():
        assert all(Version(line.latest) for line in lines if line.latest)
    for flaws in LIFECYCLE.flaws.values():
        for flaw in flaws:
            assert flaw.severity.upper() in Severity.__members__
            for start, end in flaw.affected:
                assert end == "unknown" or Version(start) < Version(end)
