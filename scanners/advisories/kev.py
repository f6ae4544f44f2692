"""CISA's catalogue of known exploited vulnerabilities, as JSON and as CSV (https://www.cisa.gov/known-exploited-vulnerabilities-catalog).

Written after its JSON schema. The CSV has the same columns, and no word on which edition it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from scanners.advisories.records import Edition, Exploited, FeedError, Limits
from scanners.records import Skipped
from scanners.reports.json_items import Items, Layout, each, moment, whole
from scanners.reports.source import ReportError, Source, opened

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_USED = "known"  # else "Unknown"
_LONGEST_TITLE = 500


class _Catalogue(Layout):
    catalogVersion: str | None = None
    dateReleased: str | None = None
    vulnerabilities: Items = None


class _Vulnerability(Layout):
    cveID: str
    dateAdded: str
    vulnerabilityName: str | None = None
    dueDate: str | None = None
    knownRansomwareCampaignUse: str | None = None


def read(path: Path, limits: Limits | None = None) -> Iterator[Edition | Exploited | Skipped]:
    """The edition, and each entry of the catalogue; the content says in which notation it is.

    Raises FeedError for what is no catalogue, and OSError.
    """
    limits = limits or Limits()
    try:
        with opened(path) as source:
            if len(source.content) > limits.member_bytes:
                raise FeedError(f"The catalogue has more than {limits.member_bytes:,} bytes.")
            yield from _json(source) if source.head.lstrip()[:1] == b"{" else _csv(source)
    except ReportError as error:
        raise FeedError(str(error)) from None


def _json(source: Source) -> Iterator[Edition | Exploited | Skipped]:
    catalogue, lost = whole(source, _Catalogue, 1)
    if catalogue.vulnerabilities is None:
        raise FeedError("This is no catalogue of exploited vulnerabilities: it has no “vulnerabilities”.")
    yield Edition(version=catalogue.catalogVersion or "", published_at=moment(catalogue.dateReleased))
    for position, told in each(catalogue.vulnerabilities, _Vulnerability, "vulnerabilities"):
        yield told if isinstance(told, Skipped) else _entry(told, f"vulnerabilities[{position}]")
    if lost is not None:
        yield lost


def _csv(source: Source) -> Iterator[Edition | Exploited | Skipped]:
    try:
        rows = csv.DictReader(io.StringIO(bytes(source.content).decode(), newline=""))
        columns = rows.fieldnames or ()
    except (UnicodeDecodeError, csv.Error) as error:
        raise FeedError(f"This is no catalogue of exploited vulnerabilities: {error}.") from None
    if not {"cveID", "dateAdded"} <= set(columns):
        raise FeedError(
            "This is no catalogue of exploited vulnerabilities: it has no columns cveID and dateAdded."
        )
    yield Edition()
    try:
        for row in rows:
            told = _Vulnerability(
                cveID=row["cveID"] or "",
                dateAdded=row["dateAdded"] or "",
                vulnerabilityName=row.get("vulnerabilityName"),
                dueDate=row.get("dueDate"),
                knownRansomwareCampaignUse=row.get("knownRansomwareCampaignUse"),
            )
            yield _entry(told, f"line {rows.line_num}")
    except csv.Error as error:
        yield Skipped(kind="malformed", where=f"after line {rows.line_num}", reason=str(error))


def _entry(told: _Vulnerability, where: str) -> Exploited | Skipped:
    vulnerability = told.cveID.strip().upper()
    added = _day(told.dateAdded)
    if not _CVE.fullmatch(vulnerability):
        return Skipped(kind="malformed", where=where, reason=f"“{told.cveID[:50]}” is no CVE id")
    if added is None:
        return Skipped(
            kind="malformed", where=where, reason=f"{vulnerability}: “{told.dateAdded[:50]}” is no date"
        )
    return Exploited(
        vulnerability=vulnerability,
        title=(told.vulnerabilityName or "")[:_LONGEST_TITLE],
        added_on=added,
        due_on=_day(told.dueDate),
        is_used_by_ransomware=(told.knownRansomwareCampaignUse or "").strip().lower() == _USED,
    )


def _day(told: str | None) -> date | None:
    try:
        return date.fromisoformat((told or "").strip()[:10])
    except ValueError:
        return None
