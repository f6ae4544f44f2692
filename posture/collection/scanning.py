"""Scans of images by our own tools: read the image where it is held, run the tools on it, import what they report.

A scan is claimed with a lease, as a pull is: whoever loses it writes no longer how it ended. An image is scanned once for
the fleet, however many hosts hold it.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable
from packaging.version import InvalidVersion
from packaging.version import Version as Numbers

from posture.base.problems import Conflict
from posture.base.sealing import CannotDecrypt
from posture.collection import schedule
from posture.collection.registry_writing import is_at
from posture.collection.reports import Order, import_file
from posture.collection.schedule import RENEWAL_SHARE, lease_length
from posture.fleet import credentials
from posture.fleet.choices import AssetKind, NodeKind
from posture.fleet.models import Asset, Node
from posture.images.models import Image, Presence
from posture.vulnerabilities import scan_jobs, scans
from posture.vulnerabilities.models import Scan
from posture.vulnerabilities.scan_jobs import Claim
from scanners.archives import Archive, ArchiveError
from scanners.checks.references import ImageReference, parse_reference
from scanners.connectors.image_archive import EngineImage, FileImage, ImageInRegistry, ImageSource
from scanners.connectors.registry_client import parse_registry_address
from scanners.connectors.session import Options
from scanners.oci import Platform
from scanners.records import NodeError, Record
from scanners.tools import TOOLS
from scanners.tools.slots import slot
from scanners.tools.tool import Located, Missing, Tool, ToolError, ToolLimits, ToolSettings, Version

logger = logging.getLogger(__name__)

FIRST_INTERVAL = 6 * 3600  # the longest wait between two tries of a scan that fails, in seconds
COMMANDS_AT_ONCE = 4  # beside those of the workers
NEWS = timedelta(minutes=10)  # what changed within it is asked at each tick; the review asks all
ASKED_SECONDS = 600.0  # how long a worker believes what it knows of its tools

Enqueue = Callable[[], None]


# -- the tools of this machine


class _Known:
    """The tools that this process found, with their versions, for a while: each costs the start of a program."""

    def __init__(self) -> None:
        self._versions: dict[str, Version] = {}
        self._until = 0.0

    def versions(self) -> dict[str, Version]:
        if time.monotonic() >= self._until:
            self._versions = dict(_ask_versions())
            self._until = time.monotonic() + ASKED_SECONDS
        return self._versions

    def forget(self) -> None:
        self._until = 0.0


known = _Known()


def here() -> list[Tool]:
    """The tools that this machine has and that may be used, in the order in which they look at an image."""
    return [
        tool
        for tool in TOOLS
        if tool.NAME in settings.SCAN_TOOLS and isinstance(tool.find(of(tool)), Located)
    ]


def tools_to_use() -> list[str]:
    """Names of the tools that can look at an image now. Raises Conflict, which says what is missing."""
    if not settings.SCANS_AT_ONCE:
        raise Conflict("Scans are turned off here (PLIMSOLL_SCANS is 0).", code="scans_off")
    tools = [tool.NAME for tool in here()]
    if not tools:
        raise Conflict("None of the scanners is on this machine.", code="no_scanner", hint=_missing())
    return tools


def _missing() -> str:
    found = {tool.TITLE: tool.find(of(tool)) for tool in TOOLS if tool.NAME in settings.SCAN_TOOLS}
    return " ".join(said.reason for said in found.values() if isinstance(said, Missing))


def of(tool: Tool) -> ToolSettings:
    """What this installation sets for a tool."""
    is_trivy = tool.NAME == "trivy"
    return ToolSettings(
        program=settings.SCAN_PROGRAMS.get(tool.NAME, ""),
        cache=settings.SCAN_CACHES.get(tool.NAME, ""),
        offline=settings.SCAN_OFFLINE,
        server=settings.TRIVY_SERVER if is_trivy else "",
        token=settings.TRIVY_TOKEN if is_trivy else "",
    )


def limits() -> ToolLimits:
    return ToolLimits(
        seconds=settings.SCAN_SECONDS,
        disk_bytes=2 * settings.SCAN_IMAGE_BYTES,
        memory_bytes=settings.SCAN_MEMORY_BYTES,
    )


def _ask_versions() -> Iterator[tuple[str, Version]]:
    with slot(settings.SCAN_FOLDER, 8, name="question") as folder:
        for tool in here():
            if folder is None:
                return
            try:
                yield tool.NAME, tool.version(of(tool), folder)
            except ToolError as error:
                logger.warning("%s does not tell its version: %s", tool.TITLE, error.message)
                yield tool.NAME, Version(tool="")


# -- what is to be done


def tick(enqueue: Enqueue) -> None:
    """Take back what lost workers held, order what is new, and have one scan begin when any is due."""
    now = timezone.now()
    if not schedule.database_just_started():
        scan_jobs.reap(now, backoff)
    if not settings.SCANS_AT_ONCE:
        return
    tools = [tool.NAME for tool in here()]
    scan_jobs.expect(tools, now, since=now - NEWS)
    if scan_jobs.is_any_due(tools, now):
        send(enqueue)


def send(enqueue: Enqueue) -> None:
    """Have a worker begin a scan."""
    try:
        enqueue()
    except BrokerUnreachable as error:
        logger.warning("Redis does not answer, scans wait for the next tick: %s", error)


def review() -> None:
    """Bring the order of what waits up to date, drop what is gone, and order again what newer tools would see better."""
    if not settings.SCANS_AT_ONCE:
        return
    now = timezone.now()
    scan_jobs.expect([tool.NAME for tool in here()], now)
    scan_jobs.forget_gone()
    scan_jobs.prioritise()
    versions = known.versions()
    for tool in here():
        if (version := versions.get(tool.NAME)) is None:
            continue
        older = [used for used in scan_jobs.versions_used(tool.NAME) if _is_newer(version.tool, used)]
        if older:
            scan_jobs.redo_older(tool.NAME, older, now)
        if version.data_at is not None:
            scan_jobs.redo_by_database(tool.NAME, version.data_at, now)
        if tool.HAS_DATABASE:
            scan_jobs.redo_after(tool.NAME, settings.SCAN_AGAIN_AFTER, now)


def _is_newer(version: str, than: str) -> bool:
    try:
        return Numbers(version) > Numbers(than)
    except InvalidVersion:
        return False  # a build of somebody's own cannot be compared


def backoff(attempts: int) -> timedelta:
    return schedule.backoff(attempts, FIRST_INTERVAL)


# -- one scan


class Hold:
    """A worker's hold on a claim, renewed from a thread of its own. Use as a context manager around the whole scan."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._stop = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._run, name=f"scan-{claim.asset_id}", daemon=True)

    def __enter__(self) -> Hold:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def is_lost(self) -> bool:
        return self._lost

    def _run(self) -> None:
        try:
            while not self._stop.wait(settings.PULL_LEASE_SECONDS * RENEWAL_SHARE):
                try:
                    self._lost = not scan_jobs.renew(self._claim, timezone.now() + lease_length())
                except (DatabaseError, InterfaceError):
                    connection.close()  # the lease says how long we may go on without it
                if self._lost:
                    return
        finally:
            connection.close()


def work(enqueue: Enqueue) -> bool:
    """Scan the image that is due first, if this machine has room for a scan; returns whether there was one."""
    with slot(settings.SCAN_FOLDER, settings.SCANS_AT_ONCE) as folder:
        if folder is None:
            return False
        tools = {tool.NAME: tool for tool in here()}
        worker = f"{socket.gethostname()}:{threading.get_native_id()}"
        claim = scan_jobs.claim(list(tools), timezone.now(), worker=worker, lease=lease_length())
        if claim is None:
            return False
        with Hold(claim) as hold:
            scan(claim, [tools[name] for name in claim.tools], folder, hold)
    if scan_jobs.is_any_due(list(tools), timezone.now()):
        send(enqueue)
    return True


def scan(claim: Claim, tools: Sequence[Tool], folder: Path, hold: Hold) -> None:
    """Read a claimed image and have each of the tools look at it. How each ended is written as soon as it did."""
    key = Asset.objects.values_list("key", flat=True).get(pk=claim.asset_id)
    ready = []
    for tool in tools:
        with _explained(claim, [tool.NAME]):
            _need_database(tool)
            ready.append(tool)
    if not ready:
        return  # nobody would look at the image
    with _explained(claim, [tool.NAME for tool in ready]):
        archive = _source(claim, key, hold).fetch(folder, settings.SCAN_IMAGE_BYTES)
        for tool in ready:
            with _explained(claim, [tool.NAME]):
                _look(claim, tool, archive, key, folder, hold)


class ScanError(Exception):
    """A scan that cannot be: `code` and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _need_database(tool: Tool) -> None:
    """Raises ScanError when it is plain that the tool has no database, so that no image is read for it."""
    set_ = of(tool)
    if not tool.HAS_DATABASE or set_.server or not set_.offline:
        return
    version = known.versions().get(tool.NAME)
    if version is not None and version.tool and version.data_at is None:
        raise ScanError(
            scan_jobs.NO_DATABASE,
            f"{tool.TITLE} has no vulnerability database, and may not fetch one (offline).",
        )


def _look(claim: Claim, tool: Tool, archive: Archive, key: str, folder: Path, hold: Hold) -> None:
    started = time.monotonic()
    version = known.versions().get(tool.NAME) or Version(tool="")
    report = tool.scan(archive, folder, of(tool), limits(), hold.is_lost)
    if hold.is_lost():
        raise ToolError("cancelled", "Another worker has the image now.")
    imported = import_file(report, name=f"{tool.TITLE} of {key}", order=Order(image=key))
    report.unlink()
    if imported.status == "failed":
        raise ScanError("bad_report", f"{tool.TITLE}'s report cannot be read: {imported.error}")
    scan_jobs.finish(
        claim,
        tool.NAME,
        seconds=round(time.monotonic() - started, 3),
        bytes_read=archive.bytes,
        version=version.tool,
        data_at=version.data_at,
        at=timezone.now(),
    )


@contextmanager
def _explained(claim: Claim, tools: Sequence[str]) -> Iterator[None]:
    """Whatever goes wrong is the visible state of these tools' jobs; only a database that is away is left to the reaper."""
    try:
        yield
    except (ToolError, NodeError, ScanError) as error:
        code, reason = error.code, error.message
    except ArchiveError as error:
        code, reason = "unreadable", str(error)
    except CannotDecrypt as error:
        code, reason = "credential", str(error)
    except (DatabaseError, InterfaceError):
        raise
    except OSError as error:
        code, reason = "no_space", f"The image cannot be kept here while it is scanned: {error.strerror}."
    except Exception:
        logger.exception("the scan of image %s failed", claim.asset_id)
        code, reason = "internal", "Plimsoll failed while it scanned. The worker's log has the details."
    else:
        return
    version = known.versions().get(tools[0]) if len(tools) == 1 else None
    scan_jobs.fail(
        claim,
        tools,
        code=code,
        reason=reason,
        backoff=backoff,
        at=timezone.now(),
        data_at=version.data_at if version else None,
    )


def _source(claim: Claim, key: str, hold: Hold) -> ImageSource:
    """Where the image can be read: from the healthiest node that holds it, and from another than the last in vain; of
    engines first, then of registries that keep it."""
    hosts = Presence.objects.current().filter(image=claim.asset_id).values("host")
    usable = Node.objects.filter(paused=False).order_by(
        "consecutive_failures", F("last_success_at").desc(nulls_last=True), "pk"
    )
    engines = list(usable.filter(host__in=hosts, kind=NodeKind.DOCKER)[:20])
    kept = _kept_in(claim.asset_id, list(usable.filter(kind=NodeKind.REGISTRY)[:200]))
    nodes = [*engines, *kept]
    if not nodes:
        raise ScanError("no_source", "No node that holds the image can be asked: they are paused or gone.")
    node = next((node for node in nodes if node.pk != claim.last_node_id), nodes[0])
    scan_jobs.read_from(claim, node.pk)
    options = Options(
        allow_plaintext=node.allow_plaintext, denied_networks=tuple(settings.PULL_DENIED_NETWORKS)
    )
    credential = credentials.unseal(node.credential)
    if node.kind == NodeKind.REGISTRY:
        return ImageInRegistry(
            node.address,
            credential,
            key,
            repository=kept[node].path,
            reference=kept[node].digest,
            platform=_platform(claim.asset_id),
            seconds=settings.SCAN_SECONDS,
            options=options,
            is_cancelled=hold.is_lost,
        )
    return EngineImage(
        node.address,
        credential,
        key,
        seconds=settings.SCAN_SECONDS,
        options=options,
        is_cancelled=hold.is_lost,
    )


def _kept_in(asset_id: int, registries: Sequence[Node]) -> dict[Node, ImageReference]:
    """Registries that keep the image, and by which digest of a manifest."""
    held = Presence.objects.current().filter(image=asset_id).values_list("repo_digests", flat=True)
    names = [parse_reference(text) for text in sorted({text for texts in held for text in texts})]
    found = {}
    for node in registries:
        address = parse_registry_address(node.address)
        name = next((name for name in names if name.digest and is_at(name, address)), None)
        if name is not None:
            found[node] = name
    return found


def _platform(asset_id: int) -> Platform:
    image = Image.objects.only("os", "architecture").get(pk=asset_id)
    architecture, _, variant = image.architecture.partition("/")
    return Platform(os=image.os or "linux", architecture=architecture or "amd64", variant=variant)


# -- here and now, without the queue


class Looked(Record, frozen=True, kw_only=True):
    """What came of one tool's look at one image, for the command line."""

    image: str
    tool: str
    state: str
    code: str = ""
    reason: str = ""
    seconds: float | None = None
    findings: int | None = None
    packages: int | None = None


def scan_image(asset_id: int) -> list[Looked]:
    """Scan one image of a node in this process, before all others. Raises Conflict when a worker scans it already."""
    tools = {tool.NAME: tool for tool in here()}
    now = timezone.now()
    scan_jobs.expect(list(tools), now, asset_ids=[asset_id])
    scan_jobs.ask(asset_id, now)
    worker = f"{socket.gethostname()}:command"
    claim = scan_jobs.claim(list(tools), now, worker=worker, lease=lease_length(), asset_id=asset_id)
    if claim is None:
        raise Conflict("The image is scanned by a worker already, or no host holds it.", code="scan_active")
    with slot(settings.SCAN_FOLDER, COMMANDS_AT_ONCE, name="command") as folder, Hold(claim) as hold:
        if folder is None:
            raise Conflict(f"{COMMANDS_AT_ONCE} scans run here already.", code="scans_busy")
        scan(claim, [tools[name] for name in claim.tools], folder, hold)
    return [
        Looked(
            image=str(asset_id),
            tool=told.tool,
            state=told.job.state,
            code=told.job.code,
            reason=told.job.reason,
            seconds=told.job.seconds,
            findings=told.findings if told.state else None,
            packages=told.packages,
        )
        for told in scans.of_image(asset_id)
        if told.job is not None and told.tool in claim.tools
    ]


def scan_file(path: Path) -> Iterator[Looked]:
    """Scan an archive and import what the tools report of it; an image that is not known yet is made."""
    with slot(settings.SCAN_FOLDER, COMMANDS_AT_ONCE, name="command") as folder:
        if folder is None:
            raise Conflict(f"{COMMANDS_AT_ONCE} scans run here already.", code="scans_busy")
        try:
            archive = FileImage(path).fetch(folder, settings.SCAN_IMAGE_BYTES)
        except ArchiveError as error:
            yield Looked(image=str(path), tool="", state="failed", code="unreadable", reason=str(error))
            return
        for tool in here():
            yield _looked_at_file(tool, archive, folder)


def _looked_at_file(tool: Tool, archive: Archive, folder: Path) -> Looked:
    started = time.monotonic()
    failed = Looked(image=archive.digest, tool=tool.NAME, state="failed")
    try:
        report = tool.scan(archive, folder, of(tool), limits(), lambda: False)
    except ToolError as error:
        return msgspec.structs.replace(failed, code=error.code, reason=error.message)
    imported = import_file(
        report, name=f"{tool.TITLE} of {archive.path.name}", order=Order(image=archive.digest)
    )
    if imported.status == "failed":
        return msgspec.structs.replace(failed, code="bad_report", reason=imported.error)
    told = Scan.objects.filter(asset__kind=AssetKind.IMAGE, asset__key=archive.digest, tool=tool.NAME).first()
    return Looked(
        image=archive.digest,
        tool=tool.NAME,
        state="done",
        seconds=round(time.monotonic() - started, 3),
        findings=imported.findings,
        packages=told.packages if told else None,
    )
