"""Many container engines in one process: real answers of a Docker Engine, replayed on unix sockets with unique ids.

    python -m benchmarks.replay --engines 1000 --containers 50 --dir DIR

listens on `DIR/engine-0001.sock` … and prints `ready` once all of them answer. The answers in `engine_answers.json` were
recorded from Docker 20.10; a container's id, name and image are put in when it is asked for, so memory stays small.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import hashlib
import json
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_name("engine_answers.json")
_ID, _NAME, _IMAGE, _MEMORY = "@container-id@", "@container-name@", "@image-id@", 987654321


class Replay:
    """What one engine answers. With `changed` n, the first n containers differ from one `GET /info` to the next."""

    def __init__(self, number: int, *, containers: int, images: int, changed: int = 0) -> None:
        recorded = json.loads(_recorded())
        self._changed = changed
        self._generation = 0
        self._fixed: dict[str, bytes] = {
            "/version": _encode(recorded["version"]),
            "/info": _encode(recorded["info"] | {"ID": _engine_id(number), "Name": f"replay-{number:04}"}),
            "/networks": _encode(recorded["networks"]),
            "/volumes": _encode(recorded["volumes"]),
            "/plugins": b"[]\n",
            "/_ping": b"OK",
        }
        self._top = _encode(recorded["top"])
        self._image_ids = [f"sha256:{_hex(f'image {index}')}" for index in range(images)]
        self._record_images(recorded["images"][0])
        self._templates = [_template(item) for item in recorded["containers"]]
        self._ids = [_hex(f"engine {number} container {index}") for index in range(containers)]
        self._position = {identifier: index for index, identifier in enumerate(self._ids)}
        self._number = number

    def _record_images(self, recorded: dict[str, Any]) -> None:
        listed = []
        for index, identifier in enumerate(self._image_ids):
            names = {"Id": identifier, "RepoTags": [f"replay/app-{index}:1"]}
            listed.append(recorded["listed"] | names)
            self._fixed[f"/images/{identifier}/json"] = _encode(recorded["inspect"] | names)
            self._fixed[f"/images/{identifier}/history"] = _encode(recorded["history"])
        self._fixed["/images/json"] = _encode(listed)

    def answer(self, path: str) -> bytes | None:
        """The body for a path without API version and query; None for what is not there."""
        if path == "/info" and self._changed:
            self._generation += 1
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        if path == "/containers/json":
            return b"[" + b",".join(self._fill(index, 0) for index in range(len(self._ids))) + b"]\n"
        parts = path.split("/")
        if len(parts) == 4 and parts[1] == "containers":
            index = self._position.get(parts[2])
            if index is not None and parts[3] in ("json", "top"):
                return self._fill(index, 1) if parts[3] == "json" else self._top
        return None

    def _fill(self, index: int, which: int) -> bytes:
        template = self._templates[index % len(self._templates)][which]
        memory = 268_435_456 + (self._generation if index < self._changed else 0) * 4096
        return (
            template.replace(_ID.encode(), self._ids[index].encode())
            .replace(_NAME.encode(), f"app-{self._number:04}-{index:03}".encode())
            .replace(_IMAGE.encode(), self._image_ids[index % len(self._image_ids)].encode())
            .replace(str(_MEMORY).encode(), str(memory).encode())
        )


@functools.cache
def _recorded() -> bytes:
    return ANSWERS.read_bytes()


def _template(recorded: dict[str, Any]) -> tuple[bytes, bytes]:
    identifier, image = recorded["inspect"]["Id"], recorded["inspect"]["Image"]
    recorded["inspect"]["HostConfig"]["Memory"] = _MEMORY
    recorded["inspect"]["Name"], recorded["listed"]["Names"] = f"/{_NAME}", [f"/{_NAME}"]
    listed, inspect = (
        _encode(recorded[part])
        .replace(identifier.encode(), _ID.encode())
        .replace(image.encode(), _IMAGE.encode())
        for part in ("listed", "inspect")
    )
    return listed, inspect


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _engine_id(number: int) -> str:
    text = _hex(f"engine {number}").upper()[:48]
    return ":".join(text[start : start + 4] for start in range(0, 48, 4))


class _Connection(asyncio.Protocol):
    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
            path = "/" + target[2:].partition("/")[2] if target.startswith("/v1.") else target
            body = self._replay.answer(path)
            status = b"200 OK" if body is not None else b"404 Not Found"
            body = body if body is not None else b'{"message":"page not found"}'
            assert self._transport is not None
            self._transport.write(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (status, len(body), body)
            )


async def serve(folder: Path, *, engines: int, containers: int, images: int = 5, changed: int = 0) -> None:
    """Listen on one socket per engine until cancelled; the sockets are removed at the end."""
    loop = asyncio.get_running_loop()
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"engine-{number:04}.sock" for number in range(1, engines + 1)]
    async with contextlib.AsyncExitStack() as stack:
        for number, path in enumerate(paths, start=1):
            path.unlink(missing_ok=True)
            replay = Replay(number, containers=containers, images=images, changed=changed)
            server = await loop.create_unix_server(
                lambda replay=replay: _Connection(replay), path, backlog=16
            )
            await stack.enter_async_context(server)
            stack.callback(path.unlink, missing_ok=True)
        print("ready", flush=True)
        await asyncio.Event().wait()


def until_stopped(serving: Coroutine[Any, Any, None]) -> None:
    """Serve until Ctrl-C or SIGTERM, and end without a complaint."""

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(run())


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay container engines on unix sockets.")
    parser.add_argument("--engines", type=int, default=1)
    parser.add_argument("--containers", type=int, default=50, help="containers of each engine")
    parser.add_argument(
        "--images", type=int, default=5, help="images of each engine, the same on all of them"
    )
    parser.add_argument("--changed", type=int, default=0, help="containers that differ from pull to pull")
    parser.add_argument("--dir", type=Path, required=True, help="folder of the sockets")
    options = parser.parse_args()

    until_stopped(
        serve(
            options.dir,
            engines=options.engines,
            containers=options.containers,
            images=options.images,
            changed=options.changed,
        )
    )


if __name__ == "__main__":
    main()
