"""Telling of decisions whose premise broke: their authors, and webhooks that want it, each suspension once.

A decision is suspended in the transaction of its cause, by apps below this one. They are found here by what they left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from posture.accounts.models import User
from posture.decisions.choices import DecisionState
from posture.decisions.models import Decision
from posture.integrations import outbox
from posture.integrations.choices import Cause
from posture.integrations.models import Suspension, Webhook
from posture.integrations.wording import SHOWN, link, plural

NEWS = timedelta(days=7)  # what is older when it is found comes from a made-up history, or from a backup
_LOCK = 0x73757370  # "susp": told by one worker at a time


def tell(at: datetime) -> int:
    """Tell of every suspension that was not told yet; returns how many there were."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        decisions = list(
            _untold().select_related(
                "vulnerability", "check_definition", "environment", "asset", "created_by"
            )
        )
        Suspension.objects.bulk_create(
            [Suspension(decision=one, suspended_at=one.suspended_at) for one in decisions if one.suspended_at]
        )
        decisions = [
            one for one in decisions if one.suspended_at is not None and one.suspended_at > at - NEWS
        ]
        authors = {one.created_by for one in decisions if one.created_by is not None}
        for author in sorted(authors, key=lambda user: user.pk):
            if author.is_active:
                mine = [one for one in decisions if one.created_by_id == author.pk]
                _put(
                    mine,
                    "of your decisions was suspended",
                    "of your decisions were suspended",
                    at,
                    person=author,
                )
        wanting = Webhook.objects.filter(is_enabled=True, causes__contains=[Cause.SUSPENSION.value])
        for webhook in wanting:
            here = [one for one in decisions if _concerns(one, webhook.environment_id)]
            if here:
                _put(here, "decision was suspended", "decisions were suspended", at, webhook=webhook)
    return len(decisions)


def _untold() -> QuerySet[Decision]:
    told = Suspension.objects.filter(decision=OuterRef("pk"), suspended_at=OuterRef("suspended_at"))
    suspended = Q(state=DecisionState.SUSPENDED, suspended_at__isnull=False)
    return Decision.objects.filter(suspended & ~Exists(told)).order_by("pk")


def _concerns(decision: Decision, environment_id: int | None) -> bool:
    """Whether a decision may have hidden something in an environment (None: anywhere)."""
    if environment_id is None:
        return True
    narrowed = [
        decision.environment_id,
        decision.asset.environment_id if decision.asset is not None else None,
    ]
    return all(pk in (None, environment_id) for pk in narrowed)


def _put(
    decisions: Sequence[Decision],
    one: str,
    many: str,
    at: datetime,
    *,
    person: User | None = None,
    webhook: Webhook | None = None,
) -> None:
    subject = plural(len(decisions), one, many)
    lines = [f"- {decision}: {decision.ended_because}" for decision in decisions[:SHOWN]]
    if len(decisions) > SHOWN:
        lines.append(f"- and {len(decisions) - SHOWN:,} more")
    text = "\n".join(
        (
            f"{subject}. What they hid is on the worklist again:" if len(decisions) > 1 else
            f"{subject}. What it hid is on the worklist again:",
            *lines,
            link("/decisions", state="suspended"),
            "",
        )
    )  # fmt: skip
    outbox.put(
        cause=Cause.SUSPENSION,
        subject=subject,
        text=text,
        data={"total": len(decisions), "decisions": [_data(decision) for decision in decisions[:SHOWN]]},
        at=at,
        person=person,
        webhook=webhook,
    )


def _data(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.pk,
        "outcome": decision.outcome,
        "about": decision.problem,
        "environment": None if decision.environment is None else decision.environment.name,
        "why": decision.ended_because,
        "suspended_at": None if decision.suspended_at is None else decision.suspended_at.isoformat(),
        "author": None if decision.created_by is None else decision.created_by.username,
        "url": link("/decisions", open=str(decision.pk)),
    }
