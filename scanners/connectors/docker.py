"""Reads a container engine through its Engine API: Docker 20.10 and newer, and Podman's Docker-compatible socket."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from packaging.version import InvalidVersion, Version

from scanners.answers import Answer, MalformedAnswerError, as_list
from scanners.connectors.address import NodeAddress, check_address, parse_address
from scanners.connectors.conversation import TOO_DEEP, Conversation, UnreadableError, decoded
from scanners.connectors.engine_and_host import EngineAndHost
from scanners.connectors.guard import Guard
from scanners.connectors.probe import over_ssh
from scanners.connectors.session import NO_OPTIONS, Options, Report
from scanners.connectors.ssh import SshTunnel
from scanners.connectors.transport import Dial, dial_unix, tcp_dialer
from scanners.engine_api import (
    bare_digest,
    container_facts,
    engine_facts,
    image_facts,
    inherited_settings,
    is_podman,
    swarm_facts,
)
from scanners.records import (
    AssetKind,
    Credential,
    EngineFacts,
    Limits,
    NodeError,
    Observed,
    ProbeReport,
    Skipped,
)

KIND = "docker"
OLDEST_API = "1.41"  # Docker 20.10, Podman 3 and newer
_KEPT_INSPECT_BYTES = 8 * 1024 * 1024
_STOPPED = frozenset({"exited", "dead", "stopped"})

# What a list is called for a person, by the path that gives it.
_SAID = {
    "/containers/json": "containers",
    "/images/json": "images",
    "/networks": "networks",
    "/volumes": "volumes",
    "/plugins": "plugins",
    "/swarm": "the cluster",
    "/nodes": "the cluster's nodes",
    "/services": "the cluster's services",
    "/secrets": "the cluster's secrets",
}


@contextlib.contextmanager
def open_node(
    address: str,
    credential: Credential,
    limits: Limits,
    options: Options = NO_OPTIONS,
    *,
    is_cancelled: Callable[[], bool],
    read_processes: bool = True,
) -> Iterator[DockerSession | EngineAndHost]:
    """Open an engine and close it again. Raises `NodeError`, whose code says what is wrong.

    `read_processes` also asks for the programs in running containers.
    """
    parsed = parse_address(address)
    if parsed.scheme == "https":
        raise NodeError(
            "address_invalid",
            "https:// is the address of a host probe's agent.",
            "Write tcp:// for an engine: certificates decide whether it is encrypted.",
        )
    guard = Guard(limits, is_cancelled)
    if options.reads_host and parsed.scheme != "ssh":
        raise NodeError("address_invalid", "The host is read along with its engine over ssh:// only.", "")
    with contextlib.ExitStack() as stack:
        tunnel = None
        if parsed.scheme == "ssh":
            tunnel = SshTunnel(parsed, credential, options.denied_networks, guard)
            stack.callback(tunnel.close)
        dial = tunnel.dial if tunnel else _dialer(parsed, credential, guard, options)
        session = DockerSession(parsed, dial, guard, read_processes=read_processes)
        stack.callback(session.close)
        session.negotiate()
        if tunnel is not None and options.reads_host:
            yield EngineAndHost(session, over_ssh(tunnel, guard, sudo=options.sudo))
        else:
            yield session


def _dialer(address: NodeAddress, credential: Credential, guard: Guard, options: Options) -> Dial:
    if address.scheme == "unix":
        return lambda: dial_unix(address, guard)
    has_certificates = bool(
        credential.ca_certificate or credential.client_certificate or credential.client_key
    )
    return tcp_dialer(
        address,
        check_address(address, options.denied_networks),
        credential,
        guard,
        plaintext=options.allow_plaintext and not has_certificates,
    )


class DockerSession:
    """An open engine. Made by `open_node`."""

    def __init__(self, address: NodeAddress, dial: Dial, guard: Guard, *, read_processes: bool) -> None:
        self._address = address
        self._guard = guard
        self._read_processes = read_processes
        self._engine = Conversation(dial, guard, OLDEST_API)
        self._version: dict[str, Any] = {}

    def close(self) -> None:
        self._engine.close()

    @property
    def bytes_read(self) -> int:
        """Bytes that the node has sent so far, on all its connections."""
        return self._guard.received

    # -- reading

    def negotiate(self) -> None:
        """Ask for the engine's version and speak its newest API from here on. Raises `NodeError`."""
        try:
            version = self._engine.json("/version", versioned=False)
        except UnreadableError as error:
            raise self._not_readable("version", error, first=True) from None
        api_version = version.get("ApiVersion") if isinstance(version, dict) else None
        if not isinstance(api_version, str) or not isinstance(version.get("Version"), str):
            raise NodeError(
                "not_an_engine",
                "The node answers, but not as a container engine: its version has no ApiVersion.",
                "Check host, port and socket path.",
            )
        try:
            too_old = Version(api_version) < Version(OLDEST_API)
        except InvalidVersion:
            raise NodeError("malformed", "The engine's API version cannot be read.", "") from None
        if too_old:
            raise NodeError(
                "api_version",
                f"The engine speaks API {api_version}; {OLDEST_API} or newer is needed.",
                "Update the engine to Docker 20.10 or Podman 3 or newer.",
            )
        self._version = version
        self._engine.speak(api_version)

    def _not_readable(self, what: str, error: UnreadableError, *, first: bool = False) -> NodeError:
        if error.kind == "denied":
            return NodeError(
                "permission_denied",
                f"The engine does not let its {what} be read.",
                "Allow it in the authorization plugin or in the proxy before the socket.",
            )
        if first and error.kind in ("vanished", "malformed", "too_large", "engine_error"):
            return NodeError(
                "not_an_engine",
                f"The node answers, but not as a container engine: {error.reason}.",
                "Check host, port and socket path.",
            )
        code = error.kind if error.kind in ("malformed", "too_large") else "engine_error"
        return NodeError(code, f"The engine's {what} cannot be read: {error.reason}.", "")

    def _required(self, path: str, what: str) -> dict[str, Any]:
        try:
            answer = self._engine.json(path)
        except UnreadableError as error:
            raise self._not_readable(what, error) from None
        if not isinstance(answer, dict):
            raise NodeError("malformed", f"The engine's {what} is not an object.", "")
        return answer

    def _list(
        self, path: str, skipped: list[Skipped], kind: AssetKind | None = None, **query: str | int
    ) -> Any:
        """A whole list or None, in which case `skipped` says why."""
        expected: type = dict if path in ("/volumes", "/swarm") else list
        try:
            answer = self._engine.json(path, query)
            if answer is None:
                return expected()
            if not isinstance(answer, expected):
                raise UnreadableError("malformed", "the answer is not of the documented type")
        except UnreadableError as error:
            if kind is not None and error.kind not in ("denied", "vanished"):
                raise self._not_readable(f"list of {_SAID[path]}", error) from None
            skipped.append(Skipped(kind=error.kind, where=_SAID[path], reason=error.reason, asset_kind=kind))
            return None
        if isinstance(answer, list) and len(answer) > self._guard.limits.items:
            raise NodeError(
                "too_many",
                f"The engine has {len(answer)} {_SAID[path]}; the limit is {self._guard.limits.items}.",
                "The limit can be raised on the node.",
            )
        return answer

    # -- test connection

    def probe(self) -> ProbeReport:
        """What this engine is and what may be read of it. Raises `NodeError`."""
        info = self._required("/info", "description")
        skipped: list[Skipped] = []
        containers = self._list("/containers/json", skipped, AssetKind.CONTAINER, all=1)
        images = self._list("/images/json", skipped, AssetKind.IMAGE)
        networks = self._list("/networks", skipped)
        volumes = self._list("/volumes", skipped)
        try:
            engine = _engine_record(engine_facts(info, self._version))
            volume_count = None if volumes is None else len(Answer(volumes, "volumes").children("Volumes"))
        except MalformedAnswerError as error:
            raise NodeError("malformed", f"The engine's description cannot be read: {error}.", "") from None
        if engine.swarm_manager:
            self._list("/swarm", skipped)
        unread = {item.where for item in skipped}
        said = ["engine", "containers", "images", "networks", "volumes"]
        said += ["the cluster"] if engine.swarm_manager else []
        active = engine.swarm_state not in ("inactive", "")
        return ProbeReport(
            engine=engine.engine,
            version=engine.version,
            api_version=engine.api_version,
            name=engine.name,
            containers=None if containers is None else len(containers),
            images=None if images is None else len(images),
            networks=None if networks is None else len(networks),
            volumes=volume_count,
            swarm="manager" if engine.swarm_manager else "worker" if active else "inactive",
            readable=tuple(name for name in said if name not in unread),
            missing=tuple(f"{item.where.capitalize()} cannot be read: {item.reason}." for item in skipped),
            warnings=engine.warnings,
        )

    # -- one image

    def save(self, digest: str, into: Path, most: int) -> int:
        """Write an image to a file, as `docker save` does; returns its bytes. Raises `NodeError`, `vanished` when the
        engine does not hold it."""
        too_large = f"The image is larger than the limit of {most} bytes."
        try:
            # Docker answers with an error of its own to the second question when there is no such image.
            size = Answer(decoded(self._engine.item(f"/images/{digest}/json")), "image").integer("Size")
            if size > most:
                raise NodeError("too_large", too_large, "")
            return self._engine.download(f"/images/{digest}/get", into, most)
        except MalformedAnswerError as error:
            raise NodeError("malformed", f"The engine's image cannot be read: {error}.", "") from None
        except UnreadableError as error:
            if error.kind == "vanished":
                raise NodeError("vanished", "The node does not hold the image any more.", "") from None
            if error.kind == "too_large":
                raise NodeError("too_large", too_large, "") from None
            raise self._not_readable("image", error) from None

    # -- pull

    def collect(self, report: Report) -> Iterator[Observed | Skipped]:
        """Everything the engine tells, engine first, then cluster, images, containers; one inspect in memory at a time.

        `report` is called with phase (engine, images, containers), done and total. Raises `NodeError` when the node is
        lost, cancelled or over its limits; a single lost item is a `Skipped`.
        """
        report("engine", 0, 1)
        info = self._required("/info", "description")
        skipped: list[Skipped] = []
        containers = self._list("/containers/json", skipped, AssetKind.CONTAINER, all=1)
        images = self._list("/images/json", skipped, AssetKind.IMAGE)
        networks = self._list("/networks", skipped)
        volumes = self._list("/volumes", skipped)
        podman = is_podman(self._version)
        plugins = None if podman else self._list("/plugins", skipped)
        yield from skipped
        container_list = self._listed(containers, "containers")
        image_list = self._listed(images, "images")
        if len(container_list) + len(image_list) > self._guard.limits.items:
            total = len(container_list) + len(image_list)
            raise NodeError(
                "too_many",
                f"The engine has {total} containers and images; the limit is {self._guard.limits.items}.",
                "The limit can be raised on the node.",
            )
        try:
            kept, finished_at = self._stopped(container_list)
            observed = engine_facts(
                info,
                self._version,
                networks=networks,
                volumes=volumes,
                plugins=plugins,
                containers=containers,
                images=images,
                finished_at=finished_at,
                node_address=str(self._address),
            )
        except MalformedAnswerError as error:
            raise NodeError("malformed", f"The engine's answer cannot be read: {error}.", "") from None
        except RecursionError:
            raise NodeError("malformed", f"The engine's answer cannot be read: {TOO_DEEP}.", "") from None
        engine = _engine_record(observed)
        yield observed
        report("engine", 1, 1)
        if engine.swarm_manager:
            yield from self._cluster(networks)
        yield from self._images(image_list, container_list, report)
        yield from self._containers(container_list, image_list, inherited_settings(engine), kept, report)

    def _listed(self, items: list[Any] | None, where: str) -> list[Answer]:
        try:
            answers = as_list(items, where)
            for answer in answers:
                answer.text("Id"), answer.text("ImageID"), answer.text("State"), answer.texts("Names")
                answer.text("Image"), answer.texts("RepoDigests"), answer.texts("RepoTags")
                if not answer.text("Id"):
                    raise MalformedAnswerError(f"{answer.path}.Id", "an id", None)
        except MalformedAnswerError as error:
            raise NodeError(
                "malformed", f"The engine's list of {where} cannot be read: {error}.", ""
            ) from None
        return sorted(answers, key=lambda answer: answer.text("Id"))

    def _stopped(self, containers: list[Answer]) -> tuple[dict[str, Any], dict[str, datetime]]:
        """When stopped containers ended, which no list tells. Their inspects are kept, up to a few megabytes."""
        kept: dict[str, Any] = {}
        finished: dict[str, datetime] = {}
        size = 0
        for item in containers:
            if item.text("State") not in _STOPPED:
                continue
            identifier = item.text("Id")
            try:
                body = self._engine.item(f"/containers/{identifier}/json")
                inspect = decoded(body)
                moment = Answer(inspect, "container").child("State").moment("FinishedAt")
            except (UnreadableError, MalformedAnswerError):
                continue  # asked again, and reported, when its turn comes
            if moment is not None:
                finished[identifier] = moment
            size += len(body)
            if size <= _KEPT_INSPECT_BYTES:
                kept[identifier] = inspect
        return kept, finished

    def _cluster(self, networks: list[Any] | None) -> Iterator[Observed | Skipped]:
        skipped: list[Skipped] = []
        swarm = self._list("/swarm", skipped)
        if swarm is None:
            yield from (msgspec.structs.replace(item, asset_kind=AssetKind.CLUSTER) for item in skipped)
            return
        nodes, services, secrets = (self._list(path, skipped) for path in ("/nodes", "/services", "/secrets"))
        yield from skipped
        try:
            yield swarm_facts(swarm, nodes=nodes, services=services, secrets=secrets, networks=networks)
        except (MalformedAnswerError, RecursionError) as error:
            yield Skipped(
                kind="malformed", where="the cluster", reason=f"{error}", asset_kind=AssetKind.CLUSTER
            )

    def _images(
        self, images: list[Answer], containers: list[Answer], report: Report
    ) -> Iterator[Observed | Skipped]:
        in_use: dict[str, set[str]] = {}
        for item in containers:
            in_use.setdefault(bare_digest(item.text("ImageID")), set()).add(item.text("Image"))
        for position, item in enumerate(images):
            report("images", position, len(images))
            identifier = item.text("Id")
            names = item.texts("RepoTags")
            where = f"image {names[0] if names else identifier[:19]}"
            try:
                inspect = decoded(self._engine.item(f"/images/{identifier}/json"))
                references = in_use.get(bare_digest(identifier), set())
                history, lost = self._history(identifier, where)
                yield image_facts(inspect, history, in_use_references=references)
                yield from lost
            except (UnreadableError, MalformedAnswerError, RecursionError) as error:
                yield _skipped(error, where, AssetKind.IMAGE, identifier)
        report("images", len(images), len(images))

    def _history(self, identifier: str, where: str) -> tuple[list[Any] | None, list[Skipped]]:
        try:
            history = decoded(self._engine.item(f"/images/{identifier}/history"))
            if not isinstance(history, list):
                raise UnreadableError("malformed", "the history is not a list")
        except UnreadableError as error:
            if error.kind == "vanished":
                raise
            return None, [Skipped(kind=error.kind, where=f"history of {where}", reason=error.reason)]
        return history, []

    def _containers(
        self,
        containers: list[Answer],
        images: list[Answer],
        engine: EngineFacts,
        kept: dict[str, Any],
        report: Report,
    ) -> Iterator[Observed | Skipped]:
        digests = {
            bare_digest(item.text("Id")): tuple(name for name in item.texts("RepoDigests") if name[:1] != "<")
            for item in images
        }
        paths = [
            (
                "" if item.text("Id") in kept else _inspect_path(item),
                self._processes_path(item) if item.text("State") == "running" else "",
            )
            for item in containers
        ]
        upcoming = iter([path for both in paths for path in both if path][1:])
        for position, (item, (inspect_path, processes_path)) in enumerate(
            zip(containers, paths, strict=True)
        ):
            report("containers", position, len(containers))
            identifier = item.text("Id")
            where = f"container {next(iter(item.texts('Names')), identifier[:12]).removeprefix('/')}"
            after_inspect = next(upcoming, "") if inspect_path else ""
            after_processes = next(upcoming, "") if processes_path else ""
            try:
                inspect = kept.pop(identifier, None) or decoded(
                    self._engine.item(inspect_path, after_inspect)
                )
                processes = self._processes(processes_path, after_processes) if processes_path else None
                yield container_facts(
                    inspect,
                    engine=engine,
                    image_repo_digests=digests.get(bare_digest(item.text("ImageID")), ()),
                    processes=processes,
                )
            except (UnreadableError, MalformedAnswerError, RecursionError) as error:
                yield _skipped(error, where, AssetKind.CONTAINER, identifier)
        report("containers", len(containers), len(containers))

    def _processes_path(self, container: Answer) -> str:
        if not self._read_processes:
            return ""
        # Docker hands this to the host's ps; Podman reads names of columns.
        columns = "pid,comm" if is_podman(self._version) else "-eo%20pid,comm"
        return f"/containers/{container.text('Id')}/top?ps_args={columns}"

    def _processes(self, path: str, then: str) -> tuple[str, ...] | None:
        """Names of the programs in a running container; None when the engine cannot tell."""
        try:
            answer = Answer(decoded(self._engine.item(path, then)), "top")
            titles = [title.upper() for title in answer.texts("Titles")]
            rows = answer.value.get("Processes")
            column = next(
                position for position, title in enumerate(titles) if title in ("COMMAND", "COMM", "CMD")
            )
            programs = (str(row[column]).strip() for row in rows or ())
        except (UnreadableError, MalformedAnswerError, StopIteration):
            return None
        try:
            return tuple(sorted({program for program in programs if program}))
        except (IndexError, KeyError, TypeError):
            return None


def _engine_record(observed: Observed) -> EngineFacts:
    assert isinstance(observed.facts, EngineFacts)
    return observed.facts


def _inspect_path(container: Answer) -> str:
    return f"/containers/{container.text('Id')}/json"


def _skipped(
    error: UnreadableError | MalformedAnswerError | RecursionError, where: str, kind: AssetKind, key: str
) -> Skipped:
    if isinstance(error, RecursionError):
        return Skipped(kind="malformed", where=where, reason=TOO_DEEP, asset_kind=kind, asset_key=key)
    if isinstance(error, MalformedAnswerError):
        return Skipped(kind="malformed", where=where, reason=str(error), asset_kind=kind, asset_key=key)
    return Skipped(kind=error.kind, where=where, reason=error.reason, asset_kind=kind, asset_key=key)
