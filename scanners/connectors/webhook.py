"""Telling another program: one POST to an address that was checked like a node's, without following it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPException

from scanners.connectors.address import NodeAddress, check_address
from scanners.connectors.guard import Guard
from scanners.connectors.transport import ItemConnection, tcp_dialer
from scanners.records import Credential, Limits, NodeError
from scanners.webhook_address import WebhookAddress

LIMITS = Limits(seconds=20.0, bytes=256 * 1024)
GONE = 410  # what Standard Webhooks has receivers say to be told nothing more
_HINTS = {
    "tls_untrusted": "Its certificate has to be signed by an authority that this machine trusts.",
    "refused": "Is the port right, and the receiver running?",
    "timeout": "Is the receiver overloaded, or a firewall between?",
}


def post(
    address: WebhookAddress, body: bytes, headers: Mapping[str, str], *, denied_networks: Sequence[str] = ()
) -> None:
    """Send `body`. Raises `NodeError`: of the address, of the connection, `gone` when the receiver wants nothing more, or
    `bad_answer` for any answer but 2xx. A redirect is such an answer: what is told is for this address alone."""
    guard = Guard(LIMITS, lambda: False)
    where = NodeAddress(scheme=address.scheme, host=address.host, port=address.port)
    dial = tcp_dialer(
        where,
        check_address(where, denied_networks),
        Credential(),
        guard,
        plaintext=address.scheme == "http",
    )
    with closing(ItemConnection(dial)) as connection:
        try:
            connection.request(
                "POST",
                address.path,
                body=body,
                headers={
                    **headers,
                    "Host": address.origin.partition("://")[2],
                    "User-Agent": "plimsoll",
                    "Connection": "close",
                },
            )
            status = connection.getresponse().status
        except NodeError as error:
            raise NodeError(error.code, error.message, _HINTS.get(error.code, error.hint)) from None
        except (HTTPException, OSError):
            raise NodeError(
                "unreachable",
                f"{address.host} hangs up without an answer.",
                "Does it speak HTTP on this port?",
            ) from None
    if status == GONE:
        raise NodeError("gone", f"{address.host} answers 410: it wants to be told nothing more.", "")
    if not 200 <= status < 300:
        raise NodeError("bad_answer", f"{address.host} answers {status}.", "")
