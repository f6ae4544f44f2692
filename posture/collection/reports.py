"""Reports from files: read, stored image by image, and what came of it in one answer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from django.db import transaction
from django.utils import timezone

from posture.collection.report_writing import SKIPPED_KEPT, About, Subject, write
from posture.decisions import settle as decisions
from posture.decisions import statements as vex_decisions
from posture.findings.settle import Settled
from posture.fleet import ingest as fleet
from posture.vulnerabilities import scans, statements
from scanners.records import Record, Skipped
from scanners.reported import Origin, Reported, ReportedImage, ReportedVerdict, VexStatement
from scanners.reports import archives, read
from scanners.reports.source import ReportError, Source, opened

DRAFTED_BYTES = 8 * 1024 * 1024  # a larger report is stored image by image while it is read
NOT_YOURS = "it is about an image that is in none of your environments"
NOT_OURS = "statements hold in every environment, and you see only some"


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
    statements: int = 0
    skipped: tuple[Skipped, ...] = ()
    skipped_total: int = 0
    seconds: float = 0.0
    error: str = ""


def _everywhere(asset_id: int) -> bool:
    return True


def _nothing() -> None:
    return None


class Order(Record, frozen=True, kw_only=True):
    """How a file is to be imported. `about` says what it is about, where the report need not; `image` is the key of the one
    image that it is about, stored or not, where that is known better than the report can tell; `may_write` whether whoever
    sends it may say something of an asset, `may_state` whether VEX statements, which are about all environments, are kept;
    `begin` is called before anything new is written, once or more; `is_alive` is asked after each image, told how
    many there were, and False ends the import."""

    about: About | None = None
    image: str = ""
    may_state: bool = True
    may_write: Callable[[int], bool] = _everywhere
    begin: Callable[[], None] = _nothing
    is_alive: Callable[[int], bool] = _everywhere


class Stopped(Exception):
    """The import was cancelled; what was stored of earlier images stays."""


class Draft(Record, frozen=True, kw_only=True):
    """What a report says. `said` are its VEX statements: all of them once `subjects` is at its end."""

    name: str
    reader: read.Reader
    mark: read.Mark
    subjects: Iterable[Subject]
    said: list[tuple[Origin, VexStatement]]


def draft(path: Path) -> Draft | None:
    """Read a report without storing anything, so that it needs no database and can be done while the one before it is
    stored. None for what is compressed, too large to be held, or cannot be read: `import_file` answers for that."""
    try:
        with path.open("rb") as file:
            if archives.is_packed(file.read(4)) or path.stat().st_size > DRAFTED_BYTES:
                return None
        with opened(path) as source:
            drafted = _draft(source, Order())
            found = list(drafted.subjects)
            for subject in found:
                _ = subject.fingerprint  # made here, while there is time
            return msgspec.structs.replace(drafted, subjects=found)
    except (ReportError, OSError):
        return None


def _draft(source: Source, order: Order) -> Draft:
    reader = read.reader_of(source)
    said: list[tuple[Origin, VexStatement]] = []
    return Draft(
        name=source.name,
        reader=reader,
        mark=read.mark(source, reader),
        subjects=subjects(_without_statements(reader.read(source), said), order.about, order.image),
        said=said,
    )


def import_file(
    path: Path, *, name: str = "", order: Order | None = None, drafted: Draft | None = None
) -> Imported:
    """Read a report, or each of a compressed file, and store what is said. Never raises for what is in the file. `drafted`
    is the report where it was read already; the order then says nothing of what it is about."""
    started = time.perf_counter()
    name = name or path.name
    try:
        if drafted is not None:
            imported = _import(drafted, order or Order())
        else:
            with path.open("rb") as file:
                is_packed = archives.is_packed(file.read(4))
            import_it = _import_packed if is_packed else _import_plain
            imported = import_it(path, name, order or Order())
    except ReportError as error:
        imported = Imported(file=name, status="failed", error=str(error))
    except OSError as error:
        imported = Imported(file=name, status="failed", error=f"The file cannot be read: {error.strerror}.")
    return msgspec.structs.replace(imported, seconds=round(time.perf_counter() - started, 3))


def _import_plain(path: Path, name: str, order: Order) -> Imported:
    with opened(path, name) as source:
        return _import(_draft(source, order), order)


def _import_packed(path: Path, name: str, order: Order) -> Imported:
    """Every report of a compressed file, as one: what cannot be imported of it is skipped, unless that is all of it."""
    found: list[Imported] = []
    skipped: list[Skipped] = []
    with tempfile.TemporaryDirectory(prefix="plimsoll-") as folder:
        for each in archives.reports(path, name, Path(folder), archives.ArchiveLimits()):
            if isinstance(each, Skipped):
                skipped.append(each)
                continue
            inner, file = each
            try:
                found.append(_import_plain(file, inner, order))
            except ReportError as error:
                skipped.append(Skipped(kind="malformed", where=inner, reason=str(error)))
    if not found:
        raise ReportError(f"{skipped[0].where}: {skipped[0].reason}" if skipped else "It holds no report.")
    skipped += [one for imported in found for one in imported.skipped]
    skipped_total = len(skipped) + sum(one.skipped_total - len(one.skipped) for one in found)
    is_unchanged = all(one.status == "unchanged" for one in found)
    return Imported(
        file=name,
        status="partial" if skipped_total else "unchanged" if is_unchanged else "imported",
        reader=", ".join(sorted({one.reader for one in found})),
        skipped=tuple(skipped[:SKIPPED_KEPT]),
        skipped_total=skipped_total,
        **{field: sum(getattr(one, field) for one in found) for field in _COUNTED},
    )


_COUNTED = ("images", "findings", "opened", "reopened", "resolved", "statements")


def _import(report: Draft, order: Order) -> Imported:
    mark = report.mark
    told = (
        scans.told_before(mark.text, mark.made_at, timezone.now())
        if order.about is None and not order.image
        else None
    )
    if told is not None:
        return Imported(
            file=report.name,
            status="unchanged",
            reader=report.reader.NAME,
            images=told.images,
            findings=told.findings,
        )
    images = found = skipped_total = 0
    sum_ = Settled()
    skipped: list[Skipped] = []
    is_changed = False
    tools: dict[int, str] = {}
    for subject in report.subjects:
        written = write(subject, timezone.now(), order.may_write, order.begin)
        if written is None:
            subject.add(Skipped(kind="denied", where=subject.image.name, reason=NOT_YOURS))
        else:
            tools[written.asset_id] = subject.origin.tool
            images += 1
            found += subject.findings
            if written.settled is not None:
                is_changed = True
                sum_ = sum_.plus(written.settled)
        skipped_total += subject.skipped_total
        skipped += subject.skipped[: SKIPPED_KEPT - len(skipped)]
        if not order.is_alive(images):
            raise Stopped
    said = report.said
    if not images and not said:
        raise ReportError(_nothing_kept(skipped))
    if said and order.may_state:
        is_changed = _state(said) or is_changed
    elif said:
        skipped_total += len(said)
        skipped.append(Skipped(kind="denied", where="its VEX statements", reason=NOT_OURS))
    if not skipped_total and len(tools) == images:
        scans.keep_mark(tools, mark.text)
    return Imported(
        file=report.name,
        status="partial" if skipped_total else "imported" if is_changed else "unchanged",
        reader=report.reader.NAME,
        images=images,
        findings=found,
        opened=sum_.opened,
        reopened=sum_.reopened,
        resolved=sum_.resolved,
        statements=len(said) if order.may_state else 0,
        skipped=tuple(skipped),
        skipped_total=skipped_total,
    )


def _state(said: list[tuple[Origin, VexStatement]]) -> bool:
    """Keep what VEX documents state, and have it decide; returns whether anything of it is new."""
    at = timezone.now()
    with transaction.atomic():
        fleet.lock_shared()
        changed = statements.store(said, at)
        if changed:
            decisions.roll_up(vex_decisions.follow(changed, at), at)
    return bool(changed)


def _without_statements(
    records: Iterator[Reported], said: list[tuple[Origin, VexStatement]]
) -> Iterator[Reported]:
    """Put statements of VEX aside: they name what they are about themselves."""
    origin: Origin | None = None
    for record in records:
        if isinstance(record, Origin):
            origin = record
        if isinstance(record, VexStatement):
            if origin is not None:
                said.append((origin, record))
        else:
            yield record


def _nothing_kept(skipped: list[Skipped]) -> str:
    if any(one.kind == "denied" for one in skipped):
        return f"Nothing of the report is kept: {NOT_YOURS}."
    return "The report names no image, so nobody could be told what it is about."


def subjects(records: Iterator[Reported], about: About | None = None, image: str = "") -> Iterator[Subject]:
    """The images of a report with all that is said of each. With `about`, or the key of an `image`, all of it is about that,
    and a report that tells of several images is refused. Raises ReportError when it begins without an origin."""
    origin: Origin | None = None
    subject: Subject | None = None
    homeless: list[Reported] = []
    for record in records:
        if isinstance(record, Origin):
            origin = record
            continue
        begins = isinstance(record, ReportedImage)
        if about is not None and not begins and subject is None and not isinstance(record, Skipped):
            subject = _begin(origin, ReportedImage(name=about.name), about, homeless)
        if not isinstance(record, ReportedImage):
            homeless.append(record) if subject is None else subject.add(record)
            continue
        if subject is not None:
            if about is not None or image:
                raise ReportError("The report tells of several images, so it cannot be about one alone.")
            yield subject
        if image:
            # Engines may name an image by another digest than that of its configuration, as tools do.
            record = msgspec.structs.replace(record, digest=image, name=image)
        subject = _begin(origin, record, about, homeless)
    if subject is None and about is not None and origin is not None:
        subject = _begin(origin, ReportedImage(name=about.name), about, homeless)
    if subject is not None:
        yield subject
    elif any(isinstance(one, ReportedVerdict) for one in homeless):
        raise ReportError("The report names no host: say which one it is about when you send it.")


def _begin(
    origin: Origin | None, image: ReportedImage, about: About | None, homeless: list[Reported]
) -> Subject:
    if origin is None:
        raise ReportError("The reader does not say where the report comes from. That is a fault of ours.")
    if about is not None and image.digest not in ("", about.key):
        raise ReportError(f"The report is about an image, {image.digest}, and not about “{about.name}”.")
    subject = Subject(origin, image, about)
    for record in homeless:
        subject.add(record)
    homeless.clear()
    return subject
