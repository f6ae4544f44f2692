"""What VEX documents say, kept as it was said: one row for each vulnerability, author and product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from posture.vulnerabilities.ingest import ensure_vulnerabilities
from posture.vulnerabilities.models import Statement
from scanners.reported import Origin, ReportedVulnerability, VexStatement

_NEVER = datetime.min.replace(tzinfo=UTC)
Key = tuple[int, str, str, tuple[str, ...]]


def store(said: Sequence[tuple[Origin, VexStatement]], at: datetime) -> set[int]:
    """Keep statements; returns the vulnerabilities (ids) of which one is new or changed.

    An author's newer word takes the place of the older one of the same vulnerability and product; an older document
    changes nothing.
    """
    known = ensure_vulnerabilities(
        (ReportedVulnerability(id=one.vulnerability, aliases=one.aliases) for _, one in said), at
    )
    told: dict[Key, Statement] = {}
    for origin, one in said:
        for product in one.products:
            row = _row(known[one.vulnerability].id, origin, one, product, at)
            key = _key(row)
            if key not in told or _age(row) >= _age(told[key]):
                told[key] = row
    with transaction.atomic():
        held = {
            _key(row): row
            for row in Statement.objects.current()
            .filter(vulnerability__in={key[0] for key in told})
            .select_for_update()
            .order_by("pk")
        }
        new = [
            row
            for key, row in told.items()
            if key not in held or (_said(row) != _said(held[key]) and _age(row) >= _age(held[key]))
        ]
        replaced = [held[_key(row)].pk for row in new if _key(row) in held]
        Statement.objects.filter(pk__in=replaced).update(closed_at=at)
        Statement.objects.bulk_create(new, batch_size=1000)
    return {row.vulnerability_id for row in new}


def _row(vulnerability_id: int, origin: Origin, said: VexStatement, product: str, at: datetime) -> Statement:
    return Statement(
        vulnerability_id=vulnerability_id,
        author=said.author[:200] or origin.tool,
        tool=origin.tool[:40],
        product=product[:600],
        subcomponents=sorted({part[:600] for part in said.subcomponents})[:100],
        status=said.status.value,
        justification=said.justification[:100],
        detail=said.detail[:5000],
        action=said.action[:5000],
        stated_at=said.stated_at or origin.created_at,
        opened_at=at,
    )


def _key(row: Statement) -> Key:
    return row.vulnerability_id, row.author, row.product, tuple(row.subcomponents)


def _said(row: Statement) -> tuple[str, ...]:
    return row.status, row.justification, row.detail, row.action


def _age(row: Statement) -> datetime:
    return row.stated_at or _NEVER
