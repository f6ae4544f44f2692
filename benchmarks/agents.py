"""Many agents of the host probe in one process: a real document, told over TLS on a port for each, with unique ids.

    python -m benchmarks.agents --agents 1000 --containers 10 --dir DIR

writes `certificate.pem`, `token` and `ports` (one number a line) to DIR and prints `ready` once all of them answer. The
document is what the probe says of this machine, with the containers, packages and sockets of a recorded host
(`benchmarks.probe`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import re
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import trustme

from benchmarks.probe import record
from benchmarks.replay import until_stopped
from scanners import probe_archive

_RECORDED = ("containers", "containers_complete", "packages", "listeners", "docker")
_MARK = re.compile(rb"@([a-z]+)-?([0-9]*)@")


def _run(archive: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-I", str(archive), "--nonce=@nonce@", *arguments]
    return dict(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


def _document(containers: int) -> bytes:
    """What the probe says, with a mark where one host, or one question, differs from the next."""
    with tempfile.TemporaryDirectory(prefix="plimsoll-bench-") as folder:
        root, archive = Path(folder, "root"), Path(folder, "probe.pyz")
        record(root, containers)
        archive.write_bytes(probe_archive.build())
        found, recorded = _run(archive), _run(archive, "--root", str(root))
    places = tuple(f"/{name}" for name in _RECORDED)
    reasons = {at: why for at, why in found["not_measured"].items() if not at.startswith(places)}
    reasons |= {at: why for at, why in recorded["not_measured"].items() if at.startswith(places)}
    found |= {name: recorded[name] for name in _RECORDED} | {"not_measured": reasons, "collected_at": "@now@"}
    found["host"] |= {"id": "@host@", "name": "replay-@number@"}
    found["docker"]["engine_id"] = "engine-@number@"
    text = json.dumps(found, sort_keys=True)
    for number in range(containers):
        text = text.replace(f"{number:064x}", f"@container-{number}@")
    return text.encode()


class Agent:
    """What one agent answers."""

    def __init__(self, number: int, document: bytes, token: str) -> None:
        self._number = number
        self._pieces = _MARK.split(document)  # text, name of a mark, its number, text, …
        self._authorization = f"bearer {token}"

    def answer(self, head: bytes, body: bytes) -> tuple[str, bytes]:
        """Status and body for one request."""
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if headers.get("authorization", "").lower() != self._authorization.lower():
            return "401 Unauthorized", b""
        if lines[0].split(" ")[:2] != ["POST", "/v1/document"]:
            return "404 Not Found", b""
        nonce = json.loads(body)["nonce"].encode()
        filled = []
        for place in range(0, len(self._pieces) - 1, 3):
            text, name, number = self._pieces[place : place + 3]
            filled += [text, self._mark(name, number, nonce)]
        return "200 OK", b"".join([*filled, self._pieces[-1]])

    def _mark(self, name: bytes, number: bytes, nonce: bytes) -> bytes:
        if name == b"nonce":
            return nonce
        if name == b"now":
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()
        if name == b"number":
            return f"{self._number:04}".encode()
        made = hashlib.sha256(f"{self._number} {name.decode()} {number.decode()}".encode()).hexdigest()
        return made[: 32 if name == b"host" else 64].encode()


async def _converse(agent: Agent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request and its answer, as the real agent gives it."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        status, said = agent.answer(head, body)
        headers = f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\nConnection: close\r\n"
        if said:
            headers += "Content-Type: application/json\r\n"
        writer.write(f"{headers}\r\n".encode() + said)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def serve(folder: Path, *, agents: int, containers: int) -> None:
    """Listen on one port per agent until cancelled."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    token = secrets.token_urlsafe(32)
    document = _document(containers)
    folder.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(str(folder / "certificate.pem"))
    (folder / "token").write_text(token)
    ports = []
    async with contextlib.AsyncExitStack() as stack:
        for number in range(1, agents + 1):
            agent = Agent(number, document, token)
            server = await asyncio.start_server(
                lambda reader, writer, agent=agent: _converse(agent, reader, writer),
                "127.0.0.1",
                0,
                ssl=context,
                backlog=16,
            )
            await stack.enter_async_context(server)
            ports.append(server.sockets[0].getsockname()[1])
        (folder / "ports").write_text("\n".join(map(str, ports)))
        print(f"ready {len(document)}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay agents of the host probe on TCP ports.")
    parser.add_argument("--agents", type=int, default=1)
    parser.add_argument("--containers", type=int, default=10, help="containers of each host")
    parser.add_argument("--dir", type=Path, required=True, help="folder for certificate, token and ports")
    options = parser.parse_args()

    until_stopped(serve(options.dir, agents=options.agents, containers=options.containers))


if __name__ == "__main__":
    main()
