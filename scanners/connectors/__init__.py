"""Connectors open a node and yield records: the only code of `scanners` that connects to a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from scanners.connectors import docker, probe, registry
from scanners.connectors.session import Connector, Options, Session
from scanners.records import Credential, Limits, NodeError
from scanners.registry_images import WantedImage

CONNECTORS: tuple[Connector, ...] = (docker, probe, registry)


def open_node(
    kind: str,
    address: str,
    credential: Credential,
    limits: Limits,
    *,
    is_cancelled: Callable[[], bool],
    allow_plaintext: bool = False,
    denied_networks: Iterable[str] = (),
    sudo: bool = False,
    reads_host: bool = False,
    images: Iterable[WantedImage] = (),
) -> AbstractContextManager[Session]:
    """Open a node of this kind ("docker", "probe", "registry"); see `Options` for what may be allowed. Raises `NodeError`."""
    options = Options(
        allow_plaintext=allow_plaintext,
        denied_networks=tuple(denied_networks),
        sudo=sudo,
        reads_host=reads_host,
        images=tuple(images),
    )
    for connector in CONNECTORS:
        if kind == connector.KIND:
            return connector.open_node(address, credential, limits, options, is_cancelled=is_cancelled)
    known = ", ".join(connector.KIND for connector in CONNECTORS)
    raise NodeError(
        "address_invalid", f"There is no connector for nodes of kind {kind[:40]!r}.", f"Known: {known}."
    )
