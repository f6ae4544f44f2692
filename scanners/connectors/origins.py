"""Asking a server and those that it points to, as one task: every host is checked first, and each keeps its connection.

A registry answers blobs with a redirect to a store and names another host for tokens. Each of them is an origin
(scheme, host, port) of its own: its address is checked like a node's, and what belongs to one is not sent to another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from urllib.parse import urljoin, urlsplit

from scanners.connectors.address import NodeAddress, check_address
from scanners.connectors.guard import Guard
from scanners.connectors.session import Options
from scanners.connectors.transport import ItemConnection, tcp_dialer
from scanners.records import Credential, NodeError, Record

CHUNK_BYTES = 65536
MOST_REDIRECTS = 5
MOST_ORIGINS = 16
_PORTS = {"https": 443, "http": 80}
_REDIRECTS = (301, 302, 303, 307, 308)

# The transport's advice is about engines.
_HINTS = {
    "refused": "Is the port right, and the registry running?",
    "timeout": "Is the registry overloaded, or a firewall between?",
    "tls_untrusted": "Give the CA certificate that signed the registry's, and use a name that its certificate holds.",
    "tls_client_refused": "The registry wants a client certificate: give one and its key.",
    "tls_mismatch": "Is this the port that the registry speaks HTTPS on?",
}


class Origin(Record, frozen=True, kw_only=True):
    """Scheme, host and port of a URL: what may be told the same secrets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The host as a Host header and an image's name have it: without the port that its scheme implies."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


class Target(Record, frozen=True, kw_only=True):
    """A URL taken apart: where to, and what to ask for there."""

    origin: Origin
    path: str  # with its query


class Reply:
    """An answer whose body is still to be read, or discarded, before the next question to the same origin."""

    def __init__(self, target: Target, response: HTTPResponse, connection: ItemConnection) -> None:
        self.target = target
        self.status = response.status
        self._response = response
        self._connection = connection

    def header(self, name: str) -> str:
        return (self._response.headers.get(name) or "").strip()

    def headers(self, name: str) -> list[str]:
        return self._response.headers.get_all(name) or []

    def read(self, limit: int) -> bytes:
        """The whole body. Raises `NodeError` `too_large` when it is longer than `limit` bytes."""
        announced = self._response.length
        if announced is None or announced <= limit:
            pieces: list[bytes] = []
            size = 0
            for piece in self.stream():
                size += len(piece)
                if size > limit:
                    break
                pieces.append(piece)
            else:
                return b"".join(pieces)
        self.discard()
        raise NodeError(
            "too_large",
            f"{self.target.origin.host} answers with more than {limit} bytes where less is expected.",
            "The limit can be raised on the node.",
        )

    def stream(self) -> Iterator[bytes]:
        """The body in pieces. Raises `NodeError` when it ends too early."""
        announced, size = self._response.length, 0
        try:
            while piece := self._response.read(CHUNK_BYTES):
                size += len(piece)
                yield piece
        except (HTTPException, OSError):
            self.discard()
            raise _broken(self.target.origin) from None
        except GeneratorExit:
            self.discard()
            raise
        if announced is not None and size < announced:
            self.discard()
            raise _broken(self.target.origin)

    def discard(self) -> None:
        """Give up the rest of the body, and its connection with it."""
        self._connection.close()

    def finish(self) -> None:
        """Be done with a short body that nobody wants, keeping the connection where that is cheap."""
        if self._response.length is None or self._response.length > CHUNK_BYTES:
            self.discard()
            return
        for _ in self.stream():
            pass


class Origins:
    """The open connections of one task. `home` is the server itself: only it is told the client certificate."""

    def __init__(self, home: Origin, credential: Credential, options: Options, guard: Guard) -> None:
        self.home = home
        self._credential = credential
        self._abroad = Credential(ca_certificate=credential.ca_certificate)
        self._options = options
        self._guard = guard
        self._connections: dict[Origin, ItemConnection] = {}
        self._used: set[Origin] = set()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def target(self, url: str, base: Target | None = None) -> Target:
        """A URL that a server gave, relative to what was asked. Raises `NodeError` for one that may not be followed."""
        try:
            absolute = urljoin(f"{base.origin}{base.path}", url) if base is not None else url
            parts = urlsplit(absolute)
            port = parts.port
        except ValueError:
            raise _bad_url("it cannot be read") from None
        if not parts.hostname or parts.username is not None or parts.password is not None:
            raise _bad_url("it has no host, or a user")
        if any(ord(character) < 33 or ord(character) > 126 for character in absolute):
            raise _bad_url("it has characters that no URL has")
        if parts.scheme != "https" and (parts.scheme != "http" or self.home.scheme != "http"):
            raise _bad_url("it is not https")
        origin = Origin(scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme])
        return Target(origin=origin, path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    def ask(self, target: Target, headers: Mapping[str, str], method: str = "GET", secret: str = "") -> Reply:
        """Ask, and follow redirects. `secret` is the Authorization header, which goes to `target`'s origin alone.

        Raises `NodeError`: of the address, of the connection, or `redirect_loop`.
        """
        first = target.origin
        for _ in range(MOST_REDIRECTS + 1):
            sent = {**headers, "Host": target.origin.authority, "User-Agent": "plimsoll"}
            if target.origin != first:
                secret = ""  # and not again, should the way lead back
            if secret:
                sent["Authorization"] = secret
            reply = self._asked(target, sent, method)
            location = reply.header("Location")
            if reply.status not in _REDIRECTS or not location:
                return reply
            reply.finish()
            target = self.target(location, target)
        raise NodeError(
            "redirect_loop",
            f"{first.host} sends us from one address to the next.",
            "Is it behind a broken proxy?",
        )

    def _asked(self, target: Target, headers: dict[str, str], method: str) -> Reply:
        origin = target.origin
        while True:
            self._guard.check()
            connection = self._connection(origin)
            may_be_stale = origin in self._used and connection.sock is not None
            try:
                connection.request(method, target.path, headers=headers)
                response = connection.getresponse()
            except NodeError as error:
                connection.close()
                raise NodeError(error.code, error.message, _HINTS.get(error.code, error.hint)) from None
            except (HTTPException, OSError):
                connection.close()
                if may_be_stale:  # it may have been closed just when it was used again
                    continue
                raise self._speechless(origin) from None
            except ValueError:
                raise _bad_url("it has characters that no request has") from None
            self._used.add(origin)
            return Reply(target, response, connection)

    def _connection(self, origin: Origin) -> ItemConnection:
        if origin not in self._connections:
            if len(self._connections) >= MOST_ORIGINS:
                raise NodeError(
                    "redirect_loop",
                    f"{self.home.host} points to more than {MOST_ORIGINS} other servers.",
                    "",
                )
            address = NodeAddress(scheme=origin.scheme, host=origin.host, port=origin.port)
            at_home = origin == self.home
            dial = tcp_dialer(
                address,
                check_address(address, self._options.denied_networks),
                self._credential if at_home else self._abroad,
                self._guard,
                plaintext=origin.scheme == "http",
                trusts_system=not at_home,
            )
            self._connections[origin] = ItemConnection(dial)
        return self._connections[origin]

    def _speechless(self, origin: Origin) -> NodeError:
        if origin in self._used:
            return _broken(origin)
        return NodeError(
            "not_a_registry",
            f"{origin.host} does not speak HTTP on port {origin.port}, or hangs up without an answer.",
            "Check host, port and scheme.",
        )


def _broken(origin: Origin) -> NodeError:
    return NodeError(
        "unreachable", f"{origin.host} broke the connection in the middle of an answer.", "Was it restarted?"
    )


def _bad_url(why: str) -> NodeError:
    return NodeError("malformed", f"The registry points to a URL that is not followed: {why}.", "")
