"""One POST to a checked address: what is sent, what counts as taken, and what is never connected to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import trustme

from scanners.connectors import webhook
from scanners.records import NodeError
from scanners.webhook_address import parse
from tests.scanners.connectors.web_servers import Answer, answering


def refused(url: str, **options: object) -> NodeError:
    with pytest.raises(NodeError) as caught:
        webhook.post(parse(url, allow_plaintext=True), b"{}", {}, **options)  # type: ignore[arg-type]
    return caught.value


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """Takes one connection, as far as its handshake goes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):  # the client ends it, which is what is tested
                context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def test_the_body_and_its_headers_arrive_as_they_are() -> None:
    with answering(lambda asked: Answer(status=202)) as server:
        address = parse(f"{server.url}/hooks/a?b=c", allow_plaintext=True)
        webhook.post(
            address, b'{"text": "\xc3\xbc"}', {"Content-Type": "application/json", "webhook-id": "7"}
        )
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hooks/a?b=c", b'{"text": "\xc3\xbc"}')
    assert (asked.headers["webhook-id"], asked.headers["Host"]) == ("7", address.origin.partition("://")[2])


@pytest.mark.parametrize(
    ("status", "code"), [(301, "bad_answer"), (400, "bad_answer"), (410, "gone"), (503, "bad_answer")]
)
def test_only_2xx_is_taken(status: int, code: str) -> None:
    with answering(lambda asked: Answer(status=status, headers={"Location": "/x"})) as server:
        assert refused(server.url).code == code
        assert len(server.asked) == 1


def test_who_hangs_up_or_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: listening.accept()[0].close())
        thread.start()
        error = refused(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join(10)
    assert (error.code, "127.0.0.1" in error.message) == ("unreachable", True)
    assert refused("http://127.0.0.1:9").code == "refused"
    assert refused("http://nowhere.invalid").code == "name_not_found"


def test_denied_networks_and_metadata_are_not_connected_to() -> None:
    with answering(lambda asked: Answer()) as server:
        assert refused(server.url, denied_networks=["127.0.0.0/8"]).code == "address_denied"
        assert server.asked == []
    assert refused("http://169.254.169.254/latest/meta-data").code == "address_denied"
    assert refused("http://[::ffff:169.254.169.254]/").code == "address_denied"


def test_a_certificate_that_nobody_trusts_ends_it() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with tls_server(context) as port:
        error = refused(f"https://127.0.0.1:{port}")
    assert error.code == "tls_untrusted"
    assert "authority" in error.hint


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://example.org", "https://example.org", "/"),
        ("https://example.org:443/a/b?c=d", "https://example.org", "/a/b?c=d"),
        ("https://EXAMPLE.org:8443/", "https://example.org:8443", "/"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443", "/x"),
    ],
)
def test_only_the_origin_is_to_be_shown(url: str, origin: str, path: str) -> None:
    address = parse(url)
    assert (address.origin, address.path) == (origin, path)


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "http://example.org", "ftp://example.org", "https://", "https://a b", "https://u:p@example.org",
     "https://example.org/#x", "https://example.org:0", "https://example.org:99999", "https://exämple.org",
     "https://example.org/\nX: y"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(NodeError) as caught:
        parse(url)
    assert caught.value.code == "address_invalid"
    assert "example.org" not in caught.value.message
