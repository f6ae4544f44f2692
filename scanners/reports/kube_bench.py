"""kube-bench's JSON (one object with controls, a list of them, one a line) and its plain log: verdicts on a cluster's node.

Written after kube-bench's `check` package. It names no node: the verdicts are about what the report is uploaded for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from scanners import typed
from scanners.records import Severity, Skipped
from scanners.redaction import redact_text
from scanners.reported import Origin, Reported, ReportedVerdict
from scanners.reports.json_items import Items, Layout, each, looks_like, whole
from scanners.reports.source import ReportError, Source

NAME = "kube-bench"
TOOL = "kube-bench"
# WARN asks a person to look, INFO only tells: neither passed nor failed.
_PASSED = {"PASS": True, "FAIL": False}
_COLOUR = r"(?:\x1b\[[0-9;]*m)*"
_LINE = re.compile(rf"{_COLOUR}\[(PASS|FAIL|WARN|INFO)\]{_COLOUR} (\d+(?:\.\d+)+) (?!- )(.+)")
# In bytes, for the beginning of a file that may be of another kind altogether.
_FIRST_LINE = re.compile(
    rb"\s*(?:\x1b\[[0-9;]*m)*\[(?:PASS|FAIL|WARN|INFO)\](?:\x1b\[[0-9;]*m)* \d+(?:\.\d+)* (?!- )\S"
)
_REMEDIATION = re.compile(r"(\d+(?:\.\d+)+) (.+)")
# Each part of a log ends with a summary, and each summary with this line.
_LAST_LINE = re.compile(r"\d+ checks INFO\s*\Z")
_HEADING = re.compile(r"== (Remediations|Summary)\b")


class _Report(Layout):
    Controls: Items = None


class _Controls(Layout):
    id: str | None = None
    version: str | None = None
    node_type: str | None = None
    tests: Items = None


class _Group(Layout):
    section: str | None = None
    results: Items = None


class _Result(Layout):
    test_number: str
    test_desc: str | None = None
    status: str | None = None
    scored: bool | None = None
    remediation: str | None = None
    reason: str | None = None
    expected_result: str | None = None


def score(source: Source) -> int:
    if looks_like(source, b'"node_type"', b'"tests"'):
        return 90
    return 80 if _FIRST_LINE.match(source.head) else 0


def read(source: Source) -> Iterator[Reported]:
    if _FIRST_LINE.match(source.head):
        yield Origin(format="kube-bench log", tool=TOOL)
        yield from _log(str(source.content, "utf-8", "replace"))
        return
    lost = None
    if source.head.lstrip()[:1] == b"[":
        controls, lost = whole(source, list[msgspec.Raw], 3)
    elif b'"Controls"' in source.head:
        report, lost = whole(source, _Report, 3)
        controls = report.Controls or []
    else:
        controls, lost = _one_a_line(source)
    yield Origin(format="kube-bench JSON", tool=TOOL)
    for _, part in each(controls, _Controls, "Controls"):
        yield from [part] if isinstance(part, Skipped) else _verdicts(part)
    if lost is not None:
        yield lost


def _one_a_line(source: Source) -> tuple[list[msgspec.Raw], Skipped | None]:
    """The controls of a report that has one object, or one in each line (kube-bench before 0.4)."""
    first, _, rest = bytes(source.content).lstrip().partition(b"\n")
    try:
        typed.decode(first, msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        part, lost = whole(source, _Controls, 2)
        return [msgspec.Raw(msgspec.json.encode(part))], lost
    return [msgspec.Raw(line) for line in (first, *rest.split(b"\n")) if line.strip()], None


def _verdicts(controls: _Controls) -> Iterator[Reported]:
    where = f"Controls “{controls.id or controls.node_type or ''}”"
    for _, group in each(controls.tests, _Group, f"{where}.tests"):
        if isinstance(group, Skipped):
            yield group
            continue
        for _, result in each(group.results, _Result, f"{where} “{group.section or ''}”.results"):
            yield result if isinstance(result, Skipped) else _verdict(result)


def _verdict(result: _Result) -> ReportedVerdict:
    # `audit` and `actual_value` hold command lines of the cluster's parts, and those may hold secrets: they are not read.
    word = (result.status or "").upper()
    return ReportedVerdict(
        check=result.test_number,
        title=result.test_desc or result.test_number,
        severity=_severity(word, result.scored, result.test_desc or ""),
        passed=_PASSED.get(word),
        detail=redact_text(result.reason or result.expected_result or "")[0],
        remediation=(result.remediation or "").strip(),
    )


def _severity(word: str, is_scored: bool | None, title: str) -> Severity:
    # The benchmark rates nothing. What it scores weighs more than what it leaves to a person.
    if word not in _PASSED:
        return Severity.INFO
    is_manual = title.endswith(("(Not Scored)", "(Manual)")) or is_scored is False
    return Severity.LOW if is_manual else Severity.MEDIUM


def _log(text: str) -> Iterator[Reported]:
    """Verdicts of the log, each with the remediation that stands further down."""
    verdicts: list[tuple[str, str, str]] = []
    remedies: dict[str, list[str]] = {}
    into: list[str] | None = None
    in_remedies = False
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            in_remedies, into = heading.group(1) == "Remediations", None
        elif found := _LINE.match(line):
            verdicts.append((found.group(1), found.group(2), found.group(3).strip()))
        elif in_remedies and (remedy := _REMEDIATION.match(line)):
            into = remedies.setdefault(remedy.group(1), [])
            into.append(remedy.group(2))
        elif in_remedies and into is not None:
            into.append(line)
    # A section's heading is told like a verdict, "[INFO] 1.1 Master Node …", but has others below its number.
    sections = {number.rpartition(".")[0] for _, number, _ in verdicts}
    judged = [verdict for verdict in verdicts if verdict[0] != "INFO" or verdict[1] not in sections]
    if not judged:
        raise ReportError("The log has no line with a verdict.")
    for word, check, title in judged:
        yield ReportedVerdict(
            check=check,
            title=title,
            severity=_severity(word, None, title),
            passed=_PASSED.get(word),
            remediation="\n".join(remedies.get(check, [])).strip(),
        )
    if not _LAST_LINE.search(text):
        yield Skipped(kind="malformed", where="the end of the log", reason="the log ends before its summary")
