"""What opens a node, encrypted at rest. It goes in through a form and out only to the worker that connects."""

from __future__ import annotations

import msgspec

from posture.base import sealing
from posture.base.sealing import CannotDecrypt
from posture.fleet.models import Node
from scanners import typed
from scanners.records import Credential

PARTS = Credential.__struct_fields__


def seal(credential: Credential) -> bytes:
    return sealing.seal(msgspec.json.encode(credential))


def unseal(sealed: bytes | memoryview | None) -> Credential:
    """The credential of a node; an empty one for a node that has none. Raises CannotDecrypt."""
    if sealed is None:
        return Credential()
    try:
        return typed.decode(sealing.unseal(sealed), Credential)
    except (CannotDecrypt, msgspec.DecodeError):
        # The cause is dropped on purpose: a decoder's message can quote what it read.
        raise CannotDecrypt(
            "The stored credential cannot be decrypted: its key is not among the credential keys of this server."
        ) from None


def parts_of(credential: Credential) -> list[str]:
    """The names of the parts that are there, which the API may show."""
    return [name for name in PARTS if getattr(credential, name)]


def seal_anew() -> tuple[int, list[str]]:
    """Encrypts what nodes have stored under the first key; returns how many, and the nodes whose credential no key opens.
    In the caller's transaction."""
    changed: list[Node] = []
    closed: list[str] = []
    nodes = Node.objects.select_for_update(of=("self",)).filter(credential__isnull=False).order_by("pk")
    for node in nodes.only("pk", "name", "credential"):
        try:
            node.credential = sealing.sealed_anew(node.credential or b"")
        except CannotDecrypt:
            closed.append(node.name)
        else:
            changed.append(node)
    Node.objects.bulk_update(changed, ["credential"], batch_size=500)
    return len(changed), closed
