"""Which reader a report is for, and what it says. The highest score wins; a tie is an error that names both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import Protocol

from scanners.records import Record
from scanners.reported import Reported
from scanners.reports import (
    anchore,
    aws_ecr,
    aws_inspector,
    clair,
    clair_v2,
    csaf,
    cyclonedx,
    docker_bench,
    dockle,
    grype,
    harbor,
    kube_bench,
    openvex,
    osv_scanner,
    sarif,
    security_hub,
    spdx,
    spdx3,
    syft,
    trivy,
    trivy_kubernetes,
    trivy_operator,
)
from scanners.reports.json_items import moment
from scanners.reports.source import HEAD_BYTES, ReportError, Source

# Members by which two reports of the same differ: when each was made, and numbers that a tool gives to every report.
_OF_THE_MAKING = re.compile(
    rb'"(CreatedAt|createdAt|created|timestamp|serialNumber|documentNamespace|ReportID)"\s*:\s*"([^"\\]{1,300})"'
)


class Reader(Protocol):
    """A module of this package. `NAME` is what people call the format."""

    NAME: str

    def score(self, source: Source) -> int:
        """How surely the report is of this format: 0 not at all, 100 it says so itself. Looks at `source.head` only."""

    def read(self, source: Source) -> Iterator[Reported]:
        """What the report says. One bad item is a `Skipped`, and the rest goes on. Raises ReportError for what cannot be
        read at all."""


READERS: tuple[ModuleType, ...] = (
    anchore,
    aws_ecr,
    aws_inspector,
    clair,
    clair_v2,
    csaf,
    cyclonedx,
    docker_bench,
    dockle,
    grype,
    harbor,
    kube_bench,
    openvex,
    osv_scanner,
    sarif,
    security_hub,
    spdx,
    spdx3,
    syft,
    trivy,
    trivy_kubernetes,
    trivy_operator,
)


def reader_of(source: Source) -> Reader:
    """Raises ReportError for a report that no reader knows, and for one that two claim alike."""
    scores = sorted(((reader.score(source), reader.NAME, reader) for reader in READERS), key=lambda s: -s[0])
    best, name, reader = scores[0]
    if best <= 0:
        known = ", ".join(sorted(each.NAME for each in READERS))
        raise ReportError(f"No reader knows this format. Known: {known}.")
    if len(scores) > 1 and scores[1][0] == best:
        raise ReportError(
            f"Two readers claim this report: {name} and {scores[1][1]}. That is a fault of ours."
        )
    return reader


def read(source: Source) -> Iterator[Reported]:
    """What a report of any known format says. Raises ReportError."""
    return reader_of(source).read(source)


class Mark(Record, frozen=True, kw_only=True):
    """`text` is the same for two reports that differ only in when they were made; `made_at` is what this one says of it."""

    text: str
    made_at: datetime | None


def mark(source: Source, reader: Reader) -> Mark:
    """A checksum of a report, taken without reading it: of all but the first of each member that tells of its making, in
    its first and its last 64 KiB."""
    content, size = source.content, len(source.content)
    digest = hashlib.sha256(reader.NAME.encode())  # processors have instructions for this one
    made_at, position, seen = None, 0, set()
    tail = max(size - HEAD_BYTES, len(source.head))
    for start, part in ((0, source.head), (tail, bytes(content[tail:]))):
        for found in _OF_THE_MAKING.finditer(part):
            if found[1] in seen:
                continue
            seen.add(found[1])
            made_at = made_at or moment(found[2].decode(errors="replace"))
            digest.update(content[position : start + found.start(2)])
            position = start + found.end(2)
    digest.update(content[position:])
    return Mark(text=digest.hexdigest()[:32], made_at=made_at)
