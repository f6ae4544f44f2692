"""How bytes reach an engine: a unix socket, TCP with TLS, or a channel of an SSH connection, as one requests adapter."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import requests.adapters
import urllib3
from urllib3.connection import HTTPConnection

from scanners.connectors.address import NodeAddress, ResolvedAddress
from scanners.connectors.guard import Guard, GuardedSocket, tls_error
from scanners.records import Credential, NodeError

Dial = Callable[[], GuardedSocket]


class EngineAdapter(requests.adapters.HTTPAdapter):
    """Sends every request of a session over the connection that `dial` opens, whatever host the URL names."""

    def __init__(self, dial: Dial) -> None:
        self._pool = _EnginePool(dial)
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        return str(request.path_url)

    def close(self) -> None:
        self._pool.close()
        super().close()


class _EnginePool(urllib3.HTTPConnectionPool):
    def __init__(self, dial: Dial) -> None:
        super().__init__("localhost", maxsize=1)
        self._dial = dial

    def _new_conn(self) -> Any:
        return _EngineConnection(self._dial)


class _EngineConnection(HTTPConnection):
    def __init__(self, dial: Dial) -> None:
        super().__init__("localhost")
        self._dial = dial

    def connect(self) -> None:
        self.sock = self._dial()


class ItemConnection(http.client.HTTPConnection):
    """One kept-alive connection for the many small answers of a pull, where the layers above urllib3 cost most time."""

    def __init__(self, dial: Dial) -> None:
        super().__init__("localhost")
        self._dial = dial

    def connect(self) -> None:
        # http.client asks of its socket only what a GuardedSocket has.
        self.sock: Any = self._dial()


def dial_unix(address: NodeAddress, guard: Guard) -> GuardedSocket:
    """Open a unix socket. Raises `NodeError` `permission_denied`, `unreachable` or `refused`."""
    path = address.socket_path
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(guard.connect_seconds())
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise _unix_error(error, path) from None
    return GuardedSocket(connection, guard)


def _unix_error(error: OSError, path: str) -> NodeError:
    if isinstance(error, PermissionError):
        return NodeError(
            "permission_denied",
            f"This program may not open {path}.",
            "Add its user to the group that owns the socket (usually docker).",
        )
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NodeError("unreachable", f"There is no socket {path}.", "Is the engine installed and running?")
    if isinstance(error, TimeoutError):
        return NodeError("timeout", f"Nothing answers on {path}.", "Does the engine hang?")
    return NodeError("refused", f"Nothing listens on {path}.", "Is the engine running?")


def connect_tcp(address: NodeAddress, resolved: Sequence[ResolvedAddress], guard: Guard) -> socket.socket:
    """Connect to the first answering one of the addresses that were checked.

    Raises `NodeError` `refused`, `timeout` or `unreachable`.
    """
    failure: OSError | None = None
    for candidate in resolved:
        connection = socket.socket(candidate.family, socket.SOCK_STREAM)
        connection.settimeout(guard.connect_seconds())
        try:
            connection.connect(candidate.target)
        except OSError as error:
            connection.close()
            failure = error
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
    where = f"{address.host} port {address.port}"
    if isinstance(failure, ConnectionRefusedError):
        raise NodeError(
            "refused", f"{where} refuses the connection.", "Is the port right, and the engine running?"
        )
    if isinstance(failure, TimeoutError):
        raise NodeError("timeout", f"{where} does not answer.", "Is the host up, and no firewall between?")
    raise NodeError(
        "unreachable", f"{where} cannot be reached.", "Is the host up, and the network connected?"
    )


def tcp_dialer(
    address: NodeAddress,
    resolved: Sequence[ResolvedAddress],
    credential: Credential,
    guard: Guard,
    plaintext: bool,
    *,
    trusts_system: bool = False,
) -> Dial:
    """A function that opens a TCP connection, with TLS unless `plaintext`. The certificates are read once, here.

    `trusts_system` as in `tls_context`.
    """
    context = None if plaintext else tls_context(credential, trusts_system=trusts_system)

    def dial() -> GuardedSocket:
        connection = connect_tcp(address, resolved, guard)
        if context is None:
            return GuardedSocket(connection, guard)
        # CPython counts this timeout over the whole handshake, so a slow server cannot stretch it.
        connection.settimeout(guard.connect_seconds())
        try:
            return GuardedSocket(context.wrap_socket(connection, server_hostname=address.host), guard)
        except TimeoutError:
            connection.close()
            raise NodeError(
                "timeout",
                "The node does not finish the TLS handshake.",
                "Does the port belong to the engine?",
            ) from None
        except ssl.SSLError as error:
            connection.close()
            raise tls_error(error) from None
        except OSError:
            connection.close()
            raise NodeError(
                "tls_mismatch",
                "The node closed the connection during the TLS handshake.",
                "Is the engine listening with --tlsverify on this port?",
            ) from None

    return dial


def tls_context(credential: Credential, *, trusts_system: bool = False) -> ssl.SSLContext:
    """A client context that always verifies the node: against the credential's CA, else against the system's.

    `trusts_system` verifies against both, for hosts that a node only points to. Raises `NodeError` `tls_untrusted`
    for an unreadable CA, `tls_client_refused` for an unreadable pair of certificate and key.
    """
    ca = credential.ca_certificate
    try:
        context = ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError):
        raise NodeError(
            "tls_untrusted",
            "The CA certificate cannot be read.",
            "It should be PEM: -----BEGIN CERTIFICATE-----.",
        ) from None
    if ca and trusts_system:
        context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca:
        # Who gives a certificate trusts it, also one that is no CA's: that is how a node's own is pinned.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not credential.client_certificate and not credential.client_key:
        return context
    # The ssl module takes the pair from files only; they exist while it reads them, for this user alone.
    with tempfile.TemporaryDirectory(prefix="plimsoll-") as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        for path, text in ((certificate, credential.client_certificate), (key, credential.client_key)):
            path.touch(mode=0o600)
            path.write_text(text)
        try:
            context.load_cert_chain(certificate, key, password=_no_passphrase)
        except (ssl.SSLError, ValueError, OSError):
            raise NodeError(
                "tls_client_refused",
                "Client certificate and key cannot be read, or do not belong together.",
                "Both should be PEM, and the key without a passphrase.",
            ) from None
    return context


def _no_passphrase() -> str:
    """Without this, OpenSSL would ask on the terminal for the passphrase of an encrypted key."""
    return ""


def close_quietly(closeable: Any) -> None:
    with contextlib.suppress(OSError, EOFError):
        closeable.close()
