"""Messages to people, as plain text through the mail server of the environment."""

from __future__ import annotations

import smtplib
import ssl

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from posture.integrations.models import Message
from posture.platform.mail_server import MailServer

TIMEOUT_SECONDS = 20
_REFUSED_FOR_GOOD = range(500, 600)


class CannotMail(Exception):
    """A message was not taken; `for_good` when sending it again would change nothing. What it says holds no secret."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


def send(message: Message) -> None:
    """Hand a message to the mail server. Raises CannotMail."""
    server: MailServer | None = settings.MAIL_SERVER
    if server is None:
        raise CannotMail("There is no mail server: PLIMSOLL_SMTP_URL is not set.")
    if message.person is None or not message.person.email:
        raise CannotMail("The person has no e-mail address.", for_good=True)
    domain = server.sender.rstrip(">").rpartition("@")[2]
    mail = EmailMessage(
        subject=f"[Plimsoll] {message.subject}",
        body=message.text,
        from_email=server.sender,
        to=[message.person.email],
        headers={"Message-ID": f"<{message.uid}@{domain}>", "Auto-Submitted": "auto-generated"},
        connection=EmailBackend(
            host=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "starttls",
            use_ssl=server.security == "tls",
            timeout=TIMEOUT_SECONDS,
        ),
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = next(iter(error.recipients.values()))
        raise CannotMail(
            f"The mail server refuses {message.person.email} ({code}).", for_good=code in _REFUSED_FOR_GOOD
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        raise CannotMail(f"The mail server refuses user name or password ({error.smtp_code}).") from None
    except smtplib.SMTPNotSupportedError:
        raise CannotMail(
            "The mail server does not offer what is needed: STARTTLS, or a login. Use smtps://, or set "
            "PLIMSOLL_SMTP_ALLOW_PLAINTEXT=1 where the way to it is safe."
        ) from None
    except smtplib.SMTPResponseException as error:
        raise CannotMail(f"The mail server does not take it ({error.smtp_code}).") from None
    except smtplib.SMTPException:
        raise CannotMail("The mail server broke the conversation off.") from None
    except ssl.SSLCertVerificationError as error:
        raise CannotMail(
            f"The certificate of {server.host} is not trusted: {error.verify_message}."
        ) from None
    except ssl.SSLError:
        raise CannotMail(f"{server.host} does not speak TLS on port {server.port}.") from None
    except TimeoutError:
        raise CannotMail(f"{server.host} port {server.port} does not answer.") from None
    except OSError:
        raise CannotMail(f"{server.host} port {server.port} cannot be reached.") from None
    except ValueError:
        raise CannotMail("The address cannot be written into a message.", for_good=True) from None
