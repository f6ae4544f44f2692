"""`plimsoll-probe enrol`: registers this host as a node of a Plimsoll server, and makes what `serve` needs.

Exit status: 0 enrolled; 1 refused by the server, or it cannot be reached or trusted; 2 wrong call or unusable files.
"""

import argparse
import http.client
import ipaddress
import json
import os
import secrets
import shlex
import signal
import ssl
import sys
from typing import Any, Dict, NoReturn, Optional, Sequence
from urllib.parse import SplitResult, urlsplit

from scanners.probe import VERSION, collect
from scanners.probe.agent import DIRECTORY, DONE, FAILED, PORT, WRONG_CALL, SetupError, archive, say
from scanners.probe.agent.identity import Directory, make_certificate, read_certificate, subject
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader, printable
from scanners.probe.signals import end_by

PATH = "/api/v1/enrol"
SECONDS = 30.0
ANSWER_BYTES = 1 << 16
TOKEN_CHARACTERS = 500
NAME_CHARACTERS = 200


class RefusedError(Exception):
    """The host is not enrolled; the message says why, in one line."""


class Server:
    """The dashboard's API. Raises `SetupError` for an address that cannot be used."""

    def __init__(self, url: str, ca: str, allow_plaintext: bool) -> None:
        parts = split(url, "--server")
        if (
            parts.scheme not in ("http", "https")
            or parts.query
            or parts.fragment
            or parts.username is not None
        ):
            raise SetupError("write the server's address as https://plimsoll.example.org")
        self._host = parts.hostname or ""
        self._port = parts.port
        self._path = parts.path.rstrip("/") + PATH
        self._context: Optional[ssl.SSLContext] = None
        if parts.scheme == "https":
            try:
                self._context = ssl.create_default_context(cafile=ca or None)
            except (ssl.SSLError, OSError):
                raise SetupError(f"{ca} holds no certificate as PEM that could be read") from None
        elif not allow_plaintext and not is_loopback(self._host):
            raise SetupError(
                "without https:// anybody on the way could read the tokens: --allow-plaintext if that is meant"
            )

    def enrol(self, question: Dict[str, Any]) -> Dict[str, Any]:
        """The node that the server has made. Raises `RefusedError`."""
        connection = (
            http.client.HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._context)
            if self._context
            else http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        )
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, application/problem+json",
            "User-Agent": f"plimsoll-probe/{VERSION}",
        }
        try:
            # Proxies are not asked and redirects not followed: the tokens are for this server alone.
            connection.request("POST", self._path, json.dumps(question), headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read(ANSWER_BYTES)
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise RefusedError(
                f"the server's certificate is not trusted ({said(error)}): give its CA with --ca"
            ) from None
        except (OSError, UnicodeError) as error:
            raise RefusedError(f"the server cannot be reached: {said(error)}") from None
        except http.client.HTTPException:
            raise RefusedError("the server does not speak HTTP there") from None
        finally:
            connection.close()
        return node(status, body)


def node(status: int, body: bytes) -> Dict[str, Any]:
    """The node in the server's answer. Raises `RefusedError` with what the server says (RFC 9457)."""
    try:
        found: Any = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if status == 201:
        made = found.get("node") if isinstance(found, dict) else None
        if isinstance(made, dict) and isinstance(made.get("id"), int) and isinstance(made.get("name"), str):
            return made
        raise RefusedError(
            "the server's answer cannot be understood: is this the address of a Plimsoll server?"
        )
    detail = found.get("detail") if isinstance(found, dict) else None
    if isinstance(detail, str) and detail.strip():
        raise RefusedError(one_line(detail))
    if 300 <= status < 400:
        raise RefusedError(
            f"the server sends us elsewhere (HTTP status {status}): give the address that it leads to"
        )
    raise RefusedError(f"the server answered with HTTP status {status}")


def one_line(text: str) -> str:
    return printable(" ".join(text.split()), 500)


def said(error: Exception) -> str:
    """An error of the system in its own words."""
    return one_line(getattr(error, "verify_message", "") or getattr(error, "strerror", None) or str(error))


def split(url: str, option: str) -> SplitResult:
    """Raises `SetupError`."""
    try:
        parts = urlsplit(url)
        if not parts.hostname or parts.port == 0 or not url.isprintable() or " " in url:
            raise ValueError
    except ValueError:
        raise SetupError(f"{option} is not an address: https://host[:port]") from None
    return parts


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def agent_address(given: str, name: str) -> SplitResult:
    """Where the server will find this agent. Raises `SetupError`."""
    parts = split(given or f"https://{name}:{PORT}", "--address")
    if (
        parts.scheme != "https"
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise SetupError(f"write the agent's address as https://host:{PORT}")
    subject(parts.hostname or "")
    return parts


def read_secret(token: str, path: str) -> str:
    """The enrolment token from the call, a file, or the input (`-`). Raises `SetupError`."""
    try:
        if "-" in (token, path):
            text = sys.stdin.readline(TOKEN_CHARACTERS + 2)
        elif path:
            with open(path) as file:
                text = file.read(TOKEN_CHARACTERS + 2)
        else:
            text = token
    except (OSError, UnicodeDecodeError):
        raise SetupError("the file with the enrolment token cannot be read") from None
    text = text.strip()
    if not text or len(text) > TOKEN_CHARACTERS or not text.isprintable() or " " in text:
        raise SetupError("the enrolment token should be one word")
    return text


def enrol(options: argparse.Namespace) -> None:
    """Raises `SetupError` and `RefusedError`."""
    program = os.path.abspath(archive())
    host = collect.host(Evidence(Reader(), "/host", {}))
    name = options.name or host["name"]
    if len(name) > NAME_CHARACTERS or not name.isprintable():
        raise SetupError(f"a name has at most {NAME_CHARACTERS} printable characters")
    address = agent_address(options.address, host["name"])
    server = Server(options.server, options.ca, options.allow_plaintext)
    token = read_secret(options.token, options.token_file)
    directory = Directory(options.directory, options.force)
    if options.certificate:
        certificate, key = read_certificate(options.certificate, options.key)
    else:
        certificate, key = make_certificate(address.hostname or "")
    bearer = secrets.token_urlsafe(32)
    directory.prepare(certificate, key, bearer)
    try:
        made = server.enrol(
            {
                "token": token,
                "name": name,
                "address": f"https://{bracketed(address.hostname or '')}:{address.port or PORT}",
                "certificate": certificate,
                "bearer": bearer,
                "host": host["id"],
                "probe_version": VERSION,
            }
        )
        try:
            directory.keep()
        except OSError as error:
            raise RefusedError(
                f"the server accepted, but the files cannot be put in place: {said(error)}; delete the node there"
            ) from None
    finally:
        directory.give_up()
    tell(made, program, options.directory, address.port or PORT)


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def tell(made: Dict[str, Any], program: str, directory: str, port: int) -> None:
    words = [sys.executable, program, "unit"]
    if port != PORT:
        words += ["--listen", f"0.0.0.0:{port}"]
    if os.path.abspath(directory) != DIRECTORY:
        words += ["--directory", os.path.abspath(directory)]
    unit = "/etc/systemd/system/plimsoll-probe.service"
    text = (
        f"Enrolled as node {made['id']}, {one_line(made['name'])}. To start the agent, now and at every boot:\n"
        f"  {' '.join(shlex.quote(word) for word in words)} > {unit}\n"
        "  systemctl daemon-reload && systemctl enable --now plimsoll-probe\n"
    )
    encoding = sys.stdout.encoding or "ascii"  # a node's name may hold what the terminal has no letter for
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


class Parser(argparse.ArgumentParser):
    """Never repeats what it does not understand: that may be a token."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        is_safe = not any(word in message for word in ("unrecognized", "explicit"))
        self.exit(WRONG_CALL, f"{self.prog}: {message if is_safe else 'a word of the call is not known'}\n")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = Parser(
        prog="plimsoll-probe enrol",
        allow_abbrev=False,
        description="Register this host as a node of a Plimsoll server, and make key, certificate and token for serve.",
        epilog="Exit status: 0 enrolled; 1 refused by the server, or it cannot be reached or trusted; 2 wrong call or "
        "unusable files. Nothing is written unless the server accepts.",
    )
    parser.add_argument("--server", required=True, metavar="URL", help="the Plimsoll server, https://...")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--token",
        default="",
        help="the enrolment token made there, or - to read it from the input; the list of processes shows it to others",
    )
    source.add_argument(
        "--token-file", default="", metavar="FILE", help="holds the enrolment token; - is the input"
    )
    parser.add_argument(
        "--address",
        default="",
        metavar="URL",
        help=f"where the server finds this agent; default: https://HOSTNAME:{PORT}",
    )
    parser.add_argument("--name", default="", help="the node's name; default: the host name")
    parser.add_argument(
        "--ca", default="", metavar="FILE", help="the CA of the server's certificate; default: the system's"
    )
    parser.add_argument(
        "--certificate", default="", metavar="FILE", help="use this instead of a new one, PEM"
    )
    parser.add_argument("--key", default="", metavar="FILE", help="its private key, PEM")
    parser.add_argument(
        "--directory",
        default=DIRECTORY,
        metavar="DIR",
        help="where the agent's files go; default: %(default)s",
    )
    parser.add_argument("--force", action="store_true", help="replace the files of an earlier enrolment")
    parser.add_argument(
        "--allow-plaintext", action="store_true", help="let the server be http:// off this machine"
    )
    options = parser.parse_args(arguments)
    if bool(options.certificate) != bool(options.key):
        parser.error("give --certificate and --key together")
    end_by(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        enrol(options)
    except SetupError as error:
        say(str(error))
        return WRONG_CALL
    except RefusedError as error:
        say(f"not enrolled: {error}")
        return FAILED
    return DONE
