"""Conditions in SQL for what stands now, or stood at the moment that the statement calls `at`."""

from __future__ import annotations

from datetime import datetime


def is_true(alias: str, at: datetime | None) -> str:
    """The interval of this alias is true, or was."""
    return f"{alias}.closed_at IS NULL" if at is None else was_true(alias)


def was_true(alias: str) -> str:
    return f"({alias}.opened_at <= %(at)s AND ({alias}.closed_at IS NULL OR {alias}.closed_at > %(at)s))"


def on_the_worklist(at: datetime | None) -> str:
    """The finding `f` is open and nothing is decided of it."""
    if at is None:
        return "f.closed_at IS NULL AND f.decided IS NULL"
    return f"""(
        EXISTS (SELECT FROM findings_openinterval i WHERE i.finding_id = f.id AND {was_true("i")})
        AND {WAS_UNDECIDED}
    )"""


# Decisions stand above findings, so their table is only named.
WAS_UNDECIDED = f"NOT EXISTS (SELECT FROM decisions_verdict v WHERE v.finding_id = f.id AND {was_true('v')})"
