"""One file from a web server, as feeds publish them: with a validator, so that what did not change is not sent again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from scanners.connectors.guard import Guard
from scanners.connectors.origins import Origin, Origins
from scanners.connectors.session import Options
from scanners.records import Credential, Limits, NodeError, Record

_PORTS = {"https": 443, "http": 80}
_OK, _UNCHANGED = 200, 304


class Downloaded(Record, frozen=True, kw_only=True):
    """`etag` is the server's name for this state of the file, "" when it gives none."""

    bytes: int
    etag: str


def download(
    url: str,
    into: Path,
    *,
    etag: str = "",
    limits: Limits,
    denied_networks: Sequence[str] = (),
    allow_plaintext: bool = False,
) -> Downloaded | None:
    """Write the file at `url` to `into`; None when it is still the one that `etag` names.

    Raises `NodeError`: of the address, the connection, the limits, or `bad_answer` for an answer without a file.
    """
    home = _home(url, allow_plaintext)
    guard = Guard(limits, lambda: False)
    options = Options(allow_plaintext=allow_plaintext, denied_networks=tuple(denied_networks))
    with closing(Origins(home, Credential(), options, guard)) as origins:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"} | ({"If-None-Match": etag} if etag else {})
        reply = origins.ask(origins.target(url), headers)
        if reply.status == _UNCHANGED and etag:
            reply.finish()
            return None
        if reply.status != _OK:
            reply.discard()
            raise NodeError("bad_answer", f"{home.host} answers {reply.status} instead of the file.", "")
        size = 0
        with into.open("wb") as file:
            for piece in reply.stream():
                size += len(piece)
                file.write(piece)
        return Downloaded(bytes=size, etag=reply.header("ETag"))


def _home(url: str, allow_plaintext: bool) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NodeError("bad_address", f"“{url[:200]}” is no URL.", "") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NodeError("bad_address", f"“{url[:200]}” is no https:// URL.", "")
    if parts.scheme == "http" and not allow_plaintext:
        raise NodeError(
            "bad_address",
            "The address is http://: what it sends could be changed on its way.",
            "Use https://, or load the feed from a file.",
        )
    return Origin(scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme])
