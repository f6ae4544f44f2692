"""Where a node is: parsing and checking of `unix://`, `tcp://`, `ssh://` and `https://` addresses before anything is opened."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from scanners.records import NodeError

DEFAULT_SOCKET = "/var/run/docker.sock"
SSH_PORT = 22
TLS_PORT = 2376
AGENT_PORT = 7443

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# Link-local networks carry the metadata services of clouds, which hand out credentials to whoever asks.
ALWAYS_DENIED: tuple[IPNetwork, ...] = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::254/128"),
)
# RFC 6052: the last four bytes of such an address are an IPv4 address.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class NodeAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed address. `host` and `port` are empty for `unix`; `socket_path` is empty for `tcp` and `https`."""

    scheme: str  # unix, tcp, ssh, https (an agent of the host probe)
    host: str = ""
    port: int = 0
    user: str = ""
    socket_path: str = ""

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix://{self.socket_path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        return f"{self.scheme}://{user}{host}:{self.port}{self.socket_path if self.scheme == 'ssh' else ''}"


class ResolvedAddress(msgspec.Struct, frozen=True):
    """One allowed target: what `socket.socket` and `connect` need. Connecting to it asks no name server again."""

    family: int
    target: tuple[str, int]


def parse_address(address: str) -> NodeAddress:
    """Read an address: `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host:22/run/docker.sock`, or
    `https://host:7443` of an agent.

    Raises `NodeError` `address_invalid` naming what is wrong.
    """
    text = address.strip()
    if any(character.isspace() or ord(character) < 32 for character in text):
        raise _invalid("it holds blanks or control characters")
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise _invalid("it has no scheme")
    if scheme == "unix":
        path = rest if rest.startswith("/") else ""
        if not path or "\x00" in path:
            raise _invalid("after unix:// an absolute path is needed")
        if len(path.encode()) > 107:
            raise _invalid("the path of a unix socket may have at most 107 bytes")
        return NodeAddress(scheme="unix", socket_path=path)
    if scheme not in ("tcp", "ssh", "https"):
        raise _invalid(f"the scheme {scheme[:20]!r} is not known")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _invalid("host or port cannot be read") from None
    if not host:
        raise _invalid("it names no host")
    if parts.password is not None:
        raise _invalid("a password does not belong in an address")
    if parts.query or parts.fragment or port == 0:
        raise _invalid("it holds more than host, port and path")
    if scheme in ("tcp", "https"):
        if parts.username or parts.path.strip("/"):
            raise _invalid(f"after {scheme}:// only host and port are expected")
        return NodeAddress(
            scheme=scheme, host=host, port=port or (TLS_PORT if scheme == "tcp" else AGENT_PORT)
        )
    if not parts.username:
        raise _invalid("after ssh:// a user is needed")
    path = parts.path if parts.path not in ("", "/") else DEFAULT_SOCKET
    return NodeAddress(scheme="ssh", host=host, port=port or SSH_PORT, user=parts.username, socket_path=path)


def _invalid(reason: str) -> NodeError:
    return NodeError(
        "address_invalid",
        f"The address is not usable: {reason}.",
        "Use unix:///path/to/docker.sock, tcp://host:2376 or ssh://user@host[:port][/path/to/docker.sock]; "
        "https://host[:7443] for an agent of the host probe.",
    )


def check_address(address: NodeAddress, denied_networks: Iterable[str] = ()) -> tuple[ResolvedAddress, ...]:
    """Resolve a `tcp`, `ssh` or `https` address and refuse it when any answer lies in a denied network.

    `denied_networks` are CIDRs on top of `ALWAYS_DENIED`. The answers are what must be connected to: a second look-up
    could answer differently. Raises `NodeError` `name_not_found` or `address_denied`; `unix` gives no answers.
    """
    if address.scheme == "unix":
        return ()
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise NodeError(
            "name_not_found",
            f"The name {address.host} cannot be resolved.",
            "Check the spelling, and that this machine's name server knows the host.",
        ) from None
    denied = (*ALWAYS_DENIED, *(ipaddress.ip_network(network, strict=False) for network in denied_networks))
    resolved: list[ResolvedAddress] = []
    for family, _, _, _, target in found:
        number = _plain(ipaddress.ip_address(str(target[0]).partition("%")[0]))
        if (
            number.is_unspecified
            or number.is_multicast
            or any(_contains(network, number) for network in denied)
        ):
            raise NodeError(
                "address_denied",
                f"{address.host} is {number}, which lies in a network that may not be asked.",
                "Link-local and metadata addresses are always refused; others are denied in the settings.",
            )
        entry = ResolvedAddress(int(family), (str(target[0]), int(target[1])))
        if entry not in resolved:
            resolved.append(entry)
    return tuple(resolved)


def _plain(
    number: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside a mapped or translated IPv6 address, so that no spelling passes a deny rule."""
    if isinstance(number, ipaddress.IPv6Address):
        if number.ipv4_mapped is not None:
            return number.ipv4_mapped
        if number in _TRANSLATED:
            return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number


def _contains(network: IPNetwork, number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return network.version == number.version and number in network
