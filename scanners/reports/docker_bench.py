"""docker-bench-security's JSON, of its versions 1.3.5 to 1.6: verdicts on a host and its Docker daemon.

Written after the script's `output_lib.sh`. It names no host: the verdicts are about the node that the report is uploaded
for. The script writes its JSON piece by piece with printf, without escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from scanners.records import Severity, Skipped
from scanners.redaction import redact_text
from scanners.reported import Origin, Reported, ReportedVerdict
from scanners.reports.json_items import Items, Layout, each, looks_like, whole
from scanners.reports.source import ReportError, Source

NAME = "docker-bench-security JSON"
TOOL = "docker-bench"
_LONGEST_DETAIL = 4000
# WARN failed and PASS passed; INFO and NOTE leave it to a person to look.
_PASSED = {"PASS": True, "WARN": False}
# A text on a line of its own, as since 1.3.6: whatever stands between the outer quotes belongs to it.
_TEXT_LINE = re.compile(rb'^(\s*"[\w-]+": ")(.*)("\s*,?\s*)$', re.MULTILINE)
_TO_ESCAPE = re.compile(rb'\\(?!["\\/bfnrtu])|(?<!\\)"')


class _Report(Layout):
    dockerbenchsecurity: str | None = None
    start: int | None = None
    tests: Items = None


class _Section(Layout):
    id: str | None = None
    desc: str | None = None
    results: Items = None


class _Result(Layout):
    id: str
    desc: str | None = None
    result: str | None = None
    details: str | None = None
    remediation: str | None = None


def score(source: Source) -> int:
    return 95 if looks_like(source, b'"dockerbenchsecurity"') else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = _whole(source)
    yield Origin(
        format=NAME,
        tool=TOOL,
        tool_version=report.dockerbenchsecurity or "",
        created_at=_at(report.start),
    )
    for _, section in each(report.tests, _Section, "tests"):
        if isinstance(section, Skipped):
            yield section
            continue
        for _, result in each(section.results, _Result, f"tests “{section.id or ''}”.results"):
            yield result if isinstance(result, Skipped) else _verdict(result)
    if lost is not None:
        yield lost


def _whole(source: Source) -> tuple[_Report, Skipped | None]:
    try:
        report, lost = whole(source, _Report, 2)
    except ReportError:
        lost = None
    else:
        if lost is None:
            return report, None
    mended = _TEXT_LINE.sub(
        lambda line: line[1] + _TO_ESCAPE.sub(rb"\\\g<0>", line[2]) + line[3], bytes(source.content)
    )
    return whole(Source(memoryview(mended), source.name), _Report, 2)


def _at(seconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, ValueError, OSError):
        return None


def _verdict(result: _Result) -> ReportedVerdict:
    title = result.desc or result.id
    word = (result.result or "").upper()
    return ReportedVerdict(
        check=result.id,
        title=title,
        severity=_severity(title, word),
        passed=_PASSED.get(word),
        detail=redact_text(result.details or "")[0][:_LONGEST_DETAIL],
        remediation=result.remediation or "",
    )


def _severity(title: str, word: str) -> Severity:
    # The benchmark rates nothing. What it scores, or can judge by itself, weighs more than what it leaves to a person.
    if word not in _PASSED:
        return Severity.INFO
    return Severity.LOW if title.endswith(("(Not Scored)", "(Manual)")) else Severity.MEDIUM
