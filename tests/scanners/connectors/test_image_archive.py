"""The bytes of an image from real engines over every transport, and from engines that break them off, hang, or lie."""

from __future__ import annotations

import errno
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanners.archives import Archive, ArchiveError
from scanners.connectors import docker
from scanners.connectors.image_archive import EngineImage, FileImage, ImageInRegistry
from scanners.connectors.session import Options
from scanners.oci import Platform
from scanners.records import Credential, Limits, NodeError
from tests.engines import Engine, SshServer
from tests.images import docker_archive
from tests.registries import Layout, Running, running
from tests.scanners.connectors.pulling import never
from tests.scanners.connectors.servers import VERSION, Handler, engine, http_answer, read_request, serve

GIGABYTE = 1024**3
DIGEST = f"sha256:{'a' * 64}"


def fetch(
    address: str,
    into: Path,
    digest: str = DIGEST,
    *,
    credential: Credential | None = None,
    most: int = GIGABYTE,
    seconds: float = 60.0,
    is_cancelled: object = never,
) -> Archive:
    source = EngineImage(
        address,
        credential or Credential(),
        digest,
        seconds=seconds,
        options=Options(allow_plaintext=True),
        is_cancelled=is_cancelled,  # type: ignore[arg-type]
    )
    return source.fetch(into, most)


def image_id(of: Engine) -> str:
    client = of.client()
    try:
        return str(client.images.get(of.image).id)
    finally:
        client.close()


@pytest.mark.engine
def test_dockers_image_comes_through_its_socket_and_through_tls(docker_engine: Engine, tmp_path: Path):
    digest = image_id(docker_engine)
    over_socket = fetch(docker_engine.address, tmp_path, digest)
    assert over_socket.layout == "docker-archive" and over_socket.bytes > 100_000
    over_tls = fetch(docker_engine.tcp_address, tmp_path, digest, credential=docker_engine.credential)
    assert over_tls.digest == over_socket.digest == digest


@pytest.mark.engine
def test_dockers_image_comes_through_ssh(docker_engine: Engine, ssh_server: SshServer, tmp_path: Path):
    digest = image_id(docker_engine)
    address = ssh_server.address(docker_engine.socket_path)
    assert fetch(address, tmp_path, digest, credential=ssh_server.credential).digest == digest


@pytest.mark.engine
def test_podmans_image_comes_through_its_socket(podman_engine: Engine, tmp_path: Path):
    digest = image_id(podman_engine)
    assert fetch(podman_engine.address, tmp_path, digest).digest == digest


@pytest.mark.engine
def test_an_image_that_the_engine_does_not_hold_has_vanished(docker_engine: Engine, tmp_path: Path):
    with pytest.raises(NodeError) as caught:
        fetch(docker_engine.address, tmp_path)
    assert caught.value.code == "vanished"


@pytest.mark.engine
def test_an_image_over_the_limit_is_not_read_at_all(docker_engine: Engine, tmp_path: Path):
    with pytest.raises(NodeError, match="larger than the limit of 65536 bytes") as caught:
        fetch(docker_engine.address, tmp_path, image_id(docker_engine), most=65536)
    assert caught.value.code == "too_large" and list(tmp_path.iterdir()) == []


def streaming(*pieces: bytes, hangs: bool = False) -> Handler:
    """An engine that sends the image in these chunks, without the last one that would end it."""

    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        answers = {"/version": VERSION, f"/images/{DIGEST}/json": {"Size": 1000}}
        while (path := read_request(connection)) in answers:
            connection.sendall(http_answer(json.dumps(answers[path]).encode()))
        if not path.endswith("/get"):
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if hangs:
            stopping.wait(30)

    return handle


def test_an_image_that_breaks_off_is_never_taken_for_whole(tmp_path: Path):
    docker_archive(tmp_path / "whole.tar")
    content = (tmp_path / "whole.tar").read_bytes()
    with serve(streaming(content[:15000])) as address, pytest.raises(NodeError) as caught:
        fetch(address, tmp_path)
    assert caught.value.code == "unreachable"


def test_an_engine_that_hangs_meets_the_time_limit(tmp_path: Path):
    with serve(streaming(b"x" * 5000, hangs=True)) as address, pytest.raises(NodeError) as caught:
        fetch(address, tmp_path, seconds=1.5)
    assert caught.value.code == "timeout"


def test_an_engine_that_sends_without_end_is_stopped(tmp_path: Path):
    with serve(streaming(*[b"x" * 65536] * 64)) as address, pytest.raises(NodeError) as caught:
        fetch(address, tmp_path, most=1_000_000)
    assert caught.value.code == "too_large" and (tmp_path / "image.tar").stat().st_size <= 1_000_000


def test_a_scan_that_is_given_up_stops_reading(tmp_path: Path):
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with serve(streaming(b"x" * 5000, hangs=True)) as address, pytest.raises(NodeError) as caught:
        fetch(address, tmp_path, is_cancelled=stop.is_set)
    assert caught.value.code == "cancelled"


def test_what_is_no_image_is_said(tmp_path: Path):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nno tar!"
    answers = {f"/images/{DIGEST}/json": {"Size": 7}, f"/images/{DIGEST}/get": answer}
    with serve(engine(answers)) as address, pytest.raises(ArchiveError):
        fetch(address, tmp_path)


def test_a_disk_that_is_full_is_no_fault_of_the_node():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000
    with serve(engine({f"/images/{DIGEST}/json": {"Size": 7}, f"/images/{DIGEST}/get": answer})) as address:
        opened = docker.open_node(
            address, Credential(), Limits(), Options(allow_plaintext=True), is_cancelled=never
        )
        with opened as session, pytest.raises(OSError) as caught:
            session.save(DIGEST, full, GIGABYTE)  # type: ignore[union-attr]
    assert caught.value.errno == errno.ENOSPC


def test_only_a_digest_is_asked_for(tmp_path: Path):
    with pytest.raises(NodeError) as caught:
        fetch("tcp://127.0.0.1:9", tmp_path, "name:shop/web/../../containers/json")
    assert caught.value.code == "vanished"


def test_a_file_is_read_where_it_is_and_has_the_same_limit(tmp_path: Path):
    docker_archive(tmp_path / "image.tar")
    assert FileImage(tmp_path / "image.tar").fetch(tmp_path, GIGABYTE).path == tmp_path / "image.tar"
    with pytest.raises(ArchiveError, match="larger than the limit"):
        FileImage(tmp_path / "image.tar").fetch(tmp_path, 100)


class TestInRegistry:
    """An image that a real registry keeps, fetched as a layout and looked into by the embedded scanner."""

    @pytest.fixture(scope="class")
    def registry(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
        with running(tmp_path_factory.mktemp("registry")) as started:
            yield started

    @pytest.fixture
    def pushed(self, registry: Running, tmp_path: Path) -> dict[str, str]:
        """Digests of an image for two platforms: of the index, of each manifest and of each configuration."""
        layout = Layout(tmp_path / "layout")
        images = {name: layout.image(f"shop {name}", name) for name in ("amd64", "arm64")}
        index = layout.index(list(images.values()))
        layout.name(index, "x")
        registry.push(layout, "x", "shop/web", "1.0")
        digests = {"index": index["digest"]}
        for name, image in images.items():
            blob = tmp_path / "layout" / "blobs" / "sha256" / image["digest"].partition(":")[2]
            digests[name] = image["digest"]
            digests[f"{name} id"] = json.loads(blob.read_text())["config"]["digest"]
        return digests

    def source(
        self, registry: Running, digest: str, reference: str, architecture: str = "amd64"
    ) -> ImageInRegistry:
        return ImageInRegistry(
            registry.address,
            Credential(),
            digest,
            repository="shop/web",
            reference=reference,
            platform=Platform(os="linux", architecture=architecture),
            seconds=60,
            options=Options(allow_plaintext=True),
            is_cancelled=never,
        )

    @pytest.mark.parametrize("by", ["index", "arm64"])
    def test_the_platforms_image_is_fetched_and_is_the_one_that_was_asked_for(
        self, by: str, registry: Running, pushed: dict[str, str], tmp_path: Path
    ) -> None:
        into = tmp_path / "into"
        into.mkdir()
        archive = self.source(registry, pushed["arm64 id"], pushed[by], "arm64").fetch(into, 1 << 20)
        assert (archive.digest, archive.layout) == (pushed["arm64 id"], "oci-dir")
        assert archive.bytes > 0

    def test_another_image_under_that_name_is_not_taken_for_it(
        self, registry: Running, pushed: dict[str, str], tmp_path: Path
    ) -> None:
        with pytest.raises(NodeError, match="another image") as error:
            self.source(registry, pushed["arm64 id"], pushed["amd64"]).fetch(tmp_path, 1 << 20)
        assert error.value.code == "vanished"

    def test_one_that_is_too_large_is_refused_before_it_is_read(
        self, registry: Running, pushed: dict[str, str], tmp_path: Path
    ) -> None:
        with pytest.raises(NodeError, match="at most") as error:
            self.source(registry, pushed["amd64 id"], pushed["index"]).fetch(tmp_path, 10)
        assert error.value.code == "too_large"
        assert not (tmp_path / "image").exists()
