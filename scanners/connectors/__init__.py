"""Connectors open a node and yield records: the only code of `scanners` that touches the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import ModuleType

from scanners.connectors import docker
from scanners.records import Credential, Limits, NodeError

CONNECTORS: tuple[ModuleType, ...] = (docker,)


def open_node(
    kind: str,
    address: str,
    credential: Credential,
    limits: Limits,
    *,
    is_cancelled: Callable[[], bool],
    allow_plaintext: bool = False,
    denied_networks: Iterable[str] = (),
) -> AbstractContextManager[docker.DockerSession]:
    """Open a node of this kind ("docker"). The session has `probe()` and `collect(report)`; raises `NodeError`."""
    for connector in CONNECTORS:
        if kind == connector.KIND:
            session: AbstractContextManager[docker.DockerSession] = connector.open_node(
                address,
                credential,
                limits,
                is_cancelled=is_cancelled,
                allow_plaintext=allow_plaintext,
                denied_networks=denied_networks,
            )
            return session
    known = ", ".join(connector.KIND for connector in CONNECTORS)
    raise NodeError(
        "address_invalid", f"There is no connector for nodes of kind {kind[:40]!r}.", f"Known: {known}."
    )
