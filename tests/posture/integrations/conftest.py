"""An image with findings, its people, and a real mail server."""

from __future__ import annotations

import email
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from posture.accounts.models import User
from posture.collection.reports import import_file
from posture.fleet.models import Asset
from posture.platform.mail_server import MailServer
from posture.vulnerabilities import ingest
from tests.posture.collection.test_reports import DIGEST, saved, trivy, vulnerability
from tests.posture.decisions.test_decisions import run_it
from tests.posture.people import person

NUMBER = 4  # vulnerabilities of the image


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def ada() -> User:
    return person(email="ada@example.org")


@pytest.fixture
def web(tmp_path: Path) -> Asset:
    """An image with four vulnerabilities, that production runs."""
    import_file(saved(tmp_path, trivy(*(vulnerability(number) for number in range(1, NUMBER + 1)))))
    run_it(DIGEST, "shop/web:1.0")
    return Asset.objects.get(key=DIGEST)


class Mailbox:
    """What a mail server took, and whom it refuses."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message: Any = email.message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((list(envelope.rcpt_tos), message))
        return "250 OK"


@contextmanager
def _serving(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mail_server(
    settings: Any, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MailServer]]:
    """A server with STARTTLS and a login on loopback, which the settings name. Called, it changes what they say."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"plimsoll", b"right"), handled=False)

    with _serving(
        mailbox, tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True
    ) as port:

        def names(**changes: Any) -> MailServer:
            told = {
                "host": "127.0.0.1",
                "port": port,
                "username": "plimsoll",
                "password": "right",
                "security": "starttls",
                "sender": "Plimsoll <plimsoll@example.org>",
            }
            settings.MAIL_SERVER = MailServer(**{**told, **changes})
            return settings.MAIL_SERVER

        names()
        yield names
