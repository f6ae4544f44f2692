"""Which reader a report is for, and what it says. The highest score wins; a tie is an error that names both."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Protocol

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
from scanners.reports.source import ReportError, Source


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
