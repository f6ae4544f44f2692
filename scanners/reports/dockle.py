"""Dockle's JSON: what its checks of an image's configuration and files found.

Written after Dockle's `pkg/report` and its README. Dockle lists only checks that found something, and never the digest.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanners.records import Severity, Skipped
from scanners.redaction import redact_arguments, redact_build_step
from scanners.reported import Origin, Reported, ReportedImage, ReportedVerdict
from scanners.reports.json_items import Items, Layout, each, looks_like, texts, whole
from scanners.reports.source import Source

NAME = "Dockle JSON"
TOOL = "dockle"
# Dockle's own words: FATAL "be practical and prudent", WARN "be careful", INFO "for your information".
_SEVERITIES = {"FATAL": Severity.HIGH, "WARN": Severity.MEDIUM, "INFO": Severity.LOW}
_LONGEST_DETAIL = 4000


class _Report(Layout):
    image: str | None = None  # since 0.4.6
    details: Items = None


class _Detail(Layout):
    code: str
    title: str | None = None
    level: str | None = None
    alerts: list[str] | None = None


def score(source: Source) -> int:
    return 90 if looks_like(source, b'"summary"', b'"fatal"', b'"skip"', b'"details"') else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 1)
    yield Origin(format=NAME, tool=TOOL)
    yield ReportedImage(
        name=report.image or source.name, references=texts([report.image]), is_whole=lost is None
    )
    for _, detail in each(report.details, _Detail, "details"):
        yield detail if isinstance(detail, Skipped) else _verdict(detail)
    if lost is not None:
        yield lost


def _verdict(detail: _Detail) -> ReportedVerdict:
    level = (detail.level or "").upper()
    # SKIP could not look, IGNORE was told not to: neither passed nor failed.
    passed = {"PASS": True, "FATAL": False, "WARN": False, "INFO": False}.get(level)
    alerts = "\n".join(_without_secrets(alert.strip()) for alert in detail.alerts or ())
    return ReportedVerdict(
        check=detail.code,
        title=detail.title or detail.code,
        severity=_SEVERITIES.get(level, Severity.INFO),
        passed=passed,
        detail=alerts[:_LONGEST_DETAIL],
    )


def _without_secrets(alert: str) -> str:
    """An alert as Dockle writes it, "what is wrong : build step", and a build step may hold a secret."""
    said, separator, step = alert.partition(": ")
    words, _ = redact_arguments(redact_build_step(step, where="")[0].split(" "), where="")
    return f"{said}{separator}{' '.join(words)}"
