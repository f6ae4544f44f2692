"""What happened that explains a bend in a chart: decisions that began or ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from posture.accounts.models import User
from posture.decisions.choices import DecisionState
from posture.decisions.models import Decision

SHOWN = 200  # the newest


def of(user: User, begin: datetime, end: datetime, environment_id: int | None) -> dict[str, Any]:
    """Decisions that the asker may see, that narrow to no other environment, and that began or ended from `begin` until
    before `end`: the newest in the order of time, and how many there are."""
    decisions = Decision.objects.visible_to(user).filter(active_from__isnull=False)
    if environment_id is not None:
        decisions = decisions.filter(Q(environment__isnull=True) | Q(environment=environment_id))
    began = decisions.filter(active_from__gte=begin, active_from__lt=end)
    ended = decisions.filter(ended_at__gte=begin, ended_at__lt=end)
    events = [
        *((row.active_from, DecisionState.ACTIVE.value, row) for row in _newest(began, "-active_from")),
        *((row.ended_at, row.state, row) for row in _newest(ended, "-ended_at")),
    ]
    events.sort(key=lambda event: (event[0], event[2].pk))
    return {
        "total": began.count() + ended.count(),
        "events": [
            {
                "at": at,
                "state": state,
                "decision": row.pk,
                "title": str(row),
                "because": row.ended_because if state != DecisionState.ACTIVE else "",
            }
            for at, state, row in events[-SHOWN:]
        ],
    }


def _newest(decisions: Any, order: str) -> Any:
    return decisions.select_related("vulnerability", "check_definition").order_by(order, "-pk")[:SHOWN]
