"""Small real servers that answer badly, one connection at a time, on loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Handler = Callable[[socket.socket, threading.Event], None]

VERSION = {"Version": "27.0.0", "ApiVersion": "1.46", "MinAPIVersion": "1.24", "Components": []}
INFO = {"ID": "ENGINE", "Name": "sample", "OSType": "linux", "Swarm": {"LocalNodeState": "inactive"}}
EMPTY = {
    "/networks": [],
    "/volumes": {"Volumes": []},
    "/plugins": [],
    "/images/json": [],
    "/containers/json": [],
}


@contextlib.contextmanager
def serve(handle: Handler, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run `handle(connection, stopping)` for each connection; gives the tcp:// address."""
    stopping = threading.Event()
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            wrapped = context.wrap_socket(connection, server_side=True) if context else connection
            handle(wrapped, stopping)

    def accept() -> None:
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(5)
                threads.append(threading.Thread(target=answer, args=(connection,)))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        acceptor.join(10)
        for thread in threads:
            thread.join(10)
        listener.close()


def read_request(connection: socket.socket) -> str:
    """The path of the next request without its API version; "" when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return ""
        data += piece
    path = data.split(b" ", 2)[1].decode().partition("?")[0]
    return "/" + path[2:].partition("/")[2] if path.startswith("/v1.") else path


def http_answer(body: bytes, status: str = "200 OK") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def engine(answers: dict[str, object]) -> Handler:
    """An engine that gives these answers by path: bytes are sent as they are, anything else as JSON; else 404."""
    known: dict[str, object] = {"/version": VERSION, "/info": INFO, **EMPTY, **answers}

    def handle(connection: socket.socket, stopping: threading.Event) -> None:
        while not stopping.is_set() and (path := read_request(connection)):
            answer = known.get(path)
            if isinstance(answer, bytes):
                connection.sendall(answer)
            elif answer is None:
                connection.sendall(http_answer(b'{"message":"no such thing"}', "404 Not Found"))
            else:
                connection.sendall(http_answer(json.dumps(answer).encode()))

    return handle
