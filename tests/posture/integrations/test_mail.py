"""Mail through a real server: encrypted, signed in, and every refusal in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from posture.accounts.models import User
from posture.collection import sending
from posture.integrations import mail, outbox
from posture.integrations.choices import Cause, MessageState
from posture.integrations.models import Message
from posture.platform import mail_server as environment
from posture.platform.mail_server import MailServer, MailServerError
from posture.platform.secrets import SecretError
from tests.posture.integrations.conftest import Mailbox
from tests.posture.people import person

pytestmark = pytest.mark.django_db


def put(to: User, **fields: Any) -> Message:
    told = {"cause": Cause.TEST, "subject": "Two\nlines", "text": "Grüße — ✓\n", "data": {}}
    return outbox.put(**{**told, **fields}, at=timezone.now(), person=to)


def test_a_message_arrives_as_plain_text(ada: User, mail_server: Any, mailbox: Mailbox) -> None:
    message = put(ada)
    assert sending.send_waiting() == 1
    ((recipients, mail_),) = mailbox.taken
    assert recipients == ["ada@example.org"]
    assert mail_["Subject"] == "[Plimsoll] Two lines"
    assert mail_["From"] == "Plimsoll <plimsoll@example.org>"
    assert mail_["Message-ID"] == f"<{message.uid}@example.org>"
    assert mail_["Auto-Submitted"] == "auto-generated"
    assert (mail_.get_content_type(), mail_.get_content()) == ("text/plain", "Grüße — ✓\r\n")
    message.refresh_from_db()
    assert (message.state, message.error) == (MessageState.SENT, "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wrong-and-secret"}, "refuses user name or password (535)"),
        ({"security": "tls"}, "does not speak TLS"),
        ({"port": 9}, "cannot be reached"),
        ({"host": "mail.invalid"}, "cannot be reached"),
        ({"security": "none"}, "does not"),
        ({"username": "", "password": ""}, "does not take it (530)"),
    ],
)
def test_what_is_wrong_stands_on_the_message_which_waits(
    ada: User,
    mail_server: Callable[..., MailServer],
    mailbox: Mailbox,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    said: str,
) -> None:
    mail_server(**changes)
    message = put(ada)
    sending.send_waiting()
    message.refresh_from_db()
    assert said in message.error
    assert (message.state, message.attempts, mailbox.taken) == (MessageState.WAITING, 1, [])
    assert "wrong-and-secret" not in f"{message.error} {caplog.text} {MailServer.__repr__(mail_server())}"


def test_a_server_whose_certificate_is_not_trusted_is_told_nothing(
    ada: User, mail_server: Any, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    message = put(ada)
    sending.send_waiting()
    message.refresh_from_db()
    assert "certificate of 127.0.0.1 is not trusted" in message.error
    assert mailbox.taken == []


def test_an_address_that_the_server_does_not_know_is_given_up_at_once(
    ada: User, mail_server: Any, mailbox: Mailbox
) -> None:
    mailbox.refuses = {"ada@example.org": "550 No such user", "grace@example.org": "450 Later"}
    unknown, later = put(ada), put(person("grace", email="grace@example.org"))
    sending.send_waiting()
    for message in (unknown, later):
        message.refresh_from_db()
    assert (unknown.state, unknown.error) == (
        MessageState.FAILED,
        "The mail server refuses ada@example.org (550).",
    )
    assert later.state == MessageState.WAITING


def test_once_the_server_is_silent_the_rest_is_not_tried(ada: User, mail_server: Any) -> None:
    mail_server(port=9)
    messages = [put(ada) for _ in range(5)]
    assert sending.send_waiting() == 1
    for message in messages:
        message.refresh_from_db()
        assert (message.attempts, message.state) == (1, MessageState.WAITING)
        assert "cannot be reached" in message.error


def test_without_a_server_nothing_is_sent(ada: User, settings: Any) -> None:
    settings.MAIL_SERVER = None
    with pytest.raises(mail.CannotMail, match="PLIMSOLL_SMTP_URL"):
        mail.send(put(ada))


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def _sender(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PLIMSOLL_SMTP_URL", "PLIMSOLL_SMTP_URL_FILE", "PLIMSOLL_SMTP_ALLOW_PLAINTEXT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PLIMSOLL_MAIL_FROM", "plimsoll@example.org")

    def test_no_server_unless_one_is_named(self) -> None:
        assert environment.read() is None

    @pytest.mark.parametrize(
        ("url", "plain", "security", "port"),
        [
            ("smtp://mail.example", "", "starttls", 587),
            ("smtps://mail.example", "", "tls", 465),
            ("smtps://mail.example:2465/", "1", "tls", 2465),
            ("smtp://mail.example:25", "1", "none", 25),
        ],
    )
    def test_how_it_is_spoken_to(
        self, monkeypatch: pytest.MonkeyPatch, url: str, plain: str, security: str, port: int
    ) -> None:
        monkeypatch.setenv("PLIMSOLL_SMTP_URL", url)
        monkeypatch.setenv("PLIMSOLL_SMTP_ALLOW_PLAINTEXT", plain)
        server = environment.read()
        assert server is not None
        assert (server.host, server.port, server.security) == ("mail.example", port, security)

    def test_a_password_may_hold_anything(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PLIMSOLL_SMTP_URL", "smtp://us%40er:p%2F%3A%40ss@mail.example")
        server = environment.read()
        assert server is not None
        assert (server.username, server.password) == ("us@er", "p/:@ss")
        assert "p/:@ss" not in repr(server)

    @pytest.mark.parametrize(
        ("url", "sender", "named"),
        [
            ("mail.example:587", "a@example.org", "PLIMSOLL_SMTP_URL must be"),
            ("http://mail.example", "a@example.org", "PLIMSOLL_SMTP_URL must be"),
            ("smtp://", "a@example.org", "PLIMSOLL_SMTP_URL must be"),
            ("smtp://u:secret@mail.example:port", "a@example.org", "PLIMSOLL_SMTP_URL cannot be read"),
            ("smtp://u:sec/ret@mail.example", "a@example.org", "PLIMSOLL_SMTP_URL"),
            ("smtp://mail.example", "", "PLIMSOLL_MAIL_FROM"),
            ("smtp://mail.example", "nobody", "PLIMSOLL_MAIL_FROM"),
            ("smtp://mail.example", "A <a@example.org>\nBcc: b@example.org", "PLIMSOLL_MAIL_FROM"),
        ],
    )
    def test_what_cannot_be_used_is_named_without_the_password(
        self, monkeypatch: pytest.MonkeyPatch, url: str, sender: str, named: str
    ) -> None:
        monkeypatch.setenv("PLIMSOLL_SMTP_URL", url)
        monkeypatch.setenv("PLIMSOLL_MAIL_FROM", sender)
        with pytest.raises(MailServerError, match=named) as caught:
            environment.read()
        assert "sec" not in str(caught.value).replace("secret", "")

    def test_it_may_lie_in_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        path = tmp_path / "smtp_url"
        path.write_text("smtps://mail.example\n")
        monkeypatch.setenv("PLIMSOLL_SMTP_URL_FILE", str(path))
        server = environment.read()
        assert server is not None and server.security == "tls"
        path.unlink()
        with pytest.raises(SecretError, match="PLIMSOLL_SMTP_URL_FILE"):
            environment.read()

    @pytest.mark.parametrize(
        "url", ["plimsoll.example", "ftp://x", "https://x y", "https://u@x", "https://x?a"]
    )
    def test_links_need_a_whole_address(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("PLIMSOLL_URL", url)
        with pytest.raises(MailServerError, match="PLIMSOLL_URL"):
            environment.public_url()
        monkeypatch.setenv("PLIMSOLL_URL", "https://plimsoll.example/")
        assert environment.public_url() == "https://plimsoll.example"
