"""The outbox: what is to be told is written in the transaction of its cause, and sent afterwards, at least once.

A message that cannot be sent is tried again after longer and longer times, for about a day, and then says why it was not.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from posture.accounts.models import User
from posture.base.problems import Conflict
from posture.history.actions import record
from posture.integrations.choices import Cause, MessageState
from posture.integrations.models import Message, Webhook

DELAYS = (60, 300, 900, 3_600, 10_800, 21_600, 43_200)  # seconds until each further attempt
LEASE = timedelta(minutes=5)  # a worker that was killed while it sent loses the message after so long
KEPT = timedelta(days=30)
_SUBJECT = 200


def put(
    *,
    cause: Cause,
    subject: str,
    text: str,
    data: dict[str, Any],
    at: datetime,
    person: User | None = None,
    webhook: Webhook | None = None,
) -> Message:
    """Write a message to one person or one webhook. To a person it is only shown in the UI where there is no mail server,
    and fails where the person has no address."""
    state, error = MessageState.WAITING, ""
    if person is not None and settings.MAIL_SERVER is None:
        state = MessageState.SHOWN
    elif person is not None and not person.email:
        state, error = MessageState.FAILED, f"{person.username} has no e-mail address."
    return Message.objects.create(
        cause=cause,
        person=person,
        webhook=webhook,
        subject=" ".join(subject.split())[:_SUBJECT],
        text=text,
        data=data,
        created_at=at,
        state=state,
        error=error,
        next_at=at if state == MessageState.WAITING else None,
    )


def claim(at: datetime, limit: int) -> list[Message]:
    """Messages that are due, the oldest first, each for one worker: another one would take them up after `LEASE`. What is for
    a webhook that was turned off waits until it is on again; a test is sent all the same."""
    is_on = Q(webhook__isnull=True) | Q(webhook__is_enabled=True) | Q(cause=Cause.TEST)
    with transaction.atomic():
        waiting = Message.objects.filter(is_on, state=MessageState.WAITING, next_at__lte=at)
        locked = waiting.order_by("next_at", "pk").select_for_update(of=("self",), skip_locked=True)
        ids = list(locked.values_list("pk", flat=True)[:limit])
        Message.objects.filter(pk__in=ids).update(next_at=at + LEASE)
    return list(Message.objects.filter(pk__in=ids).select_related("person", "webhook").order_by("pk"))


def sent(message: Message, at: datetime) -> None:
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.SENT, attempts=message.attempts + 1, sent_at=at, next_at=None, error=""
    )


def failed(message: Message, why: str, at: datetime, *, for_good: bool = False) -> None:
    """It could not be sent; it is tried again unless that was the last time, or another would change nothing."""
    attempts = message.attempts + 1
    is_over = for_good or attempts > len(DELAYS)
    delay = None if is_over else timedelta(seconds=DELAYS[attempts - 1] * random.uniform(1.0, 1.1))
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.FAILED if is_over else MessageState.WAITING,
        attempts=attempts,
        next_at=None if delay is None else at + delay,
        error=why[:500],
    )


def retry(*, message: Message, by: User, at: datetime) -> None:
    """Send a message that failed, or that only waits for its next attempt, now. Raises Conflict for one that was sent."""
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if locked.state == MessageState.SENT:
            raise Conflict("This message was sent.", code="already_sent")
        if locked.person_id is not None and settings.MAIL_SERVER is None:
            raise Conflict(
                "There is no mail server.", code="no_mail_server", hint="Set PLIMSOLL_SMTP_URL and restart."
            )
        locked.state, locked.attempts, locked.next_at, locked.error = MessageState.WAITING, 0, at, ""
        locked.save(update_fields=["state", "attempts", "next_at", "error"])
        record(
            verb="retried",
            obj=locked,
            object_kind="message",
            object_name=locked.subject,
            changes={"state": [message.state, locked.state]},
            actor=by,
        )


def forget_old(at: datetime) -> int:
    """Delete what was told longer ago than `KEPT`; returns how many. What still waits stays."""
    old = Message.objects.filter(created_at__lt=at - KEPT).exclude(state=MessageState.WAITING)
    deleted, _ = old.delete()
    return deleted
