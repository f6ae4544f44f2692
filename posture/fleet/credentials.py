"""What opens a node, encrypted at rest. It goes in through a form and out only to the worker that connects."""

from __future__ import annotations

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from posture.fleet.models import Node
from posture.history.actions import HIDDEN, record
from scanners import typed
from scanners.records import Credential

PARTS = Credential.__struct_fields__


class CannotDecrypt(Exception):
    """A stored credential does not open with any of the installation's keys."""


def seal(credential: Credential) -> bytes:
    """Encrypts under the first of CREDENTIAL_KEYS (Fernet: AES-128-CBC with HMAC-SHA-256)."""
    return _keys().encrypt(msgspec.json.encode(credential))


def unseal(sealed: bytes | memoryview | None) -> Credential:
    """The credential of a node; an empty one for a node that has none. Raises CannotDecrypt."""
    if sealed is None:
        return Credential()
    try:
        return typed.decode(_keys().decrypt(bytes(sealed)), Credential)
    except (InvalidToken, msgspec.DecodeError):
        # The cause is dropped on purpose: a decoder's message can quote what it read.
        raise CannotDecrypt(
            "The stored credential cannot be decrypted: its key is not among the credential keys of this server."
        ) from None


def parts_of(credential: Credential) -> list[str]:
    """The names of the parts that are there, which the API may show."""
    return [name for name in PARTS if getattr(credential, name)]


@transaction.atomic
def rotate() -> int:
    """Encrypts every stored credential again, with the first key; returns how many.

    Raises CannotDecrypt naming the nodes whose credential no key opens; then nothing is changed.
    """
    keys = _keys()
    changed: list[Node] = []
    closed: list[str] = []
    nodes = Node.objects.select_for_update(of=("self",)).filter(credential__isnull=False).order_by("pk")
    for node in nodes.only("pk", "name", "credential"):
        try:
            node.credential = keys.rotate(bytes(node.credential or b""))
        except InvalidToken:
            closed.append(node.name)
        else:
            changed.append(node)
    if closed:
        raise CannotDecrypt(
            f"Nothing was changed: no key opens the credential of {', '.join(closed)}. Add the key that it was "
            "stored with to PLIMSOLL_CREDENTIAL_KEYS, or give these nodes a new credential."
        )
    Node.objects.bulk_update(changed, ["credential"], batch_size=500)
    record(
        verb="rotated_credential_keys",
        obj=None,
        object_kind="installation",
        object_name="credential keys",
        changes={"nodes": [None, len(changed)], "credential": [HIDDEN, HIDDEN]},
    )
    return len(changed)


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
