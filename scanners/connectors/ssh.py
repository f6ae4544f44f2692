"""An engine's socket over SSH: the host key is compared with the pinned one before anything is sent.

The socket is reached by OpenSSH's `direct-streamlocal@openssh.com` channel (PROTOCOL in OpenSSH's sources, section
2.4), and where the server does not forward sockets, by `docker system dial-stdio` on the host.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shlex
from collections.abc import Iterable
from typing import Any

import paramiko  # type: ignore[import-untyped]
from cryptography.exceptions import UnsupportedAlgorithm

from scanners.connectors.address import NodeAddress, check_address, parse_address
from scanners.connectors.guard import CONNECT_SECONDS, Guard, GuardedSocket
from scanners.connectors.transport import close_quietly, connect_tcp
from scanners.records import Credential, Limits, NodeError

_SLICE_SECONDS = 0.25
_COMPLAINT_BYTES = 4000
_STREAMLOCAL = "direct-streamlocal@openssh.com"
_KEY_CLASSES: tuple[Any, ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class _StreamlocalTransport(paramiko.Transport):
    """Adds to the open message of a socket channel what paramiko does not write: path and two reserved fields."""

    socket_path = ""

    def _send_user_message(self, data: Any) -> None:
        message = data.asbytes()
        kind = _STREAMLOCAL.encode()
        if message[:1] == b"\x5a" and message[5 : 5 + len(kind)] == kind:  # SSH_MSG_CHANNEL_OPEN
            data.add_string(self.socket_path)
            data.add_string("")
            data.add_int(0)
        super()._send_user_message(data)


def fingerprint(key: bytes) -> str:
    """A host key's fingerprint as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def scan_ssh_host_key(
    address: str, *, denied_networks: Iterable[str] = (), seconds: float = CONNECT_SECONDS
) -> tuple[str, str, str]:
    """The key that the host shows now: its type, base64, and SHA-256 fingerprint, for a person to compare and pin.

    Nothing is sent that needs trust. Raises `NodeError`.
    """
    parsed = parse_address(address)
    if parsed.scheme != "ssh":
        raise NodeError("address_invalid", "Only ssh:// addresses have a host key.", "")
    guard = Guard(Limits(seconds=seconds), lambda: False)
    transport = _start(parsed, denied_networks, guard, preferred="")
    try:
        key = transport.get_remote_server_key()
        return key.get_name(), key.get_base64(), fingerprint(key.asbytes())
    finally:
        close_quietly(transport)


class SshTunnel:
    """An authenticated SSH connection to a host whose key is pinned; `dial` opens the engine's socket through it."""

    def __init__(
        self, address: NodeAddress, credential: Credential, denied_networks: Iterable[str], guard: Guard
    ) -> None:
        pinned_type, pinned_key = _pinned(credential.ssh_host_key)
        key = _private_key(credential)
        self._address = address
        self._guard = guard
        self._transport = _start(address, denied_networks, guard, preferred=pinned_type)
        try:
            _compare(self._transport.get_remote_server_key(), pinned_type, pinned_key)
            self._authenticate(key)
        except BaseException:
            self.close()
            raise

    def _authenticate(self, key: paramiko.PKey) -> None:
        self._transport.auth_timeout = self._guard.connect_seconds()
        try:
            self._transport.auth_publickey(self._address.user, key)
        except paramiko.AuthenticationException:
            raise NodeError(
                "ssh_auth",
                f"The host does not accept this key for the user {self._address.user}.",
                "Add the public key to the user's authorized_keys on the host.",
            ) from None
        except (paramiko.SSHException, OSError, EOFError):
            raise NodeError("unreachable", "The SSH connection broke during the log-in.", "") from None
        if not self._transport.is_authenticated():
            raise NodeError(
                "ssh_auth", "The host asks for more than a key.", "Allow log-in by key alone for this user."
            )

    def dial(self) -> GuardedSocket:
        """Open the engine's socket on the host. Raises `NodeError`."""
        self._transport.socket_path = self._address.socket_path
        seconds = self._guard.connect_seconds()
        try:
            channel = self._transport.open_channel(_STREAMLOCAL, timeout=seconds)
        except paramiko.ChannelException:
            return self._dial_command()
        except (paramiko.SSHException, OSError, EOFError):
            raise NodeError("unreachable", "The SSH connection broke.", "") from None
        return GuardedSocket(channel, self._guard)

    def _dial_command(self) -> GuardedSocket:
        path = self._address.socket_path
        try:
            channel = self._transport.open_session(timeout=self._guard.connect_seconds())
            channel.settimeout(self._guard.connect_seconds())
            channel.exec_command(f"docker -H {shlex.quote('unix://' + path)} system dial-stdio")
        except (paramiko.SSHException, OSError, EOFError):
            raise NodeError(
                "permission_denied",
                f"The host forwards neither {path} nor runs a command for this user.",
                "Allow AllowStreamLocalForwarding in sshd_config, or install the docker command for the user.",
            ) from None

        def explain(first: bytes) -> None:
            if first:
                raise NodeError(
                    "permission_denied",
                    f"The host forwards no connection to {path} for the user {self._address.user}, and its shell "
                    "answered instead of the docker command.",
                    "Add the user to the group that owns the socket (usually docker). A user without a login shell "
                    "needs AllowStreamLocalForwarding; a shell's start-up files must print nothing.",
                )
            said = channel.recv_stderr(4000).decode("utf-8", "replace").lower()
            if "permission denied" in said:
                raise NodeError(
                    "permission_denied",
                    f"The user {self._address.user} may not open {path} on the host.",
                    "Add the user to the group that owns the socket (usually docker).",
                )
            if "not found" in said and "docker" in said and path not in said:
                raise NodeError(
                    "unreachable",
                    f"{path} cannot be opened on the host, and the docker command is not there to help.",
                    "Check the socket's path and rights, and that sshd allows AllowStreamLocalForwarding.",
                )
            raise NodeError(
                "unreachable", f"Nothing answers on {path} on the host.", "Is the engine running there?"
            )

        return GuardedSocket(channel, self._guard, explain)

    def execute(self, command: str, given: bytes) -> tuple[int, bytes, str]:
        """Run a command that reads `given`; returns (exit status, what it wrote, the end of what it complained).

        Raises `NodeError` when the guard's time, bytes or patience are over, or the connection breaks.
        """
        written: list[bytes] = []
        complaint = b""
        try:
            channel = self._transport.open_session(timeout=self._guard.connect_seconds())
            channel.settimeout(_SLICE_SECONDS)
            channel.exec_command(command)
            while True:
                self._guard.check()
                while channel.recv_stderr_ready():
                    complaint = (complaint + channel.recv_stderr(4096))[-_COMPLAINT_BYTES:]
                if given and channel.send_ready():
                    given = given[channel.send(given[:32768]) :]
                    if not given:
                        channel.shutdown_write()
                    continue
                try:
                    piece = channel.recv(65536)
                except TimeoutError:
                    continue
                if not piece:
                    break
                self._guard.received += len(piece)
                written.append(piece)
            while not channel.exit_status_ready():
                self._guard.check()
                channel.status_event.wait(_SLICE_SECONDS)
            while channel.recv_stderr_ready():
                complaint = (complaint + channel.recv_stderr(4096))[-_COMPLAINT_BYTES:]
        except (paramiko.SSHException, OSError, EOFError):
            raise NodeError("unreachable", "The SSH connection broke.", "") from None
        return channel.recv_exit_status(), b"".join(written), complaint.decode("utf-8", "replace")

    def close(self) -> None:
        close_quietly(self._transport)


def _start(
    address: NodeAddress, denied_networks: Iterable[str], guard: Guard, *, preferred: str
) -> _StreamlocalTransport:
    connection = connect_tcp(address, check_address(address, denied_networks), guard)
    seconds = guard.connect_seconds()
    try:
        transport = _StreamlocalTransport(connection)
    except (paramiko.SSHException, OSError, EOFError):
        connection.close()
        raise _not_ssh(address) from None
    transport.banner_timeout = seconds
    options = transport.get_security_options()
    wanted = _host_key_algorithms(preferred)
    options.key_types = sorted(options.key_types, key=lambda name: name not in wanted)
    try:
        transport.start_client(timeout=seconds)
    except (paramiko.SSHException, OSError, EOFError):
        transport.close()
        raise _not_ssh(address) from None
    return transport


def _not_ssh(address: NodeAddress) -> NodeError:
    return NodeError(
        "unreachable",
        f"{address.host} port {address.port} does not answer as an SSH server.",
        "Is the port right, and sshd running?",
    )


def _host_key_algorithms(key_type: str) -> tuple[str, ...]:
    """The signature algorithms of a key type: an RSA key signs by SHA-2 today (RFC 8332)."""
    return ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa") if key_type == "ssh-rsa" else (key_type,)


def _pinned(text: str) -> tuple[str, bytes]:
    parts = text.split()
    if not parts:
        raise NodeError(
            "ssh_host_key",
            "No host key is pinned for this node.",
            "Look at the host's key, compare it on the host with ssh-keygen -lf, and pin it.",
        )
    try:
        return parts[0], base64.b64decode(parts[1], validate=True)
    except (IndexError, ValueError):
        raise NodeError(
            "ssh_host_key", "The pinned host key cannot be read.", "It should read: ssh-ed25519 AAAA…"
        ) from None


def _compare(seen: paramiko.PKey, pinned_type: str, pinned: bytes) -> None:
    if seen.get_name() == pinned_type and seen.asbytes() == pinned:
        return
    raise NodeError(
        "ssh_host_key",
        f"The host shows another key than the pinned one: expected {pinned_type} {fingerprint(pinned)}, "
        f"seen {seen.get_name()} {fingerprint(seen.asbytes())}.",
        "If the host was not set up anew, someone may be answering in its place. Else pin the new key.",
    )


def _private_key(credential: Credential) -> paramiko.PKey:
    if not credential.ssh_private_key.strip():
        raise NodeError("ssh_key_invalid", "No private key is given for this node.", "")
    text = credential.ssh_private_key.strip().replace("\r\n", "\n") + "\n"
    for key_class in _KEY_CLASSES:
        try:
            key: paramiko.PKey = key_class.from_private_key(
                io.StringIO(text), password=credential.ssh_passphrase or None
            )
        except paramiko.PasswordRequiredException:
            raise NodeError("ssh_key_invalid", "The private key needs its passphrase.", "") from None
        except (paramiko.SSHException, ValueError, TypeError, IndexError, UnsupportedAlgorithm):
            continue
        return key
    raise NodeError(
        "ssh_key_invalid",
        "The private key cannot be read, or its passphrase is wrong.",
        "It should be an Ed25519, ECDSA or RSA key in OpenSSH or PEM form.",
    )
