"""Servers that are down, slow, hostile or no engine at all: each gives a clear `NodeError`, none a hang."""

from __future__ import annotations

import itertools
import os
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme

from scanners.records import Credential, Limits, NodeError
from tests.engines import free_port, need
from tests.scanners.connectors.pulling import Pulled, pull
from tests.scanners.connectors.servers import Handler, engine, http_answer, read_request, serve


def failure(
    address: str, limits: Limits | None = None, credential: Credential | None = None, plain: bool = True
) -> NodeError:
    with pytest.raises(NodeError) as caught:
        pull(address, credential, limits, allow_plaintext=plain)
    assert caught.value.message
    return caught.value


def served(handle: Handler, limits: Limits | None = None) -> Pulled:
    with serve(handle) as address:
        return pull(address, limits=limits, allow_plaintext=True)


def served_failure(handle: Handler, limits: Limits | None = None) -> NodeError:
    with serve(handle) as address:
        return failure(address, limits)


def send(data: bytes) -> Handler:
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        read_request(connection)
        connection.sendall(data)

    return handle


def drip(head: bytes, every: float) -> Handler:
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        read_request(connection)
        connection.sendall(head)
        while not stopping.wait(every):
            connection.sendall(b" ")

    return handle


def test_a_closed_port_refuses():
    assert failure(f"tcp://127.0.0.1:{free_port()}").code == "refused"


def test_a_name_that_nobody_knows():
    assert failure("tcp://engine.invalid:2376").code == "name_not_found"


def test_a_socket_that_is_not_there(tmp_path: Path):
    assert failure(f"unix://{tmp_path}/docker.sock").code == "unreachable"


def test_a_socket_that_may_not_be_opened(tmp_path: Path):
    need("busybox")
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o600)
        tmp_path.chmod(0o755)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:  # root may open everything, so a child without its rights asks
            code = "nothing"
            try:
                os.setresuid(65534, 65534, 65534)
                pull(f"unix://{path}")
            except NodeError as error:
                code = error.code
            finally:
                os.write(writer, code.encode())
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as result:
            said = result.read()
        os.waitpid(child, 0)
    assert said == "permission_denied"


@pytest.mark.parametrize(
    "handle",
    [
        drip(b"", 0.05),
        drip(b"HTTP/1.1 200 OK\r\nX: ", 0.05),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", 0.05),
    ],
    ids=["before the status", "inside the headers", "inside the body"],
)
def test_a_byte_now_and_then_does_not_stretch_the_limit(handle: Handler):
    began = time.monotonic()
    assert served_failure(handle, Limits(seconds=1.0)).code == "timeout"
    assert time.monotonic() - began < 30


def test_a_server_that_says_nothing():
    began = time.monotonic()
    assert served_failure(drip(b"", 60), Limits(seconds=1.0)).code == "timeout"
    assert time.monotonic() - began < 30


def test_a_tls_handshake_that_never_ends():
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        stopping.wait(60)

    with serve(handle) as address:
        assert failure(address, Limits(seconds=1.0), plain=False).code == "timeout"


def test_a_web_server_that_is_no_engine():
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>"
    assert served_failure(send(page)).code == "not_an_engine"


def test_a_web_server_that_closes_after_its_answer():
    assert served_failure(send(b"HTTP/1.0 404 Not Found\r\n\r\nnothing here")).code == "not_an_engine"


def test_an_engine_that_closes_after_every_answer_is_read():
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        engine({})(_OneAnswer(connection), stopping)  # type: ignore[arg-type]

    assert served(handle).engine.engine_id == "ENGINE"


class _OneAnswer:
    """A connection that ends after its first answer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answered = False

    def recv(self, size: int) -> bytes:
        return b"" if self._answered else self._connection.recv(size)

    def sendall(self, data: bytes) -> None:
        self._answered = True
        self._connection.sendall(data.replace(b"Content-Type", b"Connection: close\r\nContent-Type", 1))


def test_json_that_is_no_engine():
    assert served_failure(engine({"/version": {"hello": "world"}})).code == "not_an_engine"


def test_a_redirect_is_not_followed():
    assert served_failure(
        send(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
    ).code == ("not_an_engine")


def test_something_that_does_not_speak_http():
    assert served_failure(send(b"220 mail.example.org ESMTP\r\n" * 3)).code == "not_an_engine"


def test_a_connection_that_is_closed_at_once():
    assert served_failure(send(b"")).code == "not_an_engine"


def test_plain_http_where_tls_is_expected():
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serve(handle) as address:
        assert failure(address, plain=False).code == "tls_mismatch"


def test_a_certificate_of_nobody_we_trust():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serve(engine({}), context) as address:
        assert failure(address, plain=False).code == "tls_untrusted"


def test_a_certificate_for_another_name():
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.org").configure_cert(context)
    credential = Credential(ca_certificate=authority.cert_pem.bytes().decode())
    with serve(engine({}), context) as address:
        error = failure(address, credential=credential, plain=False)
    assert error.code == "tls_untrusted"


def test_an_engine_that_is_too_old():
    assert (
        served_failure(engine({"/version": {"Version": "19.03", "ApiVersion": "1.40"}})).code == "api_version"
    )


@pytest.mark.parametrize("path", ["/info", "/containers/json", "/images/json"])
def test_malformed_json(path: str):
    assert served_failure(engine({path: http_answer(b'[{"Id": ')})).code == "malformed"


@pytest.mark.parametrize("path", ["/networks", "/volumes", "/plugins"])
def test_malformed_json_in_what_is_not_essential_is_skipped(path: str):
    pulled = served(engine({path: http_answer(b"{{{")}))
    assert [item.kind for item in pulled.skipped] == ["malformed"]
    assert getattr(pulled.engine, path[1:]) is None


def test_wrong_types_in_a_list():
    assert served_failure(engine({"/containers/json": [{"Id": 7}]})).code == "malformed"


def test_a_connection_cut_in_the_middle_of_an_answer():
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"

    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        while path := read_request(connection):
            if path == "/info":
                connection.sendall(cut)
                return
            connection.sendall(http_answer(b'{"Version":"27.0","ApiVersion":"1.46"}'))

    assert served_failure(handle).code == "unreachable"


def _container(identifier: str) -> dict[str, object]:
    return {
        "Id": identifier,
        "Names": [f"/{identifier}"],
        "Image": "web",
        "ImageID": "sha256:1",
        "State": "created",
    }


def _inspect(identifier: str, **fields: object) -> dict[str, object]:
    return {"Id": identifier, "Name": f"/{identifier}", "Config": {}, "HostConfig": {}, "State": {}, **fields}


def _three_containers() -> dict[str, object]:
    names = ["one", "three", "two"]
    inspected = {f"/containers/{name}/json": _inspect(name) for name in names}
    return {"/containers/json": [_container(name) for name in names], **inspected}


def test_a_node_that_closes_all_but_two_connections_is_read_whole():
    connections = itertools.count(1)

    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        if next(connections) <= 2:
            engine(_three_containers())(connection, stopping)

    assert list(served(handle).containers) == ["one", "three", "two"]


def test_a_container_that_vanishes_leaves_the_others_their_own_answers():
    answers = _three_containers()
    running = {**_container("three"), "State": "running"}
    answers["/containers/json"] = [_container("one"), running, _container("two")]
    del answers["/containers/three/json"]
    pulled = served(engine(answers))
    assert [(item.kind, item.asset_key) for item in pulled.skipped] == [("vanished", "three")]
    assert {key: facts.name for key, facts in pulled.containers.items()} == {"one": "one", "two": "two"}


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_huge_inspect_is_skipped_and_the_pull_goes_on(announced: bool):
    huge = b'{"Id":"huge","Padding":"' + b"x" * 50_000_000 + b'"}'
    if announced:
        answer = http_answer(huge)
    else:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
            len(huge),
            huge,
        )
    pulled = served(
        engine(
            {
                "/containers/json": [_container("huge"), _container("small")],
                "/containers/huge/json": answer,
                "/containers/small/json": _inspect("small"),
            }
        )
    )
    assert [(item.kind, item.asset_key) for item in pulled.skipped] == [("too_large", "huge")]
    assert list(pulled.containers) == ["small"]


def test_a_wrong_type_in_an_inspect_names_container_and_field():
    pulled = served(
        engine(
            {
                "/containers/json": [_container("odd"), _container("plain")],
                "/containers/odd/json": _inspect("odd", HostConfig={"Privileged": "yes"}),
                "/containers/plain/json": _inspect("plain"),
            }
        )
    )
    assert list(pulled.containers) == ["plain"]
    (skipped,) = pulled.skipped
    assert skipped.kind == "malformed"
    assert "container odd.HostConfig.Privileged" in skipped.reason


@pytest.mark.parametrize("depth", [300, 600, 900, 5000])
def test_an_answer_that_is_nested_too_deeply_is_skipped_or_read(depth: int):
    nested = b'{"Id":"deep","Name":"/deep","Config":' + b'{"a":' * depth + b'"eyJ"' + b"}" * depth + b"}"
    pulled = served(
        engine(
            {
                "/containers/json": [_container("deep"), _container("plain")],
                "/containers/deep/json": http_answer(nested),
                "/containers/plain/json": _inspect("plain"),
            }
        )
    )
    assert "plain" in pulled.containers
    assert [item.kind for item in pulled.skipped] in ([], ["malformed"])
    assert ("deep" in pulled.containers) != bool(pulled.skipped)


def test_an_engine_whose_description_is_nested_too_deeply():
    nested = b'{"ID":"x","a":' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert served_failure(engine({"/info": http_answer(nested)})).code == "malformed"


def test_more_bytes_than_the_limit():
    answers: dict[str, object] = {"/info": {"ID": "x", "Padding": "x" * 100_000}}
    assert served_failure(engine(answers), Limits(bytes=50_000)).code == "too_large"


def test_more_items_than_the_limit():
    answers: dict[str, object] = {"/containers/json": [_container(str(number)) for number in range(11)]}
    assert served_failure(engine(answers), Limits(items=10)).code == "too_many"


def test_a_list_that_is_not_allowed_is_skipped_as_a_whole():
    pulled = served(engine({"/images/json": http_answer(b"{}", "403 Forbidden")}))
    assert pulled.engine.images is None
    assert [(item.kind, item.asset_kind, item.asset_key) for item in pulled.skipped] == [
        ("denied", "image", "")
    ]


def test_an_engine_in_trouble():
    assert (
        served_failure(engine({"/info": http_answer(b"{}", "500 Internal Server Error")})).code
        == "engine_error"
    )


def test_cancelling_ends_a_pull_that_hangs():
    cancelled = threading.Event()
    asked = threading.Event()

    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        read_request(connection)
        asked.set()
        stopping.wait(60)

    with serve(handle) as address:
        threading.Thread(target=lambda: (asked.wait(10), cancelled.set())).start()
        began = time.monotonic()
        with pytest.raises(NodeError) as caught:
            pull(address, allow_plaintext=True, is_cancelled=cancelled.is_set)
    assert caught.value.code == "cancelled"
    assert time.monotonic() - began < 30
