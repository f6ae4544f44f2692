"""A small real web server whose every answer a test decides, for what no honest registry would say."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """A body that is a list of pieces is sent without a length, until it or the client ends."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class WebServer:
    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]


@contextlib.contextmanager
def answering(answer: Callable[[Asked], Answer]) -> Iterator[WebServer]:
    """Serve `answer` on loopback; what was asked is kept in order."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            server.asked.append(asked)
            said = answer(asked)
            with contextlib.suppress(OSError):
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                if isinstance(said.body, bytes):
                    if "Content-Length" not in said.headers:
                        self.send_header("Content-Length", str(len(said.body)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(said.body)
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                for piece in said.body:
                    self.wfile.write(piece)

        do_HEAD = do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    server = WebServer(f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        thread.join(10)
        running.server_close()
