"""An engine and the host that it runs on, read over one SSH connection."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from scanners.connectors.session import Item, Report, Session
from scanners.records import NodeError, ProbeReport, Skipped


class EngineAndHost:
    """Two sessions on one connection and one budget, as one. That the host cannot be probed does not lose the engine."""

    def __init__(self, engine: Session, host: Session) -> None:
        self._engine = engine
        self._host = host

    @property
    def bytes_read(self) -> int:
        return self._engine.bytes_read

    def probe(self) -> ProbeReport:
        found = self._engine.probe()
        try:
            of_host = self._host.probe()
        except NodeError as error:
            if error.code == "cancelled":
                raise
            return msgspec.structs.replace(found, missing=(*found.missing, f"The host: {error.message}"))
        return msgspec.structs.replace(
            found,
            readable=(*found.readable, *of_host.readable),
            missing=(*found.missing, *of_host.missing),
        )

    def collect(self, report: Report) -> Iterator[Item]:
        yield from self._engine.collect(report)
        try:
            yield from self._host.collect(report)
        except NodeError as error:
            if error.code == "cancelled":
                raise
            yield Skipped(kind=error.code, where="the host", reason=error.message)
