"""What a webhook keeps secret: its address, and the key that signs what is sent there.

Signatures follow Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA-256 over id, time and body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec

from posture.base import sealing
from posture.base.sealing import CannotDecrypt
from posture.integrations.models import Webhook
from scanners import typed
from scanners.records import Record

PREFIX = "whsec_"
KEY_BYTES = 32
LEAST_KEY_BYTES = 24
MOST_KEY_BYTES = 64


class Target(Record, frozen=True, kw_only=True):
    """Where to, and the key of the signature in the form that receivers keep (`whsec_…`)."""

    url: str
    key: str


def new_key() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_bytes(key: str) -> bytes:
    """The bytes of a key. Raises ValueError for one of another form."""
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("It is not base64.") from None
    if not LEAST_KEY_BYTES <= len(raw) <= MOST_KEY_BYTES:
        raise ValueError(f"It has {len(raw)} bytes; from {LEAST_KEY_BYTES} to {MOST_KEY_BYTES} are needed.")
    return raw


def signature(key: str, uid: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature` of a message."""
    signed = b".".join((uid.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key_bytes(key), signed, hashlib.sha256).digest()).decode()


def seal(target: Target) -> bytes:
    return sealing.seal(msgspec.json.encode(target))


def unseal(webhook: Webhook) -> Target:
    """Raises CannotDecrypt."""
    return typed.decode(sealing.unseal(webhook.sealed), Target)


def seal_anew() -> tuple[int, list[str]]:
    """Encrypts every address under the first key; returns how many, and the webhooks whose address no key opens. In the
    caller's transaction."""
    changed: list[Webhook] = []
    closed: list[str] = []
    for webhook in (
        Webhook.objects.select_for_update(of=("self",)).order_by("pk").only("pk", "name", "sealed")
    ):
        try:
            webhook.sealed = sealing.sealed_anew(webhook.sealed)
        except CannotDecrypt:
            closed.append(webhook.name)
        else:
            changed.append(webhook)
    Webhook.objects.bulk_update(changed, ["sealed"])
    return len(changed), closed
