"""The agent's own side: who is answered what, which files it takes, and what it does on signals."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanners.host import SCHEMA
from scanners.probe.agent.authorization import LONGEST_DELAY_SECONDS, Failures, Nonces, delay
from scanners.probe.agent.connections import Connection, Crowd, RefusedError
from scanners.probe.agent.serve import SECONDS, asked
from tests.scanners.connectors.agents import (
    AUTHORITY,
    TOKEN,
    Agent,
    child_of,
    command,
    held_back,
    running,
    wait_for_end,
    write_files,
)
from tests.scanners.probe.test_archive import pythons

NONCE = "0123456789abcdef"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running(tmp_path_factory.mktemp("agent")) as started:
        yield started


def question(nonce: str, seconds: float = 20.0) -> dict[str, Any]:
    return {"nonce": nonce, "seconds": seconds}


def tls(agent: Agent) -> ssl.SSLSocket:
    context = ssl.create_default_context(cadata=AUTHORITY.cert_pem.bytes().decode())
    plain = socket.create_connection(("127.0.0.1", agent.port), 20)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def spoken(agent: Agent, words: bytes) -> bytes:
    """What the agent answers to these bytes, until it hangs up."""
    with tls(agent) as connection:
        connection.sendall(words)
        return b"".join(iter(lambda: connection.recv(65536), b""))


# -- requests


@pytest.mark.parametrize("python", pythons(), ids=lambda path: path.replace("/", "_"))
def test_it_answers_with_this_python(python: str, tmp_path: Path) -> None:
    with running(tmp_path, python=python) as agent:
        status, body = agent.ask(question(NONCE))
        assert (status, json.loads(body)["nonce"], json.loads(body)["schema"]) == (200, NONCE, SCHEMA)
        assert agent.ask(question(NONCE), Authorization="Bearer " + "x" * 43)[0] == 401
        assert agent.stop() == 0


def test_the_same_request_is_answered_once(agent: Agent) -> None:
    assert [agent.ask(question("asked-once-and-again"))[0] for _ in range(3)] == [200, 409, 409]


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("/v1/document", ""),
        ("/v1/document", "Bearer"),
        ("/v1/document", "Basic {}"),
        ("/v1/document", "Bearer {}x"),
        ("/v1/health", "Bearer " + "x" * 43),
        ("/", ""),
    ],
)
def test_nothing_is_told_to_who_may_not_ask(tmp_path: Path, path: str, header: str) -> None:
    with running(tmp_path) as agent:
        said = agent.ask(question(NONCE), path, Authorization=header.replace("{}", TOKEN))
        assert said == (401, b"")
        assert agent.ask(question(NONCE))[0] == 200  # at once, whatever failed before


def test_a_token_that_is_given_twice_is_none(tmp_path: Path) -> None:
    head = f"POST /v1/document HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    with running(tmp_path) as agent:
        assert spoken(agent, head.encode()).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/document", 405), ("POST", "/v1/health", 404), ("GET", "/", 404)],
)
def test_other_requests_are_refused(agent: Agent, method: str, path: str, status: int) -> None:
    assert agent.ask(b"", path, method) == (status, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"5", b'"x"', b"\xff", b"[" * 4000, b"{}",
        {"nonce": "short", "seconds": 1}, {"nonce": "x" * 201, "seconds": 1}, {"nonce": 5, "seconds": 1},
        {"nonce": "with a blank in it", "seconds": 1}, {"nonce": "with\0zero-0123456", "seconds": 1},
        {"nonce": NONCE}, {"nonce": NONCE, "seconds": "1"}, {"nonce": NONCE, "seconds": True},
        {"nonce": NONCE, "seconds": 0}, {"nonce": NONCE, "seconds": -1}, {"nonce": NONCE, "seconds": float("nan")},
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused(agent: Agent, body: Any) -> None:
    assert agent.ask(body) == (400, b"")


@pytest.mark.parametrize("seconds", ["1e9", "Infinity", "301", "1" + "0" * 400])
def test_no_collection_gets_more_than_its_share_of_time(seconds: str) -> None:
    assert asked(f'{{"nonce": "{NONCE}", "seconds": {seconds}}}'.encode()) == (NONCE, SECONDS)


def test_a_nonce_that_looks_like_an_option_is_a_nonce(agent: Agent) -> None:
    status, body = agent.ask(question("--root=/etc-0123456"))
    assert (
        status == 200 and json.loads(body)["nonce"] == "--root=/etc-0123456" and json.loads(body)["is_live"]
    )


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /v1/document HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: 4097\r\n\r\n", 413),
        (
            "POST /v1/document HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: 9999999999999\r\n\r\n",
            413,
        ),
        ("POST /v1/document HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: \xb2\r\n\r\n", 411),
        (
            "POST /v1/document HTTP/1.1\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            411,
        ),
        ("POST /v1/document HTTP/1.1\r\nX: " + "x" * 9000 + "\r\n\r\n", 431),
        ("POST /v1/document HTTP/1.1\r\n" + "X: y\r\n" * 200 + "\r\n", 431),
        ("POST /v1/document\r\n\r\n", 400),
        ("nonsense\r\n\r\n", 400),
    ],
)
def test_a_request_beyond_its_bounds_is_refused(agent: Agent, head: str, status: int) -> None:
    said = spoken(agent, head.replace("{}", TOKEN).encode("latin-1"))
    assert said.startswith(f"HTTP/1.1 {status} ".encode()) and said.endswith(b"\r\n\r\n")


def test_a_client_that_hangs_up_ends_its_collection(tmp_path: Path) -> None:
    with held_back(tmp_path) as (agent, _):
        body = json.dumps(question(NONCE)).encode()
        with tls(agent) as connection:
            connection.sendall(
                b"POST /v1/document HTTP/1.1\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
                % (TOKEN.encode(), len(body), body)
            )
            child = child_of(tmp_path)
        wait_for_end(child)


def test_a_slow_request_is_given_up_as_a_whole() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Connection(theirs, "192.0.2.1")
        connection._deadline = time.monotonic() + 0.3
        ours.sendall(b"POST /v1/document HTTP/1.1\r\n")
        with pytest.raises(RefusedError) as caught:
            connection.request()
        assert caught.value.status == 0 and time.monotonic() - connection.began < 30


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_of_yesterday_is_not_spoken(agent: Agent) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", agent.port), 20) as plain,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        context.wrap_socket(plain)


# -- files and signals


def complaint(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(command(folder, *arguments), capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2 and TOKEN not in ran.stderr and "Traceback" not in ran.stderr
    return ran.stderr


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_token_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    write_files(tmp_path)
    (tmp_path / "token").chmod(mode)
    assert "chmod 600" in complaint(tmp_path, "--token-file", str(tmp_path / "token"))


@pytest.mark.parametrize("text", ["", "x" * 31, "x" * 20 + " " + "x" * 20, "x" * 5000])
def test_a_token_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    write_files(tmp_path)
    (tmp_path / "token").write_text(text)
    assert "at least 32 characters" in complaint(tmp_path, "--token-file", str(tmp_path / "token"))


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    write_files(tmp_path)
    token = ("--token-file", str(tmp_path / "token"))
    assert "give --token-file or --client-ca" in complaint(tmp_path)
    assert "cannot be read" in complaint(tmp_path, "--token-file", str(tmp_path / "none"))
    assert "holds no certificate" in complaint(tmp_path, "--client-ca", str(tmp_path / "token"))
    assert "certificate or key cannot be read" in complaint(tmp_path, *token, "--key", str(tmp_path / "none"))
    assert "not a certificate and its key" in complaint(
        tmp_path, *token, "--certificate", str(tmp_path / "ca.pem")
    )


@pytest.mark.parametrize(
    "listen", ["7443", ":7443", "localhost:7443", "::1:7443", "127.0.0.1:x", "127.0.0.1:70000"]
)
def test_an_address_that_cannot_be_listened_on_is_named(tmp_path: Path, listen: str) -> None:
    write_files(tmp_path)
    assert "plimsoll-probe: " in complaint(
        tmp_path, "--token-file", str(tmp_path / "token"), "--listen", listen
    )


def test_a_port_that_is_taken_is_told(agent: Agent) -> None:
    files = ("--token-file", str(agent.folder / "token"), "--listen", f"127.0.0.1:{agent.port}")
    ran = subprocess.run(
        command(agent.folder, *files), capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1 and "cannot listen on" in ran.stderr


def test_a_new_token_is_read_on_demand_and_a_broken_one_is_not_taken(tmp_path: Path) -> None:
    with running(tmp_path) as agent:
        (tmp_path / "token").write_text("short")
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_for("kept the certificate and token that were in use")
        assert agent.ask(question("with-the-old-token"))[0] == 200
        (tmp_path / "token").write_text("y" * 40)
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_for("read certificate and token again")
        assert agent.ask(question("with-the-old-token-1"))[0] == 401
        assert agent.ask(question("with-the-new-token"), Authorization="Bearer " + "y" * 40)[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_connections_open(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as agent, tls(agent), socket.create_connection(("127.0.0.1", agent.port)):
        agent.process.send_signal(number)
        assert agent.process.wait(20) == 0
        agent.wait_for("ended")


def test_refusals_are_logged_without_what_was_given(tmp_path: Path) -> None:
    with running(tmp_path) as agent:
        for _ in range(2):
            agent.ask(question(NONCE), Authorization="Bearer a-wrong-token-of-somebody")
        agent.wait_for("127.0.0.1: refused: wrong token")
        assert agent.ask(question("right-after-wrong"))[0] == 200
        agent.wait_for("bytes in")
        assert not agent.said("a-wrong-token") and not agent.said(TOKEN)


# -- what is bounded


def test_only_the_newest_nonces_are_remembered() -> None:
    nonces = Nonces(most=3)
    assert [nonces.is_new(nonce) for nonce in "aabcda"] == [True, False, True, True, True, True]
    assert not nonces.is_new("d")


def test_failures_are_slowed_more_and_more_and_each_address_for_itself() -> None:
    failures = Failures()
    assert [failures.count("192.0.2.1") for _ in range(3)] == [1, 2, 3]
    assert failures.count("192.0.2.2") == 1
    assert delay(1) < delay(2) < delay(3) and delay(10**6) == LONGEST_DELAY_SECONDS


def test_one_address_cannot_push_out_another() -> None:
    crowd = Crowd(most=4)
    pairs = [socket.socketpair() for _ in range(7)]
    addresses = ["192.0.2.9", *["192.0.2.1"] * 6]
    connections = [Connection(pair[0], address) for pair, address in zip(pairs, addresses, strict=True)]
    assert all(crowd.enter(connection) for connection in connections)
    assert [one.is_ended for one in connections] == [False, True, True, True, False, False, False]
    for one in connections[4:]:
        crowd.authorize(one)
    crowd.authorize(connections[0])
    last = socket.socketpair()
    assert not crowd.enter(Connection(last[0], "192.0.2.2"))
    for pair in (*pairs, last):
        for end in pair:
            end.close()
