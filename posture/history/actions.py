"""Writing the trail, and proving that nobody rewrote it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from posture.base import context
from posture.base.context import Actor
from posture.history.models import Entry

GENESIS = "0" * 64  # what the first entry follows

# One number for the whole installation: entries are written one after the other, or the chain would fork.
_LOCK = 0x706C696D  # "plim"

# Fields whose values may never be written down; an action records that they changed, not to what.
SECRET_FIELDS = frozenset(
    {
        "password",
        "token",
        "digest",
        "credential",
        "ca_certificate",
        "client_certificate",
        "client_key",
        "ssh_private_key",
        "ssh_passphrase",
        "secret_key",
        "session_key",
    }
)
HIDDEN = "[hidden]"


@dataclass(frozen=True)
class Verification:
    """`broken_at` is the id of the first entry that does not follow from those before it."""

    ok: bool
    entries: int
    broken_at: int | None


def record(
    *,
    verb: str,
    obj: models.Model | str | int | None,
    object_kind: str,
    object_name: str,
    changes: Mapping[str, Any] | None = None,
    actor: Actor | models.Model | None = None,
) -> Entry:
    """Appends one entry in the caller's transaction; call it last there, because it holds the trail's lock.

    `changes` maps a field to [old, new] in JSON's own types; secrets must already be `HIDDEN` or ValueError is
    raised. `actor` defaults to whoever sends the present request; without a request it is the system.
    """
    plain = _plain(changes or {})
    _refuse_secrets(plain)
    now, who = context.current(), _actor(actor)
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        previous = Entry.objects.order_by("-id").values_list("hash", flat=True).first() or GENESIS
        entry = Entry(
            at=timezone.now(),
            actor_kind=who.kind,
            actor_id=who.user_id,
            actor_name=who.name[:200],
            verb=verb,
            object_kind=object_kind,
            object_id=str(obj.pk if isinstance(obj, models.Model) else "" if obj is None else obj),
            object_name=object_name[:300],
            changes=plain,
            ip=now.ip,
            request_id=now.request_id,
            previous_hash=previous,
        )
        entry.hash = hash_of(entry)
        entry.save(force_insert=True)
    return entry


def hash_of(entry: Entry) -> str:
    """SHA-256 over the canonical JSON (sorted keys, no spaces, UTF-8) of all that the entry says.

    Its id is left out, because the database gives it; its place is fixed by the hash before it.
    """
    content = {
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "verb": entry.verb,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "object_name": entry.object_name,
        "changes": entry.changes,
        "ip": entry.ip,
        "request_id": entry.request_id,
        "previous_hash": entry.previous_hash,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify() -> Verification:
    """Recomputes every hash from the first entry on. Reads the whole trail, in one snapshot, in pieces."""
    previous, entries = GENESIS, 0
    for entry in Entry.objects.order_by("id").iterator(chunk_size=2000):
        entries += 1
        if entry.previous_hash != previous or entry.hash != hash_of(entry):
            return Verification(ok=False, entries=entries, broken_at=entry.pk)
        previous = entry.hash
    return Verification(ok=True, entries=entries, broken_at=None)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The `changes` of an update: {field: [old, new]} for the fields of `after` that differ."""
    return {name: [before.get(name), new] for name, new in after.items() if before.get(name) != new}


def _actor(given: Actor | models.Model | None) -> Actor:
    sender = context.current().actor
    if given is None:
        return sender
    if isinstance(given, Actor):
        return given
    if sender.user_id == given.pk:
        return sender  # the same person, and the sender also says through which token
    return Actor("user", given.pk, str(given))


def _plain(value: Any) -> Any:
    """The value as the database will give it back, so that its hash stays the same. jsonb knows 2, not 2.0."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return str(value).replace("\x00", "")
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def _refuse_secrets(changes: Any) -> None:
    if isinstance(changes, Mapping):
        for name, value in changes.items():
            if name in SECRET_FIELDS and not _is_hidden(value):
                raise ValueError(f"The history may not hold the value of “{name}”.")
            _refuse_secrets(value)
    elif isinstance(changes, list):
        for value in changes:
            _refuse_secrets(value)


def _is_hidden(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return all(v in (None, HIDDEN) for v in values)
