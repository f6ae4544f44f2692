"""`plimsoll-probe serve`: answers POST /v1/document over TLS with the document of this host, read at that moment.

Exit status: 0 ended by SIGTERM or SIGINT, 1 the address cannot be listened on, 2 wrong call or unusable files.
"""

import argparse
import json
import os
import re
import select
import signal
import socket
import ssl
import sys
import threading
import time
from typing import Any, Dict, Optional, Sequence, Tuple

from scanners.probe.agent import DONE, FAILED, PORT, WRONG_CALL, SetupError, archive, say
from scanners.probe.agent.authorization import LOGGED, Failures, Nonces, delay, is_the_token, read_token
from scanners.probe.agent.collection import BusyError, Collector, FailedError, GoneError
from scanners.probe.agent.connections import Connection, Crowd, RefusedError, Request

DOCUMENT = "/v1/document"
SECONDS = 300.0
BUSY_SECONDS = 5
JOIN_SECONDS = 10.0
_NONCE = re.compile(r"[\x21-\x7e]{16,200}")
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    411: "Length Required", 413: "Content Too Large", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip


class Secrets:
    """What SIGHUP reads again: certificate, key, the CA of clients, and the token's digest (b"" without a token)."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.context = tls_context(options.certificate, options.key, options.client_ca)
        self.token = read_token(options.token_file) if options.token_file else b""


def tls_context(certificate: str, key: str, client_ca: str) -> ssl.SSLContext:
    """Raises `SetupError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if sys.version_info >= (3, 7):
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # novermin
    else:
        context.options |= ssl.OP_NO_SSLv3 | ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    # Who may renegotiate makes the server work for nothing; Python 3.6 has no name for it.
    context.options |= getattr(ssl, "OP_NO_RENEGOTIATION", 0)
    try:
        # Without a password of ours, OpenSSL would ask on the terminal for that of an encrypted key.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError:
        raise SetupError(
            f"{certificate} and {key} are not a certificate and its key, as PEM, unencrypted"
        ) from None
    except OSError as error:
        raise SetupError(f"certificate or key cannot be read: {error.strerror}") from None
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError:
            raise SetupError(f"{client_ca} holds no certificate as PEM") from None
        except OSError as error:
            raise SetupError(f"{client_ca} cannot be read: {error.strerror}") from None
    return context


class Agent:
    """The server. Raises `SetupError` when it cannot be set up."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._secrets = Secrets(options)
        self._collector = Collector(archive())
        self._nonces = Nonces()
        self._failures = Failures()
        self._crowd = Crowd()
        self._stopping = threading.Event()

    def serve(self, listener: socket.socket) -> None:
        """Answer until SIGTERM or SIGINT; SIGHUP reads certificate and token again."""
        said, heard = os.pipe()
        os.set_blocking(heard, False)
        signal.set_wakeup_fd(heard)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # the pipe tells
        say("listening on {}".format(shown(listener.getsockname())))
        try:
            while not self._stopping.is_set():
                ready = select.select([listener.fileno(), said], [], [])[0]
                if said in ready:
                    self._obey(os.read(said, 64))
                elif listener.fileno() in ready:
                    self._accept(listener)
        finally:
            listener.close()
            self._stopping.set()
            self._crowd.end()
            deadline = time.monotonic() + JOIN_SECONDS
            for thread in threading.enumerate():
                if thread is not threading.current_thread():
                    thread.join(max(0.0, deadline - time.monotonic()))
            signal.set_wakeup_fd(-1)
            os.close(said)
            os.close(heard)
        say("ended")

    def _obey(self, signals: bytes) -> None:
        if signal.SIGTERM in signals or signal.SIGINT in signals:
            self._stopping.set()
        elif signal.SIGHUP in signals:
            try:
                self._secrets = Secrets(self._options)
                say("read certificate and token again")
            except SetupError as error:
                say(f"kept the certificate and token that were in use: {error}")

    def _accept(self, listener: socket.socket) -> None:
        try:
            plain, address = listener.accept()
        except OSError as error:
            say(f"a connection could not be taken: {error.strerror}")
            self._stopping.wait(0.1)  # out of file descriptors, most likely: the next try would fail at once
            return
        connection = Connection(plain, address[0])
        if not self._crowd.enter(connection):
            plain.close()
            return
        try:
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()
        except RuntimeError:
            self._crowd.leave(connection)
            plain.close()

    def _answer(self, connection: Connection) -> None:
        secrets = self._secrets
        try:
            connection.start_tls(secrets.context)
            request = connection.request()
            self._authorize(connection, request, secrets)
            connection.send(self._response(connection, request))
        except RefusedError as error:
            if error.status and not connection.is_ended:
                send_quietly(connection, response(error.status))
        except ssl.SSLError as error:
            self._note(connection, f"no TLS connection: {error.reason or 'not TLS'}")
        except OSError:
            pass  # the client went away
        except Exception as error:
            say(f"{connection.address}: failed with {type(error).__name__}")
            send_quietly(connection, response(500))
        finally:
            connection.close()
            self._crowd.leave(connection)

    def _authorize(self, connection: Connection, request: Request, secrets: Secrets) -> None:
        """A client certificate was asked for in the handshake. Raises `RefusedError`."""
        if secrets.token:
            scheme, _, given = request.header("Authorization").partition(" ")
            is_right = is_the_token(given.strip(), secrets.token)
            if scheme.lower() != "bearer" or not is_right:
                count = self._note(connection, "refused: no token" if not given else "refused: wrong token")
                self._stopping.wait(delay(count))
                raise RefusedError(401)
        self._crowd.authorize(connection)

    def _note(self, connection: Connection, what: str) -> int:
        count = self._failures.count(connection.address)
        if count <= LOGGED:
            more = (
                "; what follows from there is not logged before a minute's pause" if count == LOGGED else ""
            )
            say(f"{connection.address}: {what}{more}")
        return count

    def _response(self, connection: Connection, request: Request) -> bytes:
        """The whole answer to who may ask. Raises `RefusedError`, and `OSError` when nobody waits for it any more."""
        if request.path != DOCUMENT:
            raise RefusedError(404)
        if request.method != "POST":
            raise RefusedError(405)
        nonce, seconds = asked(connection.body(request))
        if not self._nonces.is_new(nonce):
            say(f"{connection.address}: refused: this request was made before")
            raise RefusedError(409)
        began = time.monotonic()
        try:
            found = self._collector.document(nonce, seconds, connection.socket.fileno(), connection.is_gone)
        except BusyError:
            raise RefusedError(503) from None
        except GoneError:
            raise OSError from None
        except FailedError as error:
            say(f"{connection.address}: no document: {error}")
            return response(500, json.dumps({"error": str(error)}).encode())
        say(f"{connection.address}: {len(found)} bytes in {time.monotonic() - began:.1f} s")
        return response(200, found)


def asked(body: bytes) -> Tuple[str, float]:
    """Nonce and seconds of a request's body. Raises `RefusedError`."""
    try:
        found: Any = json.loads(body.decode("utf-8"))
        nonce, seconds = found["nonce"], found["seconds"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise RefusedError(400) from None
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise RefusedError(400)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise RefusedError(400)
    return nonce, float(min(seconds, SECONDS))


def response(status: int, body: bytes = b"") -> bytes:
    headers: Dict[str, str] = {
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
    }
    if body:
        headers["Content-Type"] = "application/json"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 405:
        headers["Allow"] = "POST"
    if status == 503:
        headers["Retry-After"] = str(BUSY_SECONDS)
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}"] + [
        f"{name}: {value}" for name, value in headers.items()
    ]
    return "\r\n".join(lines + ["", ""]).encode() + body


def send_quietly(connection: Connection, data: bytes) -> None:
    try:
        connection.send(data)
    except OSError:
        pass


def listen(text: str) -> socket.socket:
    """Listen on ADDRESS:PORT; an IPv6 address stands in brackets. Raises `SetupError`, and `OSError`."""
    host, separator, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise SetupError(f"write an IPv6 address in brackets: [{host}]:{port}")
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise SetupError(f"listen on ADDRESS:PORT, not on {text!r}")
    try:
        found = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_PASSIVE
        )
    except socket.gaierror:
        raise SetupError(f"{host} is not an IP address of this host") from None
    family, _, _, _, address = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # IPv4 too
        listener.bind(address)
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def shown(name: Any) -> str:
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="plimsoll-probe serve",
        description="Answer a Plimsoll server that asks for the document of this host, over TLS.",
        epilog="Exit status: 0 ended by a signal, 1 the address cannot be listened on, 2 wrong call or unusable files. "
        "SIGHUP reads certificate, key and token again.",
    )
    parser.add_argument(
        "--listen",
        default=f"0.0.0.0:{PORT}",
        metavar="ADDRESS:PORT",
        help="default: %(default)s; IPv6: [::]:7443",
    )
    parser.add_argument("--certificate", required=True, metavar="FILE", help="the agent's certificate, PEM")
    parser.add_argument(
        "--key", required=True, metavar="FILE", help="its private key, PEM, without a passphrase"
    )
    parser.add_argument(
        "--token-file",
        default="",
        metavar="FILE",
        help="holds the bearer token that a server must show; mode 0600",
    )
    parser.add_argument(
        "--client-ca",
        default="",
        metavar="FILE",
        help="the CA that must have signed a server's client certificate, PEM",
    )
    options = parser.parse_args(arguments)
    if not options.token_file and not options.client_ca:
        parser.error("give --token-file or --client-ca, or both, which then are both needed")
    try:
        agent = Agent(options)
        listener = listen(options.listen)
    except SetupError as error:
        say(str(error))
        return WRONG_CALL
    except OSError as error:
        say(f"cannot listen on {options.listen}: {error.strerror}")
        return FAILED
    agent.serve(listener)
    return DONE
