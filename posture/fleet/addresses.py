"""Whether a node's address and credential fit together, told field by field before anything connects."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from posture.fleet.choices import NodeKind
from scanners.oci import is_repository
from scanners.records import Credential

# Which parts of a credential each scheme uses; those it cannot do without are in `_required`.
PARTS_OF_SCHEME = {
    "unix": frozenset[str](),
    "tcp": frozenset({"ca_certificate", "client_certificate", "client_key"}),
    "ssh": frozenset({"ssh_private_key", "ssh_passphrase", "ssh_host_key"}),
    "local": frozenset[str](),
    "https": frozenset({"ca_certificate", "client_certificate", "client_key", "token"}),
}
PARTS_OF_REGISTRY = {
    "https": frozenset({"ca_certificate", "client_certificate", "client_key", "username", "password"}),
    "http": frozenset({"username", "password"}),
}
SCHEMES_OF_KIND = {
    NodeKind.DOCKER: ("unix", "tcp", "ssh"),
    NodeKind.PROBE: ("local", "ssh", "https"),
    NodeKind.REGISTRY: ("https", "http"),
}
LOCAL = "local://"  # this machine, read by the worker itself
NAMES = {
    "ca_certificate": "CA certificate",
    "client_certificate": "client certificate",
    "client_key": "client key",
    "ssh_private_key": "SSH private key",
    "ssh_passphrase": "SSH passphrase",
    "ssh_host_key": "SSH host key",
    "token": "bearer token",
    "username": "user name",
    "password": "password",
}
LONGEST_SOCKET_PATH = 107  # sun_path on Linux, without its end

_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+")
SHORTEST_TOKEN = 32
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_EXAMPLES = {
    NodeKind.DOCKER: "unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host",
    NodeKind.PROBE: "local://, ssh://user@host or https://host:7443",
    NodeKind.REGISTRY: "https://registry.example, with :port and /namespace where they are needed",
}


def kind_of(address: str) -> NodeKind:
    """The kind of node that an address means by itself: where only a host probe can be, a probe; else an engine."""
    scheme = address.strip().partition("://")[0]
    is_probe = scheme in SCHEMES_OF_KIND[NodeKind.PROBE] and scheme not in SCHEMES_OF_KIND[NodeKind.DOCKER]
    return NodeKind.PROBE if is_probe else NodeKind.DOCKER


def address_error(address: str, kind: str = NodeKind.DOCKER) -> str | None:
    """What is wrong with the address of a node of this kind; None when nothing is. Whether it may be reached is
    decided on connecting."""
    examples = _EXAMPLES[NodeKind(kind)]
    if not address.isprintable() or " " in address:
        return "An address has no spaces or control characters."
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        return f"This is not an address ({error}). Write {examples}."
    if kind == NodeKind.DOCKER and parts.scheme in ("http", "https"):
        return "Write tcp:// instead of http:// or https://; certificates decide whether it is encrypted."
    if parts.scheme not in SCHEMES_OF_KIND[NodeKind(kind)]:
        return f"Write {examples}."
    if parts.scheme == "local":
        return None if address == LOCAL else f"Write {LOCAL} and nothing else for this machine."
    if parts.password is not None:
        return "A password does not belong in an address: use a key."
    if parts.query or parts.fragment or "?" in address or "#" in address:
        return "An address has no “?” or “#”."
    if parts.scheme == "unix":
        return _unix_error(parts)
    if not parts.hostname or not (_HOST.fullmatch(parts.hostname) or _IPV6.fullmatch(parts.hostname)):
        return f"The name of the host is missing or not valid. Write {examples}."
    if port == 0:
        return "Port 0 cannot be connected to."
    if kind == NodeKind.REGISTRY:
        return _registry_error(parts)
    if parts.scheme in ("tcp", "https"):
        return _tcp_error(parts)
    if not parts.username:
        return "Say who signs in: ssh://user@host."
    return None


def _unix_error(parts: SplitResult) -> str | None:
    if parts.netloc or not parts.path.startswith("/") or parts.path == "/":
        return "Write the socket's whole path after unix://, as in unix:///var/run/docker.sock."
    if len(parts.path.encode()) > LONGEST_SOCKET_PATH:
        return f"A socket's path has at most {LONGEST_SOCKET_PATH} bytes."
    return None


def _tcp_error(parts: SplitResult) -> str | None:
    if parts.username is not None:
        return f"A {parts.scheme}:// address has no user."
    if parts.path not in ("", "/"):
        return f"A {parts.scheme}:// address has no path."
    return None


def _registry_error(parts: SplitResult) -> str | None:
    if parts.username is not None:
        return f"A {parts.scheme}:// address has no user: a registry's account goes into the credential."
    namespace = parts.path.strip("/")
    if namespace and not is_repository(namespace):
        return "After the registry's name, only the name of a namespace or repository is expected."
    return None


def credential_errors(
    address: str, credential: Credential, *, allow_plaintext: bool, kind: str = NodeKind.DOCKER
) -> dict[str, str]:
    """What is wrong with each part of the credential, for this address: {part: message}; empty when all is well.

    No message quotes a part. The address must be valid.
    """
    scheme = urlsplit(address).scheme
    is_registry = kind == NodeKind.REGISTRY
    parts = PARTS_OF_REGISTRY[scheme] if is_registry else PARTS_OF_SCHEME[scheme]
    errors = {
        name: f"A {scheme}:// address does not use this {NAMES[name]}."
        for name in credential.__struct_fields__
        if getattr(credential, name) and name not in parts
    }
    required = (
        _required_of_registry(credential)
        if is_registry
        else _required(scheme, credential, allow_plaintext=allow_plaintext)
    )
    for name, why in required.items():
        if not getattr(credential, name):
            errors[name] = why
    return (
        _tls_errors(credential)
        | _ssh_errors(credential)
        | _token_errors(credential)
        | _account_errors(credential)
        | errors
    )


def _required(scheme: str, credential: Credential, *, allow_plaintext: bool) -> dict[str, str]:
    if scheme == "ssh":
        return {
            "ssh_private_key": "ssh:// needs a private key.",
            "ssh_host_key": "Look at the host's key, compare its fingerprint and pin it.",
        }
    if scheme == "tcp":
        given = any(getattr(credential, name) for name in PARTS_OF_SCHEME["tcp"])
        if allow_plaintext and not given:
            return {}
        return {
            name: f"tcp:// needs a {NAMES[name]}"
            + ("." if given else ", or “allow plaintext”: whoever reaches that port owns the host.")
            for name in ("ca_certificate", "client_certificate", "client_key")
        }
    if scheme == "https":
        if credential.client_certificate or credential.client_key:
            return {
                "client_certificate": "There is a client key, but no certificate for it.",
                "client_key": "There is a client certificate, but no key to it.",
            }
        return {"token": "https:// needs the agent's bearer token, or a client certificate and its key."}
    return {}


def _required_of_registry(credential: Credential) -> dict[str, str]:
    required: dict[str, str] = {}
    if credential.client_certificate or credential.client_key:
        required = {
            "client_certificate": "There is a client key, but no certificate for it.",
            "client_key": "There is a client certificate, but no key to it.",
        }
    if credential.username or credential.password:
        required |= {
            "username": "There is a password, but no user name.",
            "password": "There is a user name, but no password.",
        }
    return required


def _account_errors(credential: Credential) -> dict[str, str]:
    # RFC 7617: the first colon ends the name, and neither part has control characters.
    if ":" in credential.username or not credential.username.isprintable():
        return {"username": "A user name has no colon and no control characters."}
    if not credential.password.isprintable():
        return {"password": "A password has no control characters."}
    return {}


def _token_errors(credential: Credential) -> dict[str, str]:
    token = credential.token.strip()
    if token and not _TOKEN.fullmatch(token):
        return {"token": "A bearer token has letters, digits and - . _ ~ + / only."}
    if token and len(token) < SHORTEST_TOKEN:
        return {"token": f"A bearer token has at least {SHORTEST_TOKEN} characters."}
    return {}


def _tls_errors(credential: Credential) -> dict[str, str]:
    errors: dict[str, str] = {}
    certificate = key = None
    for name in ("ca_certificate", "client_certificate"):
        if text := getattr(credential, name):
            try:
                first = x509.load_pem_x509_certificates(text.encode())[0]
            except (ValueError, UnsupportedAlgorithm):
                errors[name] = "This is not a certificate in PEM (-----BEGIN CERTIFICATE-----)."
            else:
                certificate = first if name == "client_certificate" else certificate
    if credential.client_key:
        try:
            key = serialization.load_pem_private_key(credential.client_key.encode(), password=None)
        except TypeError:
            errors["client_key"] = "This key is protected by a passphrase. Give one without."
        except (ValueError, UnsupportedAlgorithm):
            errors["client_key"] = "This is not a private key in PEM (-----BEGIN PRIVATE KEY-----)."
    if certificate is not None and key is not None and certificate.public_key() != key.public_key():
        errors["client_key"] = "This key does not belong to the client certificate."
    return errors


def _ssh_errors(credential: Credential) -> dict[str, str]:
    errors: dict[str, str] = {}
    if credential.ssh_private_key and (found := _ssh_key_error(credential)):
        part, message = found
        errors[part] = message
    if credential.ssh_passphrase and not credential.ssh_private_key:
        errors["ssh_passphrase"] = "There is no private key that this could open."
    if credential.ssh_host_key:
        try:
            host_key(credential.ssh_host_key)
        except ValueError as error:
            errors["ssh_host_key"] = str(error)
    return errors


def _ssh_key_error(credential: Credential) -> tuple[str, str] | None:
    text = credential.ssh_private_key.encode()
    is_openssh = b"BEGIN OPENSSH PRIVATE KEY" in text
    load = serialization.load_ssh_private_key if is_openssh else serialization.load_pem_private_key
    passphrase = credential.ssh_passphrase.encode() or None
    try:
        load(text, password=passphrase)
    except TypeError:
        if passphrase is None:
            return "ssh_passphrase", "This key is protected by a passphrase."
        return "ssh_passphrase", "This key has no passphrase."
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is not None:
            return "ssh_passphrase", "The key does not open with this passphrase, or is not a private key."
        return "ssh_private_key", "This is not a private key in OpenSSH's format or in PEM."
    return None


def host_key(text: str) -> tuple[str, str, str]:
    """A pinned host key's type, base64 and fingerprint ("SHA256:…", as ssh-keygen -l shows it).

    Takes "type base64", also with a comment. Raises ValueError with a sentence for the person who typed it.
    """
    words = text.split()
    if len(words) < 2:
        raise ValueError("Write the key as its type and its base64, as in “ssh-ed25519 AAAA…”.")
    kind, encoded = words[0], words[1]
    try:
        serialization.load_ssh_public_key(f"{kind} {encoded}".encode())
        blob = base64.b64decode(encoded, validate=True)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("This is not an SSH public key such as “ssh-ed25519 AAAA…”.") from None
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return kind, encoded, f"SHA256:{digest}"
