"""Enrolment against a real HTTPS server in the place of the dashboard's API: all or nothing, and no secret told."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import platform
import signal
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509

from scanners import probe_archive
from scanners.connectors import open_node
from scanners.probe import VERSION
from scanners.records import Credential, Limits
from tests.engines import free_port
from tests.scanners.connectors.agents import running
from tests.scanners.connectors.pulling import never
from tests.scanners.probe.test_archive import pythons

TOKEN = "enrolment-token-that-nobody-else-may-see"
AUTHORITY = trustme.CA()
ACCEPTED = (201, {"node": {"id": 7, "name": "web-1"}})
FILES = ("certificate.pem", "key.pem", "token")


@dataclass
class Api:
    """The dashboard's API: answers every question with `status` and `body`, and keeps what was asked."""

    url: str = ""
    status: int = 201
    body: Any = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    before_answer: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def serving(*, tls: bool = True) -> Iterator[Api]:
    api = Api(status=ACCEPTED[0], body=ACCEPTED[1])
    api.may_answer.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            api.asked.append((self.path, json.loads(question)))
            api.before_answer.set()
            api.may_answer.wait(60)
            body = api.body if isinstance(api.body, bytes) else json.dumps(api.body).encode()
            with contextlib.suppress(OSError):
                self.send_response(api.status)
                self.send_header("Location", "https://elsewhere.invalid/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield api
    finally:
        api.may_answer.set()
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plimsoll-probe.pyz").write_bytes(probe_archive.build())
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "enrolment").write_text(TOKEN + "\n")
    return tmp_path


def call(folder: Path, url: str, *arguments: str, python: str = sys.executable) -> list[str]:
    chosen = {
        "--server": url,
        "--ca": str(folder / "ca.pem"),
        "--directory": str(folder / "agent"),
        "--address": "https://127.0.0.1",
    }
    if not any(argument.startswith("--token") for argument in arguments):
        chosen["--token-file"] = str(folder / "enrolment")
    for name in list(chosen):
        if name in arguments:
            del chosen[name]
    words = [word for pair in chosen.items() for word in pair]
    return [python, "-I", "-W", "error", str(folder / "plimsoll-probe.pyz"), "enrol", *words, *arguments]


def enrol(
    folder: Path, url: str, *arguments: str, given: str = "", python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        call(folder, url, *arguments, python=python),
        input=given, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert TOKEN not in said and "PRIVATE KEY" not in said and "Traceback" not in said, said
    return ran


def refusal(folder: Path, url: str, *arguments: str) -> str:
    """The one line that an enrolment that failed says; nothing of it is left."""
    before = {path for path in folder.rglob("*")}
    ran = enrol(folder, url, *arguments)
    assert ran.returncode == 1 and ran.stdout == ""
    assert {path for path in folder.rglob("*")} == before
    (line,) = ran.stderr.splitlines()
    return line


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("python", pythons(), ids=lambda path: path.replace("/", "_"))
def test_an_enrolled_host_says_who_it_is_and_keeps_its_secrets(api: Api, folder: Path, python: str) -> None:
    ran = enrol(folder, api.url, "--name", "web-1", python=python)
    assert (ran.returncode, ran.stderr) == (0, "")
    ((path, question),) = api.asked
    assert path == "/api/v1/enrol"
    assert set(question) == {"token", "name", "address", "certificate", "bearer", "host", "probe_version"}
    assert (question["token"], question["name"]) == (TOKEN, "web-1")
    assert (question["address"], question["probe_version"]) == ("https://127.0.0.1:7443", VERSION)
    kept = folder / "agent"
    assert mode(kept) == 0o700 and sorted(found.name for found in kept.iterdir()) == sorted(FILES)
    assert {mode(kept / name) for name in FILES} == {0o600}
    assert (kept / "token").read_text().strip() == question["bearer"] and len(question["bearer"]) >= 43
    assert (kept / "certificate.pem").read_text() == question["certificate"]
    assert question["bearer"] not in ran.stdout
    first, unit, start = ran.stdout.splitlines()
    assert "node 7, web-1" in first and start.startswith("  systemctl ")
    assert f"{folder / 'plimsoll-probe.pyz'} unit --directory {kept} > /etc/systemd/" in unit


def test_what_enrol_made_is_what_serve_and_the_server_need(api: Api, folder: Path) -> None:
    assert enrol(folder, api.url).returncode == 0
    _, question = api.asked[0]
    made = folder / "agent"
    files = (
        "--certificate",
        made / "certificate.pem",
        "--key",
        made / "key.pem",
        "--token-file",
        made / "token",
    )
    with running(folder, *map(str, files)) as agent:
        pinned = Credential(ca_certificate=question["certificate"], token=question["bearer"])
        with open_node("probe", agent.address, pinned, Limits(seconds=30), is_cancelled=never) as session:
            report = session.probe()
    assert report.name == question["name"] == platform.node()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://[::1]:8443", "::1"),
        ("https://127.0.0.1", "127.0.0.1"),
        ("https://web-1.example.org", "web-1.example.org"),
    ],
)
def test_the_certificate_holds_the_address_and_signs_for_nobody(
    api: Api, folder: Path, address: str, name: str
) -> None:
    assert enrol(folder, api.url, "--address", address).returncode == 0
    certificate = x509.load_pem_x509_certificate(api.asked[0][1]["certificate"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(found.value) for found in names] == [name]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_certificate_of_ones_own_is_used(api: Api, folder: Path) -> None:
    own = AUTHORITY.issue_cert("127.0.0.1")
    own.cert_chain_pems[0].write_to_path(folder / "own.pem")
    own.private_key_pem.write_to_path(folder / "own.key")
    ran = enrol(folder, api.url, "--certificate", str(folder / "own.pem"), "--key", str(folder / "own.key"))
    assert ran.returncode == 0
    assert api.asked[0][1]["certificate"] == own.cert_chain_pems[0].bytes().decode()
    assert (folder / "agent/key.pem").read_bytes() == own.private_key_pem.bytes()
    other = enrol(
        folder, api.url, "--certificate", str(folder / "ca.pem"), "--key", str(folder / "own.key"), "--force"
    )
    assert other.returncode == 2 and "are not a certificate and its key" in other.stderr


@pytest.mark.parametrize("arguments", [("--token", "-"), ("--token-file", "-")])
def test_the_token_can_come_from_the_input(api: Api, folder: Path, arguments: tuple[str, ...]) -> None:
    assert enrol(folder, api.url, *arguments, given=TOKEN + "\n").returncode == 0
    assert api.asked[0][1]["token"] == TOKEN


def test_a_server_below_a_path_is_asked_there(api: Api, folder: Path) -> None:
    assert enrol(folder, api.url + "/plimsoll/").returncode == 0
    assert api.asked[0][0] == "/plimsoll/api/v1/enrol"


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (400, "The address names no host."),
        (403, "This enrolment token is not known."),
        (409, "This host is enrolled already."),
        (410, "This enrolment token\nhas expired."),
        (429, "Too many attempts; wait a minute."),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(api: Api, folder: Path, status: int, detail: str) -> None:
    api.status, api.body = status, {"type": "about:blank", "title": "No", "status": status, "detail": detail}
    assert refusal(folder, api.url) == "plimsoll-probe: not enrolled: " + detail.replace("\n", " ")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (201, b"", "cannot be understood"),
        (201, {"node": {"id": "7"}}, "cannot be understood"),
        (200, {"node": {"id": 7, "name": "web-1"}}, "HTTP status 200"),
        (301, b"", "sends us elsewhere"),
        (404, b"<html>", "HTTP status 404"),
        (500, b"[" * 60_000, "HTTP status 500"),
        (403, {"detail": "\x1b[2Jfunny\u202e"}, "\ufffd[2Jfunny\ufffd"),
    ],
)
def test_what_is_no_acceptance_is_none(api: Api, folder: Path, status: int, body: Any, said: str) -> None:
    api.status, api.body = status, body
    assert said in refusal(folder, api.url)


def test_a_server_that_is_not_there_is_told(folder: Path) -> None:
    assert "cannot be reached" in refusal(folder, f"https://127.0.0.1:{free_port()}")
    assert "cannot be reached" in refusal(folder, "https://plimsoll.invalid")


def test_a_server_that_is_not_trusted_is_given_no_token(api: Api, folder: Path) -> None:
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    assert "not trusted" in refusal(folder, api.url, "--ca", str(folder / "other.pem"))
    assert "not trusted" in refusal(folder, api.url.replace("127.0.0.1", "localhost"))
    assert api.asked == []


def test_plaintext_is_for_this_machine_alone(folder: Path) -> None:
    refused = enrol(folder, "http://plimsoll.example.org")
    assert refused.returncode == 2 and "--allow-plaintext" in refused.stderr
    allowed = refusal(folder, "http://plimsoll.invalid", "--allow-plaintext")
    assert "cannot be reached" in allowed
    with serving(tls=False) as api:
        assert enrol(folder, api.url).returncode == 0


def test_an_earlier_enrolment_is_not_overwritten(api: Api, folder: Path) -> None:
    assert enrol(folder, api.url).returncode == 0
    before = {name: (folder / "agent" / name).read_bytes() for name in FILES}
    again = enrol(folder, api.url)
    assert again.returncode == 2 and "--force" in again.stderr and len(api.asked) == 1
    api.status, api.body = 410, {"detail": "used"}
    assert "used" in refusal(folder, api.url, "--force")
    assert {name: (folder / "agent" / name).read_bytes() for name in FILES} == before
    api.status, api.body = ACCEPTED
    assert enrol(folder, api.url, "--force").returncode == 0
    assert all((folder / "agent" / name).read_bytes() != before[name] for name in FILES)


def test_a_directory_that_others_see_is_left_alone(api: Api, folder: Path) -> None:
    (folder / "agent").mkdir(mode=0o755)
    ran = enrol(folder, api.url)
    assert ran.returncode == 2 and "chmod 700" in ran.stderr
    assert mode(folder / "agent") == 0o755 and api.asked == []


def test_a_directory_that_cannot_be_written_costs_no_token(api: Api, folder: Path) -> None:
    ran = enrol(folder, api.url, "--directory", "/proc/nowhere/agent")
    assert ran.returncode == 2 and "cannot be written" in ran.stderr and api.asked == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_enrolment_that_is_broken_off_leaves_nothing(
    api: Api, folder: Path, number: signal.Signals
) -> None:
    api.may_answer.clear()
    process = subprocess.Popen(call(folder, api.url), stderr=subprocess.PIPE)
    assert api.before_answer.wait(30)
    assert {mode(path) for path in (folder / "agent").iterdir()} == {0o600}
    process.send_signal(number)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 128 + number and complaint == b""
    assert not (folder / "agent").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--server", "plimsoll.example.org"),
        ("--server", "ftp://plimsoll.example.org"),
        ("--server", "https://user@plimsoll.example.org"),
        ("--address", "http://127.0.0.1"),
        ("--address", "https://127.0.0.1/path"),
        ("--address", "https://127.0.0.1:0"),
        ("--address", "https://a,DNS:b"),
        ("--ca", "/nonexistent"),
        ("--token-file", "/nonexistent"),
        ("--token", "two words"),
        ("--certificate", "/nonexistent"),
        ("--certificate", "/nonexistent", "--key", "/nonexistent"),
        ("--token", TOKEN, "--token-file", "x"),
        ("--tokn", TOKEN),
        (TOKEN,),
    ],
)
def test_a_wrong_call_is_refused_before_anybody_is_asked(
    api: Api, folder: Path, arguments: tuple[str, ...]
) -> None:
    ran = enrol(folder, api.url, *arguments)
    assert ran.returncode == 2 and ran.stderr and api.asked == [] and not (folder / "agent").exists()


def test_no_token_is_a_wrong_call(folder: Path) -> None:
    command = [sys.executable, "-I", str(folder / "plimsoll-probe.pyz"), "enrol", "--server", "https://x"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ}, timeout=60)
    assert ran.returncode == 2 and "--token" in ran.stderr
