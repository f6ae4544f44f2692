"""Registries that lie, hang, send us elsewhere and never end: each gives one clear error, and learns no secret."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.connectors.registry_auth import challenges
from scanners.connectors.registry_client import Registry, open_registry
from scanners.connectors.session import Options
from scanners.oci import OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from scanners.records import Credential, Limits, NodeError
from tests.registries import digest_of
from tests.scanners.connectors.pulling import never
from tests.scanners.connectors.servers import serve
from tests.scanners.connectors.web_servers import Answer, Asked, WebServer, answering

SECRET = "never-to-be-seen-elsewhere"
CREDENTIAL = Credential(username="reader", password=SECRET)
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/json", "digest": digest_of(b"{}"), "size": 2},
        "layers": [],
    }
).encode()
TYPE = {"Content-Type": OCI_MANIFEST}


@contextlib.contextmanager
def opened(
    url: str, credential: Credential | None = None, is_cancelled: Callable[[], bool] = never, **limits: float
) -> Iterator[Registry]:
    given = Limits(**({"seconds": 20} | limits))  # type: ignore[arg-type]
    with open_registry(
        url, credential or Credential(), given, Options(allow_plaintext=True), is_cancelled=is_cancelled
    ) as registry:
        yield registry


def failure(url: str, ask: Callable[[Registry], object], **options: object) -> NodeError:
    with pytest.raises(NodeError) as caught, opened(url, **options) as registry:  # type: ignore[arg-type]
        ask(registry)
    assert SECRET not in caught.value.message + caught.value.hint
    return caught.value


def manifest(registry: Registry) -> object:
    return registry.manifest("shop/web", "1.0")


def everything(body: bytes, **more: object) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(body, **more)  # type: ignore[arg-type]


# -- content that is not what it should be


def test_a_manifest_under_another_digest_is_refused() -> None:
    asked_for = digest_of(b"another")
    with answering(everything(MANIFEST, headers=TYPE)) as server:
        error = failure(server.url, lambda r: r.manifest("shop/web", asked_for))
        assert error.code == "digest_mismatch" and asked_for in error.message
    lying = TYPE | {"Docker-Content-Digest": asked_for}
    with answering(everything(MANIFEST, headers=lying)) as server:
        assert failure(server.url, manifest).code == "digest_mismatch"
        error = failure(server.url, lambda r: r.resolve("shop/web", digest_of(MANIFEST)))
        assert error.code == "digest_mismatch"


@pytest.mark.parametrize(
    ("body", "size"),
    [(b"other", 5), (b"right and more", 5), (b"rig", 5), (b"", 5)],
    ids=["other content", "longer", "shorter", "nothing"],
)
def test_a_blob_that_is_not_its_digest_is_refused(body: bytes, size: int) -> None:
    descriptor = Descriptor(media_type="x", digest=digest_of(b"right"), size=size)
    with answering(everything(body)) as server:
        assert failure(server.url, lambda r: r.blob("shop/web", descriptor)).code == "digest_mismatch"


def test_an_endless_blob_ends_at_its_size() -> None:
    descriptor = Descriptor(media_type="x", digest=digest_of(b"right"), size=5)
    with answering(lambda asked: Answer(itertools.repeat(b"x" * 65536))) as server:
        assert failure(server.url, lambda r: r.blob("shop/web", descriptor)).code == "digest_mismatch"


def test_an_endless_manifest_list_or_token_ends_at_its_limit() -> None:
    with answering(lambda asked: Answer(itertools.repeat(b" " * 65536))) as server:
        assert failure(server.url, manifest).code == "too_large"
        assert failure(server.url, lambda r: list(r.tags("shop/web"))).code == "too_large"
        assert failure(server.url, manifest, bytes=100_000).code == "too_large"

    def endless_realm(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(itertools.repeat(b" " * 65536))
        return Answer(
            status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{asked.headers["Host"]}/token"'}
        )

    with answering(endless_realm) as server:
        assert failure(server.url, manifest).code == "too_large"


def test_a_blob_said_to_be_huge_is_not_asked_for() -> None:
    descriptor = Descriptor(media_type="x", digest=digest_of(b"right"), size=10**12)
    with answering(everything(b"right")) as server:
        assert failure(server.url, lambda r: r.blob("shop/web", descriptor)).code == "too_large"
        assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schemaVersion":1,"fsLayers":[]}',
        b'{"schemaVersion":2,"config":{},"layers":[]}',
        MANIFEST.replace(b'"layers": []', b'"layers": [], "manifests": []'),
        MANIFEST.replace(b'"layers": []', b'"layers": {}'),
        MANIFEST.replace(b'"size": 2', b'"size": -2'),
        MANIFEST.replace(b"sha256:", b"md5:"),
        MANIFEST.replace(OCI_MANIFEST.encode(), OCI_INDEX.encode()),
    ],
    ids=str,
)
def test_what_is_no_manifest_is_said_to_be_unreadable(body: bytes) -> None:
    with answering(everything(body, headers=TYPE)) as server:
        assert failure(server.url, manifest).code == "malformed"


# -- being sent elsewhere


def test_a_redirect_to_a_store_carries_no_secret() -> None:
    blob = b"the blob"
    descriptor = Descriptor(media_type="x", digest=digest_of(blob), size=len(blob))
    with answering(everything(blob)) as store:

        def registry_says(asked: Asked) -> Answer:
            if "Authorization" not in asked.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Answer(status=307, headers={"Location": f"{store.url}/kept?signed=1"})

        with answering(registry_says) as server, opened(server.url, CREDENTIAL) as client:
            assert client.blob("shop/web", descriptor) == blob
        assert [each.path for each in store.asked] == ["/kept?signed=1"]
        assert "Authorization" not in store.asked[0].headers
        assert store.asked[0].headers["Host"] == store.url.removeprefix("http://")


def test_a_store_that_asks_who_we_are_is_told_nothing() -> None:
    descriptor = Descriptor(media_type="x", digest=digest_of(b"x"), size=1)
    wants = Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="give me"'})
    with answering(lambda asked: wants) as store:

        def registry_says(asked: Asked) -> Answer:
            if "Authorization" not in asked.headers:
                return wants
            return Answer(status=307, headers={"Location": f"{store.url}/kept"})

        with answering(registry_says) as server:
            error = failure(server.url, lambda r: r.blob("shop/web", descriptor), credential=CREDENTIAL)
        assert error.code == "permission_denied"
        assert all("Authorization" not in each.headers for each in store.asked)


def test_the_way_back_from_elsewhere_carries_no_secret() -> None:
    """A store that points back at the registry does not borrow our rights there."""
    home: list[WebServer] = []
    with answering(
        lambda asked: Answer(status=302, headers={"Location": f"{home[0].url}/v2/private"})
    ) as store:

        def registry_says(asked: Asked) -> Answer:
            if asked.path == "/v2/private":
                return Answer(b"x")
            if "Authorization" not in asked.headers:
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Answer(status=307, headers={"Location": store.url})

        with answering(registry_says) as server:
            home.append(server)
            failure(server.url, manifest, credential=CREDENTIAL)
            (back,) = [each for each in server.asked if each.path == "/v2/private"]
            assert "Authorization" not in back.headers


def test_redirects_in_a_circle_end() -> None:
    with answering(lambda asked: Answer(status=302, headers={"Location": asked.path + "x"})) as server:
        assert failure(server.url, manifest).code == "redirect_loop"
        assert len(server.asked) < 10


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/meta-data", "address_denied"),
        ("http://[::ffff:169.254.169.254]/", "address_denied"),
        ("http://[fe80::1]/", "address_denied"),
        ("http://0.0.0.0/", "address_denied"),
        ("file:///etc/passwd", "malformed"),
        ("ftp://127.0.0.1/", "malformed"),
        ("gopher://127.0.0.1/", "malformed"),
        ("http://user:pass@127.0.0.1/", "malformed"),
        ("//", "malformed"),
        ("http://[", "malformed"),
        ("http://127.0.0.1:99999/", "malformed"),
    ],
)
@pytest.mark.parametrize("how", ["redirect", "realm"])
def test_addresses_that_must_not_be_asked_are_not(location: str, code: str, how: str) -> None:
    headers = (
        {"Location": location} if how == "redirect" else {"WWW-Authenticate": f'Bearer realm="{location}"'}
    )
    with answering(everything(b"", status=302 if how == "redirect" else 401, headers=headers)) as server:
        if location == "//" and how == "redirect":
            assert failure(server.url, manifest).code in (code, "redirect_loop")
        else:
            assert failure(server.url, manifest, credential=CREDENTIAL).code == code


def test_a_registry_with_tls_never_sends_us_to_one_without() -> None:
    """The rule itself; that TLS is used is shown with the real registry."""
    from scanners.connectors.guard import Guard
    from scanners.connectors.origins import Origin, Origins

    home = Origin(scheme="https", host="registry.example", port=443)
    origins = Origins(home, Credential(), Options(allow_plaintext=True), Guard(Limits(), never))
    with pytest.raises(NodeError) as caught:
        origins.target("http://registry.example/token")
    assert caught.value.code == "malformed" and "https" in caught.value.message


def test_a_registry_that_points_to_ever_new_hosts_is_given_up() -> None:
    ports = iter(range(20_000, 30_000))
    with answering(
        lambda asked: Answer(
            status=401, headers={"WWW-Authenticate": f'Bearer realm="http://127.0.0.1:{next(ports)}/"'}
        )
    ) as server:
        assert failure(server.url, manifest).code == "refused"


# -- tokens


def test_a_wider_scope_than_pull_is_never_asked_for() -> None:
    def says(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(b'{"access_token":"abc"}')
        if asked.headers.get("Authorization") == "Bearer abc":
            return Answer(MANIFEST, headers=TYPE)
        wants = f'Bearer realm="http://{asked.headers["Host"]}/token?a=b",service="s",scope="repository:x:push,delete"'
        return Answer(status=401, headers={"WWW-Authenticate": wants})

    with answering(says) as server, opened(server.url, CREDENTIAL) as client:
        assert isinstance(client.manifest("shop/web", "1.0"), Manifest)
        (token,) = [path for path in server.paths if path.startswith("/token")]
        assert token == "/token?a=b&service=s&scope=repository%3Ashop%2Fweb%3Apull"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"token":""}', b'{"token":"a\\r\\nX-Evil: 1"}', b'{"token":5}', b"[" * 99_999],
)
def test_a_realm_without_a_token_is_said(body: bytes) -> None:
    def says(asked: Asked) -> Answer:
        if asked.path == "/token?scope=repository%3Ashop%2Fweb%3Apull":
            return Answer(body)
        return Answer(
            status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{asked.headers["Host"]}/token"'}
        )

    with answering(says) as server:
        assert failure(server.url, manifest).code == "malformed"


def test_a_registry_that_refuses_every_token_is_asked_a_few_times_only() -> None:
    def says(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(b'{"token":"abc"}')
        return Answer(
            status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{asked.headers["Host"]}/token"'}
        )

    with answering(says) as server:
        assert failure(server.url, manifest).code == "permission_denied"
        assert len(server.asked) <= 6


def test_challenges_are_read_whatever_their_order_and_quoting() -> None:
    (bearer, basic) = challenges(
        ['Bearer realm="https://a/t", service=s ,scope="x:y:pull,push", Basic realm="b\\"c"']
    )
    assert (bearer.scheme, bearer.parameters) == (
        "bearer",
        {"realm": "https://a/t", "service": "s", "scope": "x:y:pull,push"},
    )
    assert (basic.scheme, basic.parameters) == ("basic", {"realm": 'b"c'})
    assert [c.scheme for c in challenges(["Negotiate", "BASIC realm=x"])] == ["negotiate", "basic"]
    assert challenges(['realm="https://a/t"']) == []


@given(st.lists(st.text(max_size=300), max_size=3))
def test_no_challenge_breaks_the_reader(headers: list[str]) -> None:
    for challenge in challenges(headers):
        assert challenge.scheme == challenge.scheme.lower()


# -- pages, limits of rate and time


def test_tags_are_read_page_by_page() -> None:
    def says(asked: Asked) -> Answer:
        if "last=" not in asked.path:
            return Answer(
                b'{"name":"shop/web","tags":["a","b"]}',
                headers={"Link": '</v2/shop/web/tags/list?n=2&last=b>; rel="next", </x>; rel="first"'},
            )
        return Answer(b'{"name":"shop/web","tags":["c", "not a tag"]}')

    with answering(says) as server, opened(server.url) as client:
        assert list(client.tags("shop/web")) == ["a", "b", "c"]
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    "link",
    [
        '<{path}>; rel="next"',
        '<http://127.0.0.1:1/v2/shop/web/tags/list?n=2>; rel="next"',
        '</v2/other/tags/list?n=2>; rel="next"',
        '<https://169.254.169.254/v2/shop/web/tags/list>; rel="next"',
    ],
)
def test_pages_that_lead_in_a_circle_or_elsewhere_are_not_followed(link: str) -> None:
    def says(asked: Asked) -> Answer:
        return Answer(b'{"tags":["a"]}', headers={"Link": link.replace("{path}", asked.path)})

    with answering(says) as server:
        assert failure(server.url, lambda r: list(r.tags("shop/web"))).code == "malformed"
        assert len(server.asked) == 1


def test_endless_pages_end() -> None:
    numbers = itertools.count()

    def says(asked: Asked) -> Answer:
        link = f'</v2/shop/web/tags/list?last={next(numbers)}>; rel="next"'
        return Answer(json.dumps({"tags": [f"t{next(numbers)}"] * 50}).encode(), headers={"Link": link})

    with answering(says) as server:
        assert failure(server.url, lambda r: list(r.tags("shop/web")), items=500).code == "too_many"


def test_a_short_wait_is_waited_and_then_it_goes_on() -> None:
    answers = iter([Answer(status=429, headers={"Retry-After": "1"}), Answer(MANIFEST, headers=TYPE)])
    with answering(lambda asked: next(answers)) as server, opened(server.url) as client:
        began = time.monotonic()
        assert isinstance(client.manifest("shop/web", "1.0"), Manifest)
        assert time.monotonic() - began >= 1.0


def test_a_long_wait_ends_the_pull_and_says_how_long() -> None:
    for said in ("3600", format_datetime(datetime.now(UTC) + timedelta(hours=1))):
        with answering(everything(b"", status=429, headers={"Retry-After": said})) as server:
            error = failure(server.url, manifest)
            assert error.code == "rate_limited" and "wait 3" in error.message
            assert len(server.asked) == 1


@pytest.mark.parametrize("said", ["", "soon", "-5", "9" * 500])
def test_a_wait_that_cannot_be_read_ends_the_pull(said: str) -> None:
    with answering(everything(b"", status=429, headers={"Retry-After": said} if said else {})) as server:
        assert failure(server.url, manifest).code == "rate_limited"
        assert failure(server.url, lambda r: r.ping()).code == "rate_limited"


def test_a_wait_can_be_cancelled() -> None:
    cancelled = threading.Event()
    with answering(everything(b"", status=429, headers={"Retry-After": "15"})) as server:
        timer = threading.Timer(0.5, cancelled.set)
        timer.start()
        began = time.monotonic()
        error = failure(server.url, manifest, is_cancelled=cancelled.is_set)
        timer.join()
        assert error.code == "cancelled" and time.monotonic() - began < 30


def test_what_docker_hub_says_is_left_is_respected() -> None:
    headers = TYPE | {
        "RateLimit-Limit": "100;w=21600",
        "RateLimit-Remaining": "0;w=21600",
        "Docker-Content-Digest": digest_of(MANIFEST),
    }
    with answering(everything(MANIFEST, headers=headers)) as server, opened(server.url) as client:
        client.manifest("shop/web", "1.0")
        assert client.rate_limit is not None
        assert (client.rate_limit.remaining, client.rate_limit.window_seconds) == (0, 21600)
        with pytest.raises(NodeError) as caught:
            client.manifest("shop/web", "1.1")
        assert caught.value.code == "rate_limited"
        assert len(server.asked) == 1
        assert client.resolve("shop/web", "1.0") == digest_of(MANIFEST)  # HEAD is not counted


def test_a_registry_that_dribbles_is_given_up_in_time() -> None:
    def dribble(asked: Asked) -> Answer:
        def pieces() -> Iterator[bytes]:
            while True:
                yield b" "
                time.sleep(0.05)

        return Answer(pieces())

    with answering(dribble) as server:
        began = time.monotonic()
        assert failure(server.url, manifest, seconds=1.5).code == "timeout"
        assert time.monotonic() - began < 30


@pytest.mark.parametrize("status", [500, 502, 418, 204])
def test_a_server_error_is_said_with_its_status(status: int) -> None:
    with answering(everything(b"", status=status)) as server:
        error = failure(server.url, manifest)
        assert error.code == "registry_error" and str(status) in error.message
        assert failure(server.url, lambda r: r.ping()).code == "not_a_registry"


def test_what_is_no_registry_is_said() -> None:
    with serve(lambda connection, stopping: connection.sendall(b"SSH-2.0-x\r\n")) as address:
        error = failure(address.replace("tcp://", "http://"), lambda r: r.ping())
        assert error.code == "not_a_registry"
    with answering(everything(b"<html>", status=404)) as server:
        assert failure(server.url, lambda r: r.ping()).code == "not_a_registry"


def test_an_answer_cut_short_is_said() -> None:
    with answering(
        everything(MANIFEST, headers=TYPE | {"Content-Length": str(len(MANIFEST) + 100)})
    ) as server:
        # the rest never comes, and the server closes
        assert failure(server.url, manifest, seconds=3).code in ("unreachable", "timeout")


# -- referrers


def test_referrers_are_asked_for_by_the_api_and_read_page_by_page() -> None:
    subject = digest_of(b"subject")
    signature = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"s"), "size": 1, "artifactType": "a/b"}

    def says(asked: Asked) -> Answer:
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [signature]}
        headers = {"Content-Type": OCI_INDEX}
        if "page=2" not in asked.path:
            headers["Link"] = f'</v2/shop/web/referrers/{subject}?page=2>; rel="next"'
        return Answer(json.dumps(index).encode(), headers=headers)

    with answering(says) as server, opened(server.url) as client:
        found = client.referrers("shop/web", subject)
        assert [(d.digest, d.artifact_type) for d in found] == [(signature["digest"], "a/b")] * 2
        assert server.paths == [
            f"/v2/shop/web/referrers/{subject}",
            f"/v2/shop/web/referrers/{subject}?page=2",
        ]


@pytest.mark.parametrize(
    "unknown",
    [Answer(status=404), Answer(status=405), Answer(b"<html>", headers={"Content-Type": "text/html"})],
    ids=["404", "405", "a page"],
)
def test_a_registry_without_the_api_is_asked_for_the_tag_from_then_on(unknown: Answer) -> None:
    subject, other = digest_of(b"subject"), digest_of(b"other")
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}

    def says(asked: Asked) -> Answer:
        if "/referrers/" in asked.path:
            return unknown
        return Answer(json.dumps(index).encode(), headers={"Content-Type": OCI_INDEX})

    with answering(says) as server, opened(server.url) as client:
        assert client.referrers("shop/web", subject) == ()
        assert client.referrers("shop/web", other) == ()
        assert [path for path in server.paths if "/referrers/" in path] == [
            f"/v2/shop/web/referrers/{subject}"
        ]
        assert f"/v2/shop/web/manifests/{subject.replace(':', '-')}" in server.paths


def test_referrers_that_are_no_index_are_malformed() -> None:
    with answering(everything(MANIFEST, headers=TYPE)) as server:
        assert failure(server.url, lambda r: r.referrers("shop/web", digest_of(b"x"))).code == "malformed"
