"""A real Docker Engine through a real sshd on loopback."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import msgspec
import pytest

from scanners.connectors.ssh import scan_ssh_host_key
from scanners.records import Credential, NodeError
from tests.engines import Engine, SshServer, new_key
from tests.scanners.connectors.pulling import pull

pytestmark = pytest.mark.engine


def failure(address: str, credential: Credential) -> NodeError:
    with pytest.raises(NodeError) as caught:
        pull(address, credential)
    return caught.value


def test_it_reads_the_engine_through_ssh(docker_engine: Engine, ssh_server: SshServer):
    with docker_engine.container("over-ssh"):
        over_ssh = pull(ssh_server.address(docker_engine.socket_path), ssh_server.credential)
    assert over_ssh.containers["over-ssh"].processes == ("sleep",)
    assert over_ssh.skipped == []


def test_it_goes_through_the_docker_command_where_sockets_are_not_forwarded(
    docker_engine: Engine, ssh_server_without_sockets: SshServer
):
    server = ssh_server_without_sockets
    pulled = pull(server.address(docker_engine.socket_path), server.credential)
    assert pulled.engine.engine == "docker"


def test_the_scanned_host_key_is_the_one_the_server_has(ssh_server: SshServer, docker_engine: Engine):
    key_type, key, fingerprint = scan_ssh_host_key(ssh_server.address(docker_engine.socket_path))
    assert ssh_server.host_key.split()[:2] == [key_type, key]
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode().rstrip("=")
    assert fingerprint == f"SHA256:{digest}"


def test_it_refuses_another_host_key_and_shows_both(
    ssh_server: SshServer, docker_engine: Engine, tmp_path: Path
):
    _, other = new_key(tmp_path, "other")
    error = failure(
        ssh_server.address(docker_engine.socket_path),
        msgspec.structs.replace(ssh_server.credential, ssh_host_key=other),
    )
    assert error.code == "ssh_host_key"
    assert error.message.count("SHA256:") == 2


def test_it_refuses_to_go_without_a_pinned_host_key(ssh_server: SshServer, docker_engine: Engine):
    credential = msgspec.structs.replace(ssh_server.credential, ssh_host_key="")
    assert failure(ssh_server.address(docker_engine.socket_path), credential).code == "ssh_host_key"


def test_it_names_a_key_that_the_host_does_not_know(
    ssh_server: SshServer, docker_engine: Engine, tmp_path: Path
):
    stranger, _ = new_key(tmp_path, "stranger")
    credential = msgspec.structs.replace(ssh_server.credential, ssh_private_key=stranger)
    assert failure(ssh_server.address(docker_engine.socket_path), credential).code == "ssh_auth"


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END"])
def test_it_names_a_key_that_cannot_be_read(ssh_server: SshServer, docker_engine: Engine, text: str):
    credential = msgspec.structs.replace(ssh_server.credential, ssh_private_key=text)
    error = failure(ssh_server.address(docker_engine.socket_path), credential)
    assert error.code == "ssh_key_invalid"
    assert not text or text not in f"{error} {error.hint}"


def test_it_names_a_socket_that_is_not_there(ssh_server: SshServer):
    assert failure(ssh_server.address(Path("/no/such.sock")), ssh_server.credential).code == "unreachable"


def test_a_port_that_is_no_ssh_server_is_named(docker_engine: Engine, ssh_server: SshServer):
    port = docker_engine.tcp_address.rsplit(":", 1)[1]
    error = failure(f"ssh://{ssh_server.user}@127.0.0.1:{port}", ssh_server.credential)
    assert (error.code, "SSH" in error.message) == ("unreachable", True)
