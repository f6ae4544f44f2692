"""Reports that are sent to us: taken in at once, read by a worker afterwards.

The content waits in the database, so that it survives a crash and reaches a worker on any machine. A worker holds an
advisory lock while it reads; the lock ends with its connection, so a running upload that nobody holds is a lost one.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from posture.accounts.models import User
from posture.base.problems import Conflict, Problem
from posture.collection.choices import UploadSource, UploadState
from posture.collection.models import Upload, UploadPart
from posture.collection.report_writing import About
from posture.collection.reports import Draft, Imported, Order, Stopped, import_file
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from posture.history.actions import record
from scanners import records

logger = logging.getLogger(__name__)

PART_BYTES = 4 * 1024 * 1024
SENT_AGAIN_AFTER = timedelta(seconds=60)  # a message may wait in the queue that long
ATTEMPTS = 3  # a file that ends its worker each time is not tried for ever
_LOCKS = 0x75706C64  # "upld": the first of the two numbers of an upload's advisory lock
_PARTIAL_NAMES = (".part", ".tmp", ".crdownload", ".filepart")

Enqueue = Callable[[int], None]


def accept(
    chunks: Iterable[bytes],
    *,
    name: str,
    source: UploadSource,
    by: User | None,
    about: Asset | None = None,
) -> Upload:
    """Take a file in; a worker reads it later. Raises Problem for an empty or too large one, of which nothing is kept."""
    limit = settings.UPLOAD_MAX_BYTES
    digest, size = hashlib.sha256(), 0
    with transaction.atomic():
        upload = _new(name, source, by, about)
        for number, part in enumerate(_parts(chunks)):
            digest.update(part)
            size += len(part)
            if size > limit:
                raise Problem(
                    f"At most {limit} bytes are read.",
                    code="too_large",
                    status=413,
                    hint="Compress the file with gzip, or set PLIMSOLL_UPLOAD_MAX_BYTES.",
                )
            UploadPart.objects.create(upload=upload, number=number, content=zlib.compress(part, 1))
        if not size:
            raise Problem("The file is empty.", code="empty", status=400)
        upload.size_bytes, upload.digest = size, digest.hexdigest()
        upload.save(update_fields=["size_bytes", "digest"])
        _recorded(upload, by)
    return upload


def _new(name: str, source: UploadSource, by: User | None, about: Asset | None, **known: Any) -> Upload:
    first = {"size_bytes": 0, "digest": "", "uploaded_at": timezone.now()}
    return Upload.objects.create(
        file_name=_printable(name)[:300] or "report",
        source=source,
        uploaded_by=by,
        about=about,
        **first | known,
    )


def _printable(name: str) -> str:
    """The last part of a path, without what a terminal or page would act on."""
    return "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()


def _recorded(upload: Upload, by: User | None) -> None:
    record(
        verb="upload",
        obj=upload,
        object_kind="upload",
        object_name=upload.file_name,
        changes={
            "sha256": [None, upload.digest],
            "size_bytes": [None, upload.size_bytes],
            "about": [None, None if upload.about is None else upload.about.name],
        },
        actor=by,
    )


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= PART_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def chunks_of(file: Readable) -> Iterator[bytes]:
    while chunk := file.read(1 << 20):
        yield chunk


def send(upload: Upload, enqueue: Enqueue) -> None:
    """Hand an upload to the workers. When the broker is away, a later tick does."""
    Upload.objects.filter(pk=upload.pk).update(sent_at=timezone.now())
    try:
        enqueue(upload.pk)
    except BrokerUnreachable as error:
        logger.warning("Redis does not answer, upload %s waits for the next tick: %s", upload.pk, error)


def run(upload_id: int) -> None:
    """Read one upload and write what came of it; nothing when it has ended, or another worker reads it."""
    with _held(upload_id) as is_ours:
        if not is_ours:
            return
        upload = _begin(upload_id)
        if upload is None:
            return
        with tempfile.TemporaryDirectory(prefix="plimsoll-") as folder:
            path = Path(folder) / "report"
            _write_content(upload, path)
            try:
                imported = import_file(path, name=upload.file_name, order=_order(upload))
            except Stopped:
                end(upload, UploadState.CANCELLED, error="Cancelled; what was stored until then stays.")
                return
        finish(upload, imported)


@contextmanager
def _held(upload_id: int) -> Iterator[bool]:
    """Whether this connection alone holds the upload."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCKS, upload_id])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, upload_id])


def _begin(upload_id: int) -> Upload | None:
    upload = Upload.objects.select_related("about__environment", "uploaded_by").filter(pk=upload_id).first()
    if upload is None or not upload.is_active:
        return None
    if upload.cancel_requested:
        end(upload, UploadState.CANCELLED)
        return None
    if upload.attempts >= ATTEMPTS:
        end(upload, UploadState.FAILED, error=f"The worker ended {ATTEMPTS} times while it read this file.")
        return None
    upload.state, upload.started_at, upload.attempts = (
        UploadState.RUNNING,
        timezone.now(),
        upload.attempts + 1,
    )
    upload.save(update_fields=["state", "started_at", "attempts"])
    return upload


def _write_content(upload: Upload, path: Path) -> None:
    with path.open("wb") as file:
        for content in (
            UploadPart.objects.filter(upload=upload).order_by("number").values_list("content", flat=True)
        ).iterator(chunk_size=1):
            file.write(zlib.decompress(bytes(content)))


def _order(upload: Upload) -> Order:
    by = upload.uploaded_by
    return Order(
        about=about_of(upload.about),
        may_state=by is None or by.environment_ids() is None,
        may_write=reach_of(by),
        is_alive=_watch(upload),
    )


def about_of(asset: Asset | None) -> About | None:
    if asset is None:
        return None
    environment = asset.environment
    return About(
        asset_id=asset.pk,
        kind=records.AssetKind(asset.kind),
        key=asset.key,
        name=asset.name,
        environment_id=asset.environment_id,
        data_classes=() if environment is None else tuple(environment.data_classes),
    )


def reach_of(user: User | None) -> Callable[[int], bool]:
    """Whether a person may say something of an asset: of those that they may see."""
    if user is None or user.environment_ids() is None:
        return lambda _: True
    return lambda asset_id: Asset.objects.visible_to(user).filter(pk=asset_id).exists()


def _watch(upload: Upload) -> Callable[[int], bool]:
    """Shows progress after every image, and sees whether somebody asked to stop."""

    def watch(images: int) -> bool:
        Upload.objects.filter(pk=upload.pk).update(images=images)
        return not Upload.objects.filter(pk=upload.pk, cancel_requested=True).exists()

    return watch


def finish(upload: Upload, imported: Imported) -> None:
    for field in (
        "reader",
        "images",
        "findings",
        "opened",
        "reopened",
        "resolved",
        "statements",
        "skipped_total",
    ):
        setattr(upload, field, getattr(imported, field))
    upload.reader = upload.reader[:200]
    upload.skipped = [
        {"kind": one.kind, "where": one.where[:300], "reason": one.reason[:500]} for one in imported.skipped
    ]
    end(upload, UploadState(imported.status), error=imported.error)


def end(upload: Upload, state: UploadState, *, error: str = "") -> None:
    """Write how an upload ended; its content is no longer needed."""
    upload.state, upload.finished_at, upload.error = state, timezone.now(), error[:1000]
    with transaction.atomic():
        upload.save()
        if upload.source != UploadSource.COMMAND:
            UploadPart.objects.filter(upload=upload).delete()


def import_now(
    path: Path, *, source: UploadSource, by: User | None = None, drafted: Draft | None = None
) -> Imported:
    """Read a file in this process. It is kept among the uploads, unless it says what was known: then nothing changed."""
    with ExitStack() as held:
        begun: list[Upload] = []

        def begin() -> None:
            if begun:
                return
            begun.append(_begun_here(path, source, by))
            held.enter_context(_held(begun[-1].pk))

        # A report that names no image is of one with the file's name, wherever the file lies.
        imported = import_file(path, order=Order(begin=begin), drafted=drafted)
        if imported.status == UploadState.FAILED and not begun:
            begin()
        for upload in begun:
            finish(upload, imported)
    return msgspec.structs.replace(imported, file=str(path))


def _begun_here(path: Path, source: UploadSource, by: User | None) -> Upload:
    known: dict[str, Any] = {"state": UploadState.RUNNING, "started_at": timezone.now()}
    with suppress(OSError), path.open("rb") as file:
        known["digest"] = hashlib.file_digest(file, "sha256").hexdigest()
        known["size_bytes"] = path.stat().st_size
    with transaction.atomic():
        upload = _new(path.name, source, by, None, **known)
        _recorded(upload, by)
    return upload


def cancel(*, upload: Upload, by: User | None) -> Upload:
    """A queued upload ends now, a running one after the image that it reads. Raises Conflict for one that has ended."""
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if not locked.is_active:
            raise Conflict("This upload has already ended.", code="upload_ended")
        locked.cancel_requested = True
        locked.save(update_fields=["cancel_requested"])
        if locked.state == UploadState.QUEUED:
            end(locked, UploadState.CANCELLED)
        record(
            verb="cancel",
            obj=locked,
            object_kind="upload",
            object_name=locked.file_name,
            changes={},
            actor=by,
        )
    return locked


def reap(enqueue: Enqueue) -> int:
    """Send again what no worker holds: its worker is gone, or its message; returns how many."""
    lost = 0
    for upload in Upload.objects.active().order_by("pk")[:100]:
        with _held(upload.pk) as is_ours:
            if not is_ours:
                continue
        if upload.state == UploadState.QUEUED and not _is_overdue(upload):
            continue
        if upload.state == UploadState.RUNNING and upload.source == UploadSource.COMMAND:
            end(upload, UploadState.FAILED, error="The command ended before the file was read.")
            continue
        lost += 1
        send(upload, enqueue)
    return lost


def _is_overdue(upload: Upload) -> bool:
    return upload.sent_at is None or upload.sent_at < timezone.now() - SENT_AGAIN_AFTER


def take_from_folder(enqueue: Enqueue) -> int:
    """Take in the files of the drop folder that nobody writes to any more; returns how many.

    Each is moved to `taking/`, and to `taken/` once its content is in the database. A crash in between has it taken
    twice, and the second time says nothing new.
    """
    folder = settings.DROP_FOLDER
    if folder is None or not folder.is_dir():
        return 0
    taking, done = folder / "taking", folder / "taken"
    try:
        taking.mkdir(exist_ok=True)
        done.mkdir(exist_ok=True)
        for path in sorted(folder.iterdir()):
            if _is_ready(path):
                path.rename(taking / path.name)
    except OSError as error:
        logger.warning("The drop folder %s cannot be emptied, so nothing is taken from it: %s", folder, error)
        return 0
    taken = 0
    for path in sorted(taking.iterdir()):
        try:
            with path.open("rb") as file:
                upload = accept(chunks_of(file), name=path.name, source=UploadSource.FOLDER, by=None)
        except (OSError, Problem) as error:
            upload = _refused(path, str(error))
        path.rename(done / f"{upload.pk}-{path.name}")
        if upload.is_active:
            send(upload, enqueue)
        taken += 1
    return taken


def _is_ready(path: Path) -> bool:
    try:
        is_file = path.is_file() and not path.is_symlink()
        age = timezone.now().timestamp() - path.stat().st_mtime
    except OSError:
        return False
    name = path.name.lower()
    return (
        is_file
        and not name.startswith(".")
        and not name.endswith(_PARTIAL_NAMES)
        and age >= settings.DROP_FOLDER_SETTLE_SECONDS
    )


def _refused(path: Path, reason: str) -> Upload:
    """A file that could not be taken in is shown among the uploads like any other."""
    with transaction.atomic():
        upload = _new(path.name, UploadSource.FOLDER, None, None)
        end(upload, UploadState.FAILED, error=reason)
        _recorded(upload, None)
    return upload


def about_named(user: User, *, image: str, host: int | None) -> Asset | None:
    """The image (digest or name) or host (id) that a sender says the report is about. Raises Problem for none and several."""
    assets = Asset.objects.visible_to(user).present().select_related("environment")
    if host is not None:
        found = list(assets.filter(pk=host, kind=AssetKind.HOST))
    elif image:
        images = assets.filter(kind=AssetKind.IMAGE)
        found = list(images.filter(key=image)) or list(images.filter(name=image)[:2])
    else:
        return None
    if len(found) != 1:
        what = f"host {host}" if host is not None else f"image “{image[:120]}”"
        count = "no" if not found else "more than one"
        raise Problem(f"There is {count} {what} that you may see.", code="no_such_asset", status=400)
    return found[0]
