"""A real Docker Engine over TCP with TLS."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest

from scanners.records import Credential, NodeError
from tests.engines import Engine
from tests.scanners.connectors.pulling import pull

pytestmark = pytest.mark.engine


def code_of(address: str, credential: Credential, *, allow_plaintext: bool = False) -> str:
    with pytest.raises(NodeError) as caught:
        pull(address, credential, allow_plaintext=allow_plaintext)
    return caught.value.code


def test_it_reads_the_engine_with_client_certificates(docker_engine: Engine):
    over_tcp = pull(docker_engine.tcp_address, docker_engine.credential)
    over_unix = pull(docker_engine.address)
    assert over_tcp.engine.engine_id == over_unix.engine.engine_id
    assert over_tcp.images == over_unix.images


def test_it_refuses_a_wrong_ca(docker_engine: Engine):
    credential = msgspec.structs.replace(docker_engine.credential, ca_certificate=docker_engine.other_ca)
    assert code_of(docker_engine.tcp_address, credential) == "tls_untrusted"


def test_it_refuses_a_certificate_for_another_name(docker_engine: Engine):
    address = docker_engine.tcp_address.replace("127.0.0.1", "127.0.0.2")
    assert code_of(address, docker_engine.credential) in ("tls_untrusted", "refused")
    by_name = docker_engine.tcp_address.replace("127.0.0.1", "localhost.localdomain")
    assert code_of(by_name, docker_engine.credential) in ("tls_untrusted", "name_not_found")


def test_the_engine_refuses_a_client_without_certificate(docker_engine: Engine):
    credential = Credential(ca_certificate=docker_engine.credential.ca_certificate)
    assert code_of(docker_engine.tcp_address, credential) == "tls_client_refused"


def test_plain_http_to_a_tls_port_is_named(docker_engine: Engine):
    assert code_of(docker_engine.tcp_address, Credential(), allow_plaintext=True) == "tls_mismatch"


def test_without_certificates_tls_is_still_asked_for(docker_engine: Engine):
    assert code_of(docker_engine.tcp_address, Credential()) == "tls_untrusted"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_key": "nonsense"}, "tls_client_refused"),
        ({"client_certificate": ""}, "tls_client_refused"),
        ({"ca_certificate": "nonsense"}, "tls_untrusted"),
    ],
)
def test_unreadable_certificates_are_named_and_leave_no_file(
    docker_engine: Engine, changes: dict[str, str], code: str
):
    credential = msgspec.structs.replace(docker_engine.credential, **changes)
    before = set(Path(tempfile.gettempdir()).glob("plimsoll-*"))
    assert code_of(docker_engine.tcp_address, credential) == code
    pull(docker_engine.tcp_address, docker_engine.credential)
    assert set(Path(tempfile.gettempdir()).glob("plimsoll-*")) == before
