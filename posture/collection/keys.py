"""Everything that is stored encrypted, put under another key."""

from __future__ import annotations

from django.db import transaction

from posture.base.sealing import CannotDecrypt
from posture.fleet import credentials
from posture.history.actions import HIDDEN, record
from posture.integrations import webhooks


@transaction.atomic
def rotate() -> tuple[int, int]:
    """Encrypts the credentials of nodes and the addresses of webhooks again, with the first key; returns how many of each.

    Raises CannotDecrypt naming those that no key opens; then nothing is changed.
    """
    nodes, closed_nodes = credentials.seal_anew()
    hooks, closed_hooks = webhooks.seal_anew()
    if closed := [*closed_nodes, *(f"webhook {name}" for name in closed_hooks)]:
        raise CannotDecrypt(
            f"Nothing was changed: no key opens the credential of {', '.join(closed)}. Add the key that it was "
            "stored with to PLIMSOLL_CREDENTIAL_KEYS, or store it anew."
        )
    record(
        verb="rotated_credential_keys",
        obj=None,
        object_kind="installation",
        object_name="credential keys",
        changes={"nodes": [None, nodes], "webhooks": [None, hooks], "credential": [HIDDEN, HIDDEN]},
    )
    return nodes, hooks
