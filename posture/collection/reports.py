"""Reports from files: read, stored image by image, and what came of it in one answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from django.utils import timezone

from posture.collection.report_writing import SKIPPED_KEPT, Subject, write
from posture.findings.settle import Settled
from scanners.records import Record, Skipped
from scanners.reported import Origin, Reported, ReportedImage, VexStatement
from scanners.reports import read
from scanners.reports.source import ReportError, Source, opened


class Imported(Record, frozen=True, kw_only=True):
    """What came of one report. `status` is imported, unchanged (it says what was known), partial (a part could not be
    read: see `skipped`) or failed (`error` says why; nothing of it is kept)."""

    file: str
    status: str
    reader: str = ""
    images: int = 0
    findings: int = 0
    opened: int = 0
    reopened: int = 0
    resolved: int = 0
    skipped: tuple[Skipped, ...] = ()
    skipped_total: int = 0
    seconds: float = 0.0
    error: str = ""


def import_file(path: Path, *, name: str = "", image: str = "") -> Imported:
    """Read a report and store what it says. Never raises for what is in the file.

    `image` is the key of the image that it is about, where that is known better than the report can tell.
    """
    started = time.perf_counter()
    name = name or path.name
    try:
        with opened(path, name) as source:
            imported = _import(source, image)
    except ReportError as error:
        imported = Imported(file=name, status="failed", error=str(error))
    except OSError as error:
        imported = Imported(file=name, status="failed", error=f"The file cannot be read: {error.strerror}.")
    return msgspec.structs.replace(imported, seconds=round(time.perf_counter() - started, 3))


def _import(source: Source, image: str) -> Imported:
    reader = read.reader_of(source)
    images = found = skipped_total = 0
    sum_ = Settled()
    skipped: list[Skipped] = []
    is_changed = False
    for subject in subjects(reader.read(source), image):
        settled = write(subject, timezone.now())
        images += 1
        found += len(subject.matches) + len(subject.problems)
        skipped_total += subject.skipped_total
        skipped += subject.skipped[: SKIPPED_KEPT - len(skipped)]
        if settled is not None:
            is_changed = True
            sum_ = Settled(
                opened=sum_.opened + settled.opened,
                reopened=sum_.reopened + settled.reopened,
                resolved=sum_.resolved + settled.resolved,
            )
    if not images:
        raise ReportError("The report names no image, so nobody could be told what it is about.")
    return Imported(
        file=source.name,
        status="partial" if skipped_total else "imported" if is_changed else "unchanged",
        reader=reader.NAME,
        images=images,
        findings=found,
        opened=sum_.opened,
        reopened=sum_.reopened,
        resolved=sum_.resolved,
        skipped=tuple(skipped),
        skipped_total=skipped_total,
    )


def subjects(records: Iterator[Reported], image: str = "") -> Iterator[Subject]:
    """The images of a report with all that is said of each; all of it of `image`, where that is given.

    Raises ReportError when it begins without an origin, or tells of several images though it is about `image`.
    """
    origin: Origin | None = None
    subject: Subject | None = None
    homeless: list[Skipped] = []
    for record in records:
        if isinstance(record, Origin):
            origin = record
        elif isinstance(record, ReportedImage):
            if subject is not None:
                if image:
                    raise ReportError("The report tells of several images, and it should be about one.")
                yield subject
            if image:
                # Engines may name an image by another digest than that of its configuration, as tools do.
                record = msgspec.structs.replace(record, digest=image, name=image)
            if origin is None:
                raise ReportError(
                    "The reader does not say where the report comes from. That is a fault of ours."
                )
            subject = Subject(origin, record)
            for skipped in homeless:
                subject.add(skipped)
            homeless = []
        elif subject is not None:
            subject.add(record)
        elif isinstance(record, Skipped):
            homeless.append(record)
        elif not isinstance(record, VexStatement):
            homeless.append(Skipped(kind="malformed", where="the report", reason="it is about no image"))
    if subject is not None:
        for skipped in homeless:
            subject.add(skipped)
        yield subject
