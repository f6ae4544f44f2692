"""How findings are told in a message: in words for people, and as data for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet

from posture.findings.models import Finding
from posture.findings.views import title_of
from scanners.records import Severity

SHOWN = 20  # findings of one section; the rest is a number and a link
_DAY = 86_400


def plural(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def link(path: str, **query: str) -> str:
    """A page of the UI: a whole address where PLIMSOLL_URL says where the UI is, else the page's own part of it."""
    return f"{settings.PUBLIC_URL}{path}{'?' + urlencode(query) if query else ''}"


def first_of(findings: QuerySet[Finding]) -> list[Finding]:
    """The first `SHOWN`, the worst and then the longest due first, with what the words below read."""
    rows = findings.select_related(
        "asset__host", "check_definition", "vulnerability", "package", "assignee", "team"
    )
    return list(rows.order_by("-severity", "due_at", "-points", "pk")[:SHOWN])


def due_words(due_at: datetime, at: datetime) -> str:
    days = abs((due_at - at).total_seconds()) / _DAY
    span = "less than a day" if days < 1 else plural(int(days), "day", "days")
    return f"due in {span}" if due_at > at else f"overdue by {span}"


def line_of(finding: Finding, at: datetime) -> str:
    owner = finding.assignee or finding.team
    whose = f", of {owner}" if owner is not None else ""
    due = f", {due_words(finding.due_at, at)}" if finding.due_at is not None else ""
    host = finding.asset.host
    where = finding.asset.name if host is None else f"{finding.asset.name} of {host.name}"
    return f"- {Severity(finding.severity).label}: {title_of(finding)} on {where}{due}{whose}"


def data_of(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.pk,
        "title": title_of(finding),
        "severity": Severity(finding.severity).label,
        "asset": {"kind": finding.asset.kind, "id": finding.asset.pk, "name": finding.asset.name},
        "due_at": None if finding.due_at is None else finding.due_at.isoformat(),
        "assignee": None if finding.assignee is None else finding.assignee.username,
        "team": None if finding.team is None else finding.team.name,
        "url": link("/findings", hidden="include", open=str(finding.pk)),
    }
