"""The host probe as an agent, pulled over TLS; and servers in its place that lie, hang and break."""

from __future__ import annotations

import contextlib
import json
import platform
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from scanners.connectors import docker, open_node
from scanners.host import SCHEMA, HostFacts
from scanners.records import Credential, Limits, NodeError, Observed, Skipped
from tests.engines import free_port
from tests.scanners.connectors.agents import (
    AUTHORITY,
    CERTIFICATE,
    TOKEN,
    Agent,
    child_of,
    client_certificate,
    credential,
    held_back,
    running,
    server_context,
    wait_for_end,
)
from tests.scanners.connectors.pulling import never
from tests.scanners.connectors.servers import Handler, http_answer, serve

NONCE = "0123456789abcdef"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running(tmp_path_factory.mktemp("agent")) as started:
        yield started


def pull(address: str, given: Credential | None = None, **options: Any) -> list[Observed | Skipped]:
    limits = options.pop("limits", Limits(seconds=30))
    options.setdefault("is_cancelled", never)
    with open_node("probe", address, given or credential(), limits, **options) as session:
        return list(session.collect(lambda *_: None))


def failure(address: str, given: Credential | None = None, **options: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        pull(address, given, **options)
    assert caught.value.message and TOKEN not in caught.value.message + caught.value.hint
    return caught.value


def only_host(items: list[Observed | Skipped]) -> HostFacts:
    """The host. What could not be read of the machine that these tests run on is its own affair."""
    (observed,) = [item for item in items if isinstance(item, Observed)]
    assert {item.kind for item in items if isinstance(item, Skipped)} <= {"unreadable"}
    assert isinstance(observed.facts, HostFacts)
    return observed.facts


# -- the real agent


def test_the_right_token_opens_the_host(agent: Agent) -> None:
    facts = only_host(pull(agent.address))
    assert facts.host is not None and facts.host.name == platform.node()
    assert facts.is_live and facts.schema == SCHEMA


def test_testing_the_connection_tells_what_the_agent_may_read(agent: Agent) -> None:
    with open_node("probe", agent.address, credential(), Limits(seconds=30), is_cancelled=never) as session:
        report = session.probe()
        assert session.bytes_read > 1000
    assert (report.engine, report.api_version, report.name) == ("Host probe", SCHEMA, platform.node())


@pytest.mark.parametrize(
    "token",
    ["", "x" * 43, TOKEN[:-1], TOKEN + "x", "\N{SNOWMAN}" * 40, "two\nlines"],
    ids=["none", "another", "too short", "too long", "not latin", "two lines"],
)
def test_any_other_token_is_refused(agent: Agent, token: str) -> None:
    error = failure(agent.address, credential(token=token))
    assert error.code == "agent_refused"
    assert not token or token not in error.message + error.hint
    assert not any(TOKEN[:-1] in line for line in agent.log)


def test_the_certificate_itself_can_be_pinned(agent: Agent) -> None:
    leaf = CERTIFICATE.cert_chain_pems[0].bytes().decode()
    assert only_host(pull(agent.address, credential(ca_certificate=leaf))).is_live


@pytest.mark.parametrize("ca", ["", trustme.CA().cert_pem.bytes().decode()], ids=["system's CAs", "other CA"])
def test_another_certificate_is_not_trusted(agent: Agent, ca: str) -> None:
    assert failure(agent.address, credential(ca_certificate=ca)).code == "tls_untrusted"


def test_a_client_certificate_opens_the_host_without_a_token(tmp_path: Path) -> None:
    with running(tmp_path, "--client-ca", str(tmp_path / "clients.pem")) as agent:
        assert only_host(pull(agent.address, credential(token="", **client_certificate()))).is_live
        assert failure(agent.address).code == "tls_client_refused"
        stranger = credential(**client_certificate(trustme.CA()))
        assert failure(agent.address, stranger).code == "tls_client_refused"


def test_where_both_are_asked_for_both_are_needed(tmp_path: Path) -> None:
    both = ("--client-ca", str(tmp_path / "clients.pem"), "--token-file", str(tmp_path / "token"))
    with running(tmp_path, *both) as agent:
        assert only_host(pull(agent.address, credential(**client_certificate()))).is_live
        assert failure(agent.address).code == "tls_client_refused"
        without = credential(token="", **client_certificate())
        assert failure(agent.address, without).code == "agent_refused"


def test_the_limit_of_the_node_bounds_the_answer(agent: Agent) -> None:
    limits = Limits(seconds=30, item_bytes=1000)
    assert failure(agent.address, limits=limits).code == "too_large"


def test_a_denied_network_is_not_asked(agent: Agent) -> None:
    assert failure(agent.address, denied_networks=["127.0.0.0/8"]).code == "address_denied"


def test_a_cancelled_pull_asks_nothing(agent: Agent) -> None:
    assert failure(agent.address, is_cancelled=lambda: True).code == "cancelled"


def test_idle_connections_do_not_keep_a_pull_out(agent: Agent) -> None:
    context = ssl.create_default_context(cadata=AUTHORITY.cert_pem.bytes().decode())
    with contextlib.ExitStack() as stack:
        for number in range(50):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", agent.port), 10))
            if number >= 40:  # half of what the agent keeps have even shaken hands
                stack.enter_context(context.wrap_socket(idle, server_hostname="127.0.0.1"))
        began = time.monotonic()
        assert only_host(pull(agent.address)).is_live
        assert time.monotonic() - began < 8  # before the agent gives up on the idle ones


def test_an_agent_that_reads_for_somebody_else_is_busy(tmp_path: Path) -> None:
    with held_back(tmp_path) as (agent, let_go):
        found: list[list[Observed | Skipped]] = []
        first = threading.Thread(target=lambda: found.append(pull(agent.address)))
        first.start()
        child_of(tmp_path)
        assert failure(agent.address).code == "busy"
        let_go()
        first.join(30)
        assert only_host(found[0]).is_live


def test_a_collection_that_hangs_ends_with_the_patience_of_who_asked(tmp_path: Path) -> None:
    with held_back(tmp_path) as (agent, _):
        assert failure(agent.address, limits=Limits(seconds=3)).code == "timeout"
        wait_for_end(child_of(tmp_path))


def test_the_agent_ends_a_collection_that_takes_too_long(tmp_path: Path) -> None:
    with held_back(tmp_path) as (agent, _):
        status, said = agent.ask({"nonce": NONCE, "seconds": 0.1})
        assert (status, json.loads(said)) == (500, {"error": "the collection took too long"})
        wait_for_end(child_of(tmp_path))


def test_an_agent_that_is_ended_ends_its_collection_and_says_good_bye(tmp_path: Path) -> None:
    with held_back(tmp_path) as (agent, _):
        codes: list[str] = []
        pulling = threading.Thread(target=lambda: codes.append(failure(agent.address).code))
        pulling.start()
        child = child_of(tmp_path)
        assert agent.stop() == 0
        wait_for_end(child)
        pulling.join(30)
        assert codes == ["not_a_probe"] or codes == ["unreachable"]
        agent.wait_for("ended")
    assert failure(agent.address).code == "refused"


# -- what stands in its place


def answer(nonce: str, **changes: Any) -> bytes:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"schema": SCHEMA, "nonce": nonce, "collected_at": now} | changes).encode()


def answering(say: Callable[[str], bytes]) -> Handler:
    """A server that answers every question with these bytes; `say` is given the nonce."""

    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        data = b""
        while b"}" not in data:
            data += connection.recv(65536)
        connection.sendall(say(json.loads(data.partition(b"\r\n\r\n")[2])["nonce"]))

    return handle


def impostor_failure(handle: Handler, **options: Any) -> NodeError:
    with serve(handle, server_context()) as address:
        return failure(address.replace("tcp:", "https:"), **options)


def test_an_old_answer_is_known_as_one(agent: Agent) -> None:
    _, old = agent.ask({"nonce": "of-yesterday-0123", "seconds": 20})
    assert impostor_failure(answering(lambda _: http_answer(old))).code == "replayed"


@pytest.mark.parametrize(("hours", "word"), [(3, "ahead of"), (-3, "behind")])
def test_a_clock_that_is_off_is_told(hours: int, word: str) -> None:
    theirs = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lying = answering(lambda nonce: http_answer(answer(nonce, collected_at=theirs)))
    with serve(lying, server_context()) as address:
        observed, skipped = pull(address.replace("tcp:", "https:"))
    assert isinstance(observed, Observed)
    assert isinstance(skipped, Skipped) and skipped.kind == "clock" and word in skipped.reason


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (http_answer(b'{"schema": "plimsoll.probe/1", "nonce"'), "malformed"),
        (http_answer(b"{}"), "malformed"),
        (http_answer(answer(NONCE, schema="plimsoll.probe/9")), "api_version"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", "unreachable"),
        (http_answer(b"<html>", "404 Not Found"), "not_a_probe"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", "not_a_probe"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
            "not_a_probe",
        ),
        (b"220 mail.example.org ESMTP\r\n", "not_a_probe"),
        (b"", "not_a_probe"),
        (http_answer(b"", "401 Unauthorized"), "agent_refused"),
        (http_answer(b"", "403 Forbidden"), "agent_refused"),
        (http_answer(b"", "409 Conflict"), "replayed"),
        (http_answer(b"", "429 Too Many Requests"), "busy"),
        (http_answer(b"", "503 Service Unavailable"), "busy"),
        (http_answer(b"", "500 Internal Server Error"), "probe_failed"),
    ],
)
def test_what_is_no_document_is_named(said: bytes, code: str) -> None:
    assert impostor_failure(answering(lambda _: said)).code == code


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "endless"])
def test_an_oversized_answer_is_not_taken(announced: bool) -> None:
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(65536)
        length = b"Content-Length: 99999999999\r\n" if announced else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + length + b"\r\n")
        while not stopping.is_set():
            connection.sendall(b" " * 65536)

    began = time.monotonic()
    assert impostor_failure(handle, limits=Limits(seconds=30, item_bytes=1 << 20)).code == "too_large"
    assert time.monotonic() - began < 60


def hangs(connection: socket.socket, stopping: threading.Event) -> None:
    stopping.wait(60)


def drips(connection: socket.socket, stopping: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
    while not stopping.wait(0.05):
        connection.sendall(b" ")


@pytest.mark.parametrize("handle", [hangs, drips])
def test_a_socket_that_hangs_after_the_handshake_is_left(handle: Handler) -> None:
    began = time.monotonic()
    error = impostor_failure(handle, limits=Limits(seconds=1))
    assert error.code == "timeout" and time.monotonic() - began < 30


def test_a_socket_that_hangs_before_the_handshake_is_left() -> None:
    with serve(hangs) as address:
        assert failure(address.replace("tcp:", "https:"), limits=Limits(seconds=1)).code == "timeout"


def test_a_port_without_tls_is_named() -> None:
    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serve(handle) as address:
        error = failure(address.replace("tcp:", "https:"))
    assert error.code == "tls_mismatch" and "plimsoll-probe" in error.hint


def test_a_closed_port_is_named() -> None:
    error = failure(f"https://127.0.0.1:{free_port()}")
    assert error.code == "refused" and "plimsoll-probe" in error.hint


def test_an_engine_has_no_https_address() -> None:
    with (
        pytest.raises(NodeError) as caught,
        docker.open_node("https://host:2376", Credential(), Limits(), is_cancelled=never),
    ):
        raise AssertionError
    assert caught.value.code == "address_invalid"
