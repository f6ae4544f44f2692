"""Sends what waits in the outbox: to people by mail, to programs by webhook."""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from posture.base.sealing import CannotDecrypt
from posture.integrations import mail, outbox, webhooks
from posture.integrations.models import Message
from scanners.connectors import webhook as connector
from scanners.records import NodeError
from scanners.webhook_address import parse

logger = logging.getLogger(__name__)

# Each may wait for its receiver until the connector's time is over: all of them end before the outbox lends them anew.
AT_ONCE = 10
BUSY_SECONDS = 30.0  # the rest waits for the next tick, so that pulls have their turn


def send_waiting() -> int:
    """Send messages that are due, for `BUSY_SECONDS`; returns how many were tried. Once a receiver does not answer, what
    else is for it waits for its next attempt untried."""
    number, began = 0, time.monotonic()
    silent: dict[int | None, str] = {}  # webhook, or None for the mail server -> what was wrong
    while time.monotonic() - began < BUSY_SECONDS and (messages := outbox.claim(timezone.now(), AT_ONCE)):
        for message in messages:
            if (why := silent.get(message.webhook_id)) is not None:
                outbox.failed(message, why, timezone.now())
                continue
            number += 1
            if (why := _send(message)) is not None:
                silent[message.webhook_id] = why
    return number


def _send(message: Message) -> str | None:
    """What goes wrong stands on the message, which is tried again later; returns it where others would fare alike."""
    try:
        if message.webhook is not None:
            _post(message)
        else:
            mail.send(message)
    except mail.CannotMail as error:
        return _failed(message, str(error), for_good=error.for_good)
    except NodeError as error:
        return _failed(message, f"{error.message} {error.hint}".strip(), for_good=error.code == "gone")
    except CannotDecrypt as error:
        return _failed(message, f"The stored address cannot be decrypted: {error}")
    outbox.sent(message, timezone.now())
    return None


def _failed(message: Message, why: str, *, for_good: bool = False) -> str | None:
    logger.warning("Message %s was not sent: %s", message.uid, why)
    outbox.failed(message, why, timezone.now(), for_good=for_good)
    return None if for_good else why


def _post(message: Message) -> None:
    assert message.webhook is not None
    target = webhooks.unseal(message.webhook)
    body, now, uid = msgspec.json.encode(payload(message)), int(time.time()), str(message.uid)
    connector.post(
        parse(target.url, allow_plaintext=settings.WEBHOOKS_ALLOW_PLAINTEXT),
        body,
        {
            "Content-Type": "application/json",
            "webhook-id": uid,
            "webhook-timestamp": str(now),
            "webhook-signature": webhooks.signature(target.key, uid, now, body),
        },
        denied_networks=settings.PULL_DENIED_NETWORKS,
    )


def payload(message: Message) -> dict[str, Any]:
    """The body of a webhook: what it is about, in words, and as data."""
    return {
        "type": message.cause,
        "timestamp": message.created_at.isoformat(),
        "subject": message.subject,
        "text": f"{message.subject}\n\n{message.text}",
        "data": message.data,
    }
