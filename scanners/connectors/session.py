"""What every connector gives and takes, whatever kind of node it opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from scanners.records import Credential, Limits, Observed, ProbeReport, Record, Skipped
from scanners.registry_images import RegistryImage, WantedImage

Report = Callable[[str, int, int], None]  # phase, done, total
Item = Observed | RegistryImage | Skipped


class Options(Record, frozen=True, kw_only=True):
    """What a node allows or asks for besides address and credential; a connector leaves alone what it has no use for.

    `allow_plaintext` lets tcp:// go without TLS. `denied_networks` are CIDRs that may not be asked, on top of link-local
    and metadata addresses. `sudo` runs the probe on an SSH host as root, without a password; it is asked of nobody.
    `reads_host` has an engine's connector run the probe on its host too, over the same SSH connection. `images` are
    what a registry is asked for.
    """

    allow_plaintext: bool = False
    denied_networks: tuple[str, ...] = ()
    sudo: bool = False
    reads_host: bool = False
    images: tuple[WantedImage, ...] = ()


NO_OPTIONS = Options()


class Session(Protocol):
    """An open node."""

    @property
    def bytes_read(self) -> int:
        """Bytes that the node has sent so far, on all its connections."""

    def probe(self) -> ProbeReport:
        """What this node is and what may be read of it. Raises `NodeError`."""

    def collect(self, report: Report) -> Iterator[Item]:
        """Everything the node tells; `report` is called with phase, done and total. Raises `NodeError`."""


class Connector(Protocol):
    """A module of this package that opens nodes of one kind."""

    KIND: str

    def open_node(
        self,
        address: str,
        credential: Credential,
        limits: Limits,
        options: Options = ...,
        *,
        is_cancelled: Callable[[], bool],
    ) -> AbstractContextManager[Session]:
        """Open a node and close it again. Raises `NodeError`, whose code says what is wrong."""
