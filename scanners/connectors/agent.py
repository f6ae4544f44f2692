"""Asking a host probe that runs as an agent (`plimsoll-probe serve`): one question over TLS, one bounded answer."""

from __future__ import annotations

from http.client import HTTPException, HTTPResponse, IncompleteRead

import msgspec

from scanners.connectors.address import NodeAddress, check_address
from scanners.connectors.guard import SILENCE_SECONDS, Guard
from scanners.connectors.session import Options
from scanners.connectors.transport import ItemConnection, tcp_dialer
from scanners.records import Credential, NodeError

PATH = "/v1/document"
# The agent is silent while it collects, and so gives up before our patience with silence does.
_COLLECT_SECONDS = SILENCE_SECONDS - 10.0
_CHUNK_BYTES = 65536

# The transport's advice is about engines.
_HINTS = {
    "refused": "Is the port right, and plimsoll-probe running there?",
    "timeout": "Does the agent hang, or does a firewall drop what it says? systemctl status plimsoll-probe tells there.",
    "tls_untrusted": "Pin the agent's certificate, or give the CA that signed it, and use a name that it holds.",
    "tls_client_refused": "The agent was started with --client-ca: give a client certificate and key that this CA signed.",
    "tls_mismatch": "Does plimsoll-probe listen on this port?",
}


class AgentProbe:
    """The agent at an address. Raises `NodeError` when the address or the credential cannot be used."""

    def __init__(self, address: NodeAddress, credential: Credential, options: Options, guard: Guard) -> None:
        self._guard = guard
        self._token = credential.token
        resolved = check_address(address, options.denied_networks)
        self._dial = tcp_dialer(address, resolved, credential, guard, plaintext=False)

    def ask(self, nonce: str, seconds: float) -> bytes:
        """The document that the agent reads now. Raises `NodeError`."""
        headers = {"User-Agent": "plimsoll", "Accept": "application/json", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        question = msgspec.json.encode({"nonce": nonce, "seconds": min(seconds, _COLLECT_SECONDS)})
        connection = ItemConnection(self._dial)
        try:
            connection.request("POST", PATH, question, headers)
            with connection.getresponse() as response:
                _check(response)
                return self._bounded(response)
        except NodeError as error:
            raise NodeError(error.code, error.message, _HINTS.get(error.code, error.hint)) from None
        except IncompleteRead:
            raise NodeError(
                "unreachable",
                "The agent broke the connection in the middle of its answer.",
                "Was it restarted?",
            ) from None
        except (HTTPException, OSError):
            raise _not_a_probe(
                "what answers there does not speak HTTP, or hangs up without an answer"
            ) from None
        except ValueError:
            raise NodeError(
                "agent_refused", "The bearer token holds characters that no token has.", ""
            ) from None
        finally:
            connection.close()

    def _bounded(self, response: HTTPResponse) -> bytes:
        limit = min(self._guard.limits.item_bytes, self._guard.limits.bytes)
        announced = response.length
        pieces: list[bytes] = []
        size = 0
        while announced is None or announced <= limit:
            piece = response.read(_CHUNK_BYTES)
            if not piece:
                if announced is not None and size < announced:
                    raise IncompleteRead(b"")
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                break
        raise NodeError(
            "too_large",
            f"The agent's answer is larger than the limit of {limit} bytes.",
            "The limit can be raised on the node.",
        )


def _check(response: HTTPResponse) -> None:
    """Raise `NodeError` for everything but a document."""
    status = response.status
    if status in (401, 403):
        raise NodeError(
            "agent_refused",
            "The agent does not accept our bearer token.",
            "Enter the token that the agent was started with, or enrol the host again.",
        )
    if status == 409:
        raise NodeError(
            "replayed",
            "The agent was asked this before: somebody sent our request to it first.",
            "Look at what stands between this server and the host.",
        )
    if status in (429, 503):
        raise NodeError(
            "busy",
            "The agent reads the host for somebody else just now.",
            "It is tried again later. Is a second server pulling this host?",
        )
    if status == 500:
        raise NodeError(
            "probe_failed", "The probe failed on the host.", "journalctl -u plimsoll-probe tells there why."
        )
    if status != 200:
        raise _not_a_probe(f"it answers with HTTP status {status}")
    if response.headers.get_content_type() != "application/json":
        raise _not_a_probe("its answer is no JSON")


def _not_a_probe(why: str) -> NodeError:
    return NodeError(
        "not_a_probe", f"This is not an agent of the host probe: {why}.", "Check the host and the port."
    )
