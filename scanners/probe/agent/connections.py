"""Connections of clients, each bounded in time and size; and the crowd of them, which nobody can fill alone."""

import io
import socket
import ssl
import threading
import time
from http.client import HTTPException, parse_headers
from typing import Dict, List, Optional

MOST = 16
ASK_SECONDS = 10.0  # for the handshake and the whole request
SEND_SECONDS = 60.0
LINGER_SECONDS = 1.0
HEAD_BYTES = 8192
BODY_BYTES = 4096
_MOST_HEADERS = 50


class RefusedError(Exception):
    """The request is not taken; `status` is that of HTTP, 0 when there is nobody to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request:
    """What was asked. A header that was given twice counts as not given."""

    def __init__(self, method: str, path: str, headers: Dict[str, List[str]], begun: bytes) -> None:
        self.method = method
        self.path = path
        self.begun = begun  # what came of the body with the head
        self._headers = headers

    def header(self, name: str) -> str:
        values = self._headers.get(name.lower(), [])
        return values[0] if len(values) == 1 else ""


class Connection:
    """One client. `is_authorized` once it has shown that it may ask; until then it may be ended for another one."""

    def __init__(self, plain: socket.socket, address: str) -> None:
        self.socket = plain
        self.address = address
        self.is_authorized = False
        self.is_ended = False
        self.began = time.monotonic()
        self._deadline = self.began + ASK_SECONDS

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Raises `ssl.SSLError` and `OSError`."""
        self.socket.settimeout(self._seconds_left())
        # The handshake is a step of its own: another thread can end the connection only once it is known here.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        if self.is_ended:
            raise RefusedError(0)
        self.socket.do_handshake()

    def request(self) -> Request:
        """The head of the request. Raises `RefusedError`."""
        head = b""
        while b"\r\n\r\n" not in head:
            if len(head) > HEAD_BYTES:
                raise RefusedError(431)
            head += self._receive()
        head, _, begun = head.partition(b"\r\n\r\n")
        if len(head) > HEAD_BYTES:
            raise RefusedError(431)
        line, _, rest = head.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise RefusedError(400)
        try:
            parsed = parse_headers(io.BytesIO(rest + b"\r\n\r\n"))
        except HTTPException:
            raise RefusedError(431) from None
        headers: Dict[str, List[str]] = {}
        for name, value in parsed.items():
            headers.setdefault(name.lower(), []).append(str(value).strip())
        if len(parsed) > _MOST_HEADERS:
            raise RefusedError(431)
        return Request(words[0], words[1], headers, begun)

    def body(self, request: Request) -> bytes:
        """The body of the request. Raises `RefusedError`."""
        length = request.header("Content-Length")
        if not length.isdecimal() or request.header("Transfer-Encoding"):
            raise RefusedError(411)
        if len(length) > 9 or int(length) > BODY_BYTES:
            raise RefusedError(413)
        body = request.begun
        while len(body) < int(length):
            body += self._receive()
        return body[: int(length)]

    def _receive(self) -> bytes:
        self.socket.settimeout(self._seconds_left())
        try:
            piece = self.socket.recv(4096)
        except OSError:
            raise RefusedError(0) from None
        if not piece:
            raise RefusedError(0)
        return piece

    def _seconds_left(self) -> float:
        """Counted over the whole request: a byte now and then stretches nothing."""
        left = self._deadline - time.monotonic()
        if left <= 0 or self.is_ended:
            raise RefusedError(0)
        return left

    def is_gone(self) -> bool:
        """Whether the client has hung up, or speaks when it should listen; asked when there is something to read."""
        self.socket.settimeout(0)
        try:
            self.socket.recv(1)
        except ssl.SSLWantReadError:
            return False  # a word of TLS itself
        except OSError:
            return True
        return True

    def send(self, data: bytes) -> None:
        """Raises `OSError`."""
        self.socket.settimeout(SEND_SECONDS)
        self.socket.sendall(data)

    def close(self) -> None:
        """Close without cutting off the answer: unread words of the client would make the kernel throw it away."""
        # Below TLS: what the client still sends is of no interest.
        try:
            socket.socket.shutdown(self.socket, socket.SHUT_WR)
            deadline = time.monotonic() + LINGER_SECONDS
            while not self.is_ended:
                self.socket.settimeout(max(0.01, deadline - time.monotonic()))
                if not socket.socket.recv(self.socket, 65536) or time.monotonic() > deadline:
                    break
        except OSError:
            pass
        self.socket.close()

    def end(self) -> None:
        """End it from another thread, which wakes the one that waits for it."""
        self.is_ended = True
        try:
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            pass


class Crowd:
    """All open connections. When one too many comes, an old one that has shown nothing yet makes room for it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._all: List[Connection] = []
        self._lock = threading.Lock()

    def enter(self, connection: Connection) -> bool:
        """Whether there is room for it."""
        with self._lock:
            alive = [one for one in self._all if not one.is_ended]
            if len(alive) >= self._most:
                victim = self._victim(alive)
                if victim is None or len(self._all) >= 2 * self._most:
                    return False
                victim.end()
            self._all.append(connection)
            return True

    @staticmethod
    def _victim(alive: List[Connection]) -> Optional[Connection]:
        """The oldest of the address that has most: a single client cannot push others out."""
        waiting = [one for one in alive if not one.is_authorized]
        if not waiting:
            return None
        counts: Dict[str, int] = {}
        for one in waiting:
            counts[one.address] = counts.get(one.address, 0) + 1
        return max(waiting, key=lambda one: (counts[one.address], -one.began))

    def authorize(self, connection: Connection) -> None:
        with self._lock:
            connection.is_authorized = True

    def leave(self, connection: Connection) -> None:
        with self._lock:
            self._all.remove(connection)

    def end(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.end()
