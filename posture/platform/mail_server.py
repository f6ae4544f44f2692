"""The mail server that messages to people go through, as the environment names it; none unless it does."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from posture.platform.secrets import from_environment

_PORTS = {"smtp": 587, "smtps": 465}
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_NAMED = re.compile(r"[^<>\r\n]*<([^<>]+)>")


class MailServerError(Exception):
    """A variable of the environment about mail is not what it should be. The message names it, never the password."""


@dataclass(frozen=True)
class MailServer:
    """`security` is `tls` from the first byte, `starttls` before anything is said, or `none` where that was allowed."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    security: str
    sender: str


def read() -> MailServer | None:
    """PLIMSOLL_SMTP_URL(_FILE), such as `smtp://user:password@mail.example:587` (STARTTLS) or `smtps://…` (TLS), and
    PLIMSOLL_MAIL_FROM. None when no server is named. Raises MailServerError, or SecretError of the file."""
    url = from_environment("PLIMSOLL_SMTP_URL")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise MailServerError("PLIMSOLL_SMTP_URL cannot be read: host or port are none.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise MailServerError(
            "PLIMSOLL_SMTP_URL must be smtp://user:password@host:587 (with STARTTLS) or smtps://user:password@host:465."
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise MailServerError(
            "PLIMSOLL_SMTP_URL holds more than user, password, host and port. In a password, / ? # and @ are written "
            "%2F %3F %23 and %40."
        )
    sender = os.environ.get("PLIMSOLL_MAIL_FROM", "").strip()
    named = _NAMED.fullmatch(sender)
    if not _ADDRESS.fullmatch(named.group(1) if named else sender):
        raise MailServerError(
            "PLIMSOLL_MAIL_FROM must be the address that messages come from, such as plimsoll@example.org."
        )
    plain = os.environ.get("PLIMSOLL_SMTP_ALLOW_PLAINTEXT", "").strip() == "1"
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security="tls" if parts.scheme == "smtps" else "none" if plain else "starttls",
        sender=sender,
    )


def public_url() -> str:
    """PLIMSOLL_URL, where people reach the web UI, for links in messages; "" when it is not given. Raises
    MailServerError."""
    url = os.environ.get("PLIMSOLL_URL", "").strip().rstrip("/")
    if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise MailServerError(
            "PLIMSOLL_URL must be where browsers reach the UI, such as https://plimsoll.example."
        )
    return url
