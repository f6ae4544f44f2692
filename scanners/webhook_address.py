"""Where a webhook is: reading its URL before anything is opened."""

from __future__ import annotations

from urllib.parse import urlsplit

from scanners.records import NodeError, Record

_PORTS = {"https": 443, "http": 80}


class WebhookAddress(Record, frozen=True, kw_only=True):
    """An URL taken apart. `origin` is what of it may be shown: the rest can be a secret."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")


def parse(url: str, *, allow_plaintext: bool = False) -> WebhookAddress:
    """Raises `NodeError` `address_invalid`, which does not repeat the address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("it cannot be read") from None
    if any(ord(character) < 33 or ord(character) > 126 for character in url):
        raise _invalid("it holds characters that no URL has")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise _invalid("it is no https:// URL")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _invalid("it holds a user or a fragment")
    if parts.scheme == "http" and not allow_plaintext:
        raise _invalid("it is http://, which everybody on the way could read")
    if port == 0:
        raise _invalid("its port is 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebhookAddress(
        scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme], path=path
    )


def _invalid(why: str) -> NodeError:
    return NodeError("address_invalid", f"The address is not usable: {why}.", "Use https://host[:port]/path.")
