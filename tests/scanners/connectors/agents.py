"""The real agent: the zipapp's `serve` in a process of its own, with keys and certificates made for the test."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from scanners import probe_archive
from scanners.records import Credential
from tests.engines import wait_until

TOKEN = secrets.token_urlsafe(32)
AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1")
CLIENTS = trustme.CA()


def credential(**changes: str) -> Credential:
    """What opens an agent that asks for a token."""
    return Credential(**{"ca_certificate": AUTHORITY.cert_pem.bytes().decode(), "token": TOKEN, **changes})


def client_certificate(authority: trustme.CA = CLIENTS) -> dict[str, str]:
    leaf = authority.issue_cert("plimsoll@example.org")
    return {
        "client_certificate": leaf.cert_chain_pems[0].bytes().decode(),
        "client_key": leaf.private_key_pem.bytes().decode(),
    }


def server_context() -> ssl.SSLContext:
    """For servers that stand where an agent should be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


@dataclass
class Agent:
    folder: Path
    process: subprocess.Popen[str]
    port: int
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def said(self, text: str) -> bool:
        return any(text in line for line in self.log)

    def wait_for(self, text: str) -> None:
        wait_until(lambda: self.said(text), f"{text!r} in {self.log}", 20)

    def ask(
        self, body: Any, path: str = "/v1/document", method: str = "POST", **headers: str
    ) -> tuple[int, bytes]:
        """One request as any HTTP client makes it, with the right token: status and body."""
        context = ssl.create_default_context(cadata=AUTHORITY.cert_pem.bytes().decode())
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        with contextlib.closing(connection):
            given = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, given, {"Authorization": f"Bearer {TOKEN}", **headers})
            response = connection.getresponse()
            return response.status, response.read()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def write_files(folder: Path) -> None:
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    CLIENTS.cert_pem.write_to_path(folder / "clients.pem")
    CERTIFICATE.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    CERTIFICATE.private_key_pem.write_to_path(folder / "key.pem")
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN + "\n")


def command(folder: Path, *arguments: str, python: str = sys.executable) -> list[str]:
    """`serve` of the zipapp in this folder, on a free port, which it says on its error output."""
    archive = folder / "plimsoll-probe.pyz"
    if not archive.exists():
        archive.write_bytes(probe_archive.build())
    files = ["--certificate", str(folder / "certificate.pem"), "--key", str(folder / "key.pem")]
    return [python, "-I", str(archive), "serve", "--listen", "127.0.0.1:0", *files, *arguments]


@contextlib.contextmanager
def running(folder: Path, *arguments: str, python: str = sys.executable) -> Iterator[Agent]:
    """An agent that listens; with the token unless `arguments` say who may ask."""
    write_files(folder)
    chosen = arguments or ("--token-file", str(folder / "token"))
    process = subprocess.Popen(command(folder, *chosen, python=python), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    stream = process.stderr
    agent = Agent(folder, process, 0)
    reader = threading.Thread(target=lambda: agent.log.extend(iter(stream.readline, "")))
    try:
        first = stream.readline()
        assert "listening on" in first, first + stream.read()
        agent.port = int(first.rpartition(":")[2])
        reader.start()
        yield agent
    finally:
        process.kill()
        process.wait()
        if reader.ident:
            reader.join(10)
        stream.close()


@contextlib.contextmanager
def held_back(folder: Path) -> Iterator[tuple[Agent, Callable[[], None]]]:
    """An agent whose collections wait until the test lets them go; each leaves its number in the file `child`."""
    gate = folder / "gate"
    os.mkfifo(gate)
    start = f"""
import os, sys
if "serve" not in sys.argv:
    with open({str(folder / "child.new")!r}, "w") as note:
        note.write(str(os.getpid()))
    os.rename({str(folder / "child.new")!r}, {str(folder / "child")!r})
    open({str(gate)!r}).close()
from scanners.probe.__main__ import main
sys.exit(main())
"""
    with zipfile.ZipFile(folder / "plimsoll-probe.pyz", "w") as archive:
        for name, text in {**probe_archive.sources(), "__main__.py": start}.items():
            archive.writestr(name, text)
    with running(folder) as agent:
        yield agent, lambda: gate.open("w").close()


def child_of(folder: Path) -> int:
    wait_until((folder / "child").exists, "a collection")
    return int((folder / "child").read_text())


def wait_for_end(pid: int) -> None:
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the collection", 10)
