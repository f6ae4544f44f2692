"""Pytest plugin: real container engines and a real SSH server, started for the tests and stopped after them.

Loaded with `pytest_plugins = ["tests.engines"]`. On a machine without the needed programs a test that asks for one of
these fixtures is skipped; where CI is set it fails instead, so that nothing is left out in silence.
"""

from __future__ import annotations

import contextlib
import io
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
import trustme

from scanners.records import Credential

IMAGE = "plimsoll/base:1"
START_SECONDS = 60.0


def need(*programs: str) -> None:
    """Skip the asking test when a program or the root user is missing; with CI set, fail it."""
    folders = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [program for program in programs if shutil.which(program, path=folders) is None]
    if os.geteuid() != 0:
        missing.append("the root user")
    if missing:
        said = f"needs {', '.join(missing)} (Debian: docker.io, podman, openssh-server, busybox-static, docker-registry, skopeo)"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


def program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert found is not None
    return found


def wait_until(is_true: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Return as soon as the condition holds; fail with `what` when it does not within the time."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} within {seconds:g} s")
        pause.wait(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def root_file_system() -> bytes:
    """A tar file with a static busybox and links for the commands that the tests run."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(program("busybox"), "bin/busybox")
        for applet in ("sh", "sleep", "cat", "true", "httpd"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname, link.mode = tarfile.SYMTYPE, "busybox", 0o777
            archive.addfile(link)
        for name in ("tmp", "proc", "sys", "dev", "etc", "data"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        users = b"root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n"
        entry = tarfile.TarInfo("etc/passwd")
        entry.size = len(users)
        archive.addfile(entry, io.BytesIO(users))
    return data.getvalue()


@dataclass
class Engine:
    """A running engine. `tcp_address` and `credential` are empty where it listens on its unix socket only."""

    folder: Path
    socket_path: Path
    process: subprocess.Popen[bytes]
    image: str = IMAGE
    tcp_address: str = ""
    credential: Credential = field(default_factory=Credential)
    other_ca: str = ""

    @property
    def address(self) -> str:
        return f"unix://{self.socket_path}"

    def client(self) -> docker.DockerClient:
        return docker.DockerClient(base_url=self.address, version="1.41", timeout=60)

    @contextlib.contextmanager
    def container(
        self, name: str, command: list[str] | None = None, *, start: bool = True, **options: Any
    ) -> Iterator[str]:
        """A container that is removed afterwards; gives its id. It has no network unless told otherwise."""
        options.setdefault("network_mode", "none")
        client = self.client()
        made = client.containers.create(self.image, command or ["/bin/sleep", "3600"], name=name, **options)
        try:
            if start:
                made.start()
            yield str(made.id)
        finally:
            with contextlib.suppress(docker.errors.NotFound):
                made.remove(force=True)
            client.close()

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        with contextlib.suppress(Exception):
            client = self.client()
            for container in client.containers.list(all=True):
                container.remove(force=True)
            client.close()
        stop_process(self.process)
        for mount in Path("/proc/self/mountinfo").read_text().splitlines():
            target = mount.split()[4]
            if target.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", target], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def stop_process(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _wait_for_engine(engine: Engine) -> None:
    def answers() -> bool:
        assert engine.process.poll() is None, f"the engine ended: {engine.log()}"
        if not engine.socket_path.exists():
            return False
        try:
            client = engine.client()
            client.ping()
            client.close()
        except Exception:
            return False
        return True

    wait_until(answers, "the engine should answer")


def start_docker() -> Engine:
    """A Docker Engine of our own on a unix socket and on TCP with TLS and client certificates."""
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-docker-"))
    authority, other = trustme.CA(), trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    client = authority.issue_cert("plimsoll@example.org")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server.private_key_pem.write_to_path(folder / "key.pem")
    server.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    port = free_port()
    arguments = [
        program("dockerd"),
        "--iptables=false",
        "--ip6tables=false",
        "--bridge=none",
        f"--host=unix://{folder}/docker.sock",
        f"--host=tcp://127.0.0.1:{port}",
        "--tlsverify",
        f"--tlscacert={folder}/ca.pem",
        f"--tlscert={folder}/cert.pem",
        f"--tlskey={folder}/key.pem",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/pid",
        f"--config-file={folder}/daemon.json",
        "--log-level=warn",
    ]
    (folder / "daemon.json").write_text("{}")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True)
    engine = Engine(
        folder,
        folder / "docker.sock",
        process,
        tcp_address=f"tcp://127.0.0.1:{port}",
        credential=Credential(
            ca_certificate=authority.cert_pem.bytes().decode(),
            client_certificate=client.cert_chain_pems[0].bytes().decode(),
            client_key=client.private_key_pem.bytes().decode(),
        ),
        other_ca=other.cert_pem.bytes().decode(),
    )
    try:
        _wait_for_engine(engine)
        api = engine.client().api
        api.import_image_from_data(root_file_system(), repository="plimsoll/base", tag="1")
    except BaseException:
        engine.stop()
        raise
    return engine


def start_podman() -> Engine:
    """Podman's Docker-compatible service with a storage of its own."""
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-podman-"))
    configuration = folder / "containers.conf"
    # Podman asks for higher limits than a sandboxed root may set.
    configuration.write_text(
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
    )
    arguments = [
        program("podman"),
        f"--root={folder}/root",
        f"--runroot={folder}/run",
        f"--tmpdir={folder}/tmp",
        "--storage-driver=vfs",
        "system",
        "service",
        "--time=0",
        f"unix://{folder}/podman.sock",
    ]
    environment = {**os.environ, "CONTAINERS_CONF": str(configuration)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True, env=environment)
    engine = Engine(folder, folder / "podman.sock", process, image="docker.io/plimsoll/base:latest")
    try:
        _wait_for_engine(engine)
        engine.client().api.import_image_from_data(
            root_file_system(), repository="plimsoll/base", tag="latest"
        )
    except BaseException:
        engine.stop()
        raise
    return engine


@dataclass
class SshServer:
    """A real sshd on loopback for the current user; `private_key` logs in, `host_key` is what should be pinned."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    user: str
    private_key: str
    host_key: str

    def address(self, socket_path: Path) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}{socket_path}"

    @property
    def credential(self) -> Credential:
        return Credential(ssh_private_key=self.private_key, ssh_host_key=self.host_key)

    def stop(self) -> None:
        stop_process(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


def new_key(folder: Path, name: str) -> tuple[str, str]:
    """An Ed25519 key pair made by ssh-keygen: private text and public line."""
    path = folder / name
    subprocess.run(
        [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)],
        check=True,
        timeout=30,
    )
    return path.read_text(), path.with_name(f"{name}.pub").read_text()


def start_sshd(*, forwards_sockets: bool = True) -> SshServer:
    """`forwards_sockets` False refuses direct-streamlocal channels, as hardened servers do."""
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-sshd-"))
    folder.chmod(0o755)
    _, host_key = new_key(folder, "host")
    private_key, public_key = new_key(folder, "user")
    (folder / "authorized_keys").write_text(public_key)
    port = free_port()
    # sshd refuses to start without its privilege separation folder.
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/pid\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nUsePAM no\n"
        f"PermitRootLogin prohibit-password\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n"
        f"AllowStreamLocalForwarding {'yes' if forwards_sockets else 'no'}\n"
    )
    arguments = [program("sshd"), "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, start_new_session=True)
    server = SshServer(
        folder, port, process, pwd.getpwuid(os.geteuid()).pw_name, private_key, host_key.strip()
    )

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    try:
        wait_until(answers, "sshd should answer")
    except BaseException:
        server.stop()
        raise
    return server


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    need("dockerd", "containerd", "runc", "busybox")
    engine = start_docker()
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def podman_engine() -> Iterator[Engine]:
    need("podman", "busybox")
    engine = start_podman()
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def ssh_server() -> Iterator[SshServer]:
    need("sshd", "ssh-keygen")
    server = start_sshd()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def ssh_server_without_sockets() -> Iterator[SshServer]:
    need("sshd", "ssh-keygen")
    server = start_sshd(forwards_sockets=False)
    yield server
    server.stop()
