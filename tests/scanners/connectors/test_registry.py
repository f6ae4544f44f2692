"""A real registry read through the distribution API: tags, manifests of several platforms, blobs, what is attached."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanners.connectors.registry_client import Registry, fallback_tag, open_registry, parse_registry_address
from scanners.connectors.session import Options
from scanners.oci import OCI_INDEX, OCI_MANIFEST, Index, Manifest, parse_platform
from scanners.records import Credential, Limits, NodeError
from tests.registries import PASSWORD, USER, Layout, Running, TokenRealm, running
from tests.scanners.connectors.pulling import never

PLAIN = Options(allow_plaintext=True)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("images") / "layout")
    images = [
        layout.image("for amd64"),
        layout.image("for arm", "arm", "v7"),
        layout.image("for arm64", "arm64"),
    ]
    layout.name(layout.index(images), "several")
    layout.name(images[0], "one")
    return layout


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, layout: Layout) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("registry"), tls=True) as started:
        started.push(layout, "several", "shop/web", "1.0")
        started.push(layout, "one", "shop/web", "1.0-amd64")
        yield started


@contextlib.contextmanager
def opened(
    started: Running, credential: Credential | None = None, options: Options = PLAIN, **limits: float
) -> Iterator[Registry]:
    given = Limits(**({"seconds": 60} | limits))  # type: ignore[arg-type]
    with open_registry(
        started.address, credential or started.credential, given, options, is_cancelled=never
    ) as registry:
        yield registry


def refusal(started: Running, credential: Credential | None = None, options: Options = PLAIN) -> NodeError:
    with pytest.raises(NodeError) as caught, opened(started, credential, options) as registry:
        registry.ping()
        registry.manifest("shop/web", "1.0")
    assert PASSWORD not in caught.value.message + caught.value.hint
    return caught.value


# -- reading


def test_a_registry_tells_its_tags_and_manifests_over_tls(registry: Running) -> None:
    with opened(registry) as client:
        client.ping()
        assert client.api_version == "registry/2.0"
        assert sorted(client.tags("shop/web")) == ["1.0", "1.0-amd64"]
        index = client.manifest("shop/web", "1.0")
        assert isinstance(index, Index) and index.media_type == OCI_INDEX
        assert [str(p) for p in index.platforms] == ["linux/amd64", "linux/arm/v7", "linux/arm64"]
        assert client.resolve("shop/web", "1.0") == index.digest
        assert client.manifest("shop/web", index.digest) == index
        assert client.bytes_read > 1000


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("linux/amd64", "amd64"),
        ("linux/x86_64", "amd64"),
        ("linux/arm64/v8", "arm64"),
        ("linux/aarch64", "arm64"),
        ("linux/arm/v7", "arm"),
        ("linux/arm", "arm"),
    ],
)
def test_the_image_of_a_platform_is_chosen_from_an_index(registry: Running, platform: str, said: str) -> None:
    with opened(registry) as client:
        found = client.image("shop/web", "1.0", parse_platform(platform))
        assert found.index is not None and found.manifest.media_type == OCI_MANIFEST
        config = json.loads(client.blob("shop/web", found.manifest.config))
        assert config["architecture"] == said


def test_an_index_without_the_platform_says_which_it_has(registry: Running) -> None:
    with opened(registry) as client, pytest.raises(NodeError) as caught:
        client.image("shop/web", "1.0", parse_platform("linux/s390x"))
    assert caught.value.code == "vanished"
    assert "linux/amd64, linux/arm/v7, linux/arm64" in caught.value.message
    with opened(registry) as client, pytest.raises(NodeError):
        client.image("shop/web", "1.0", parse_platform("linux/arm/v6"))


def test_layers_are_streamed_and_are_what_was_pushed(registry: Running, layout: Layout) -> None:
    with opened(registry) as client:
        manifest = client.manifest("shop/web", "1.0-amd64")
        assert isinstance(manifest, Manifest)
        body = b"".join(client.stream("shop/web", manifest.layers[0]))
    kept = layout.folder / "blobs/sha256" / manifest.layers[0].digest.removeprefix("sha256:")
    assert body == kept.read_bytes()


def test_what_is_not_there_is_said(registry: Running) -> None:
    with opened(registry) as client:
        assert client.resolve("shop/web", "2.0") is None
        assert client.attached("shop/web", "sha256:" + "0" * 64, "sig") is None
        assert client.referrers("shop/web", "sha256:" + "0" * 64) == ()
        for ask in (
            lambda: client.manifest("shop/web", "2.0"),
            lambda: client.manifest("shop/nothing", "1.0"),
            lambda: list(client.tags("shop/nothing")),
        ):
            with pytest.raises(NodeError) as caught:
                ask()
            assert caught.value.code == "vanished" and "shop/" in caught.value.message


@pytest.mark.parametrize("name", ["../v2/x", "Shop/web", "shop//web", "a" * 300, "shop/web?x=1", ""])
def test_a_name_that_no_repository_has_is_never_asked_for(registry: Running, name: str) -> None:
    with opened(registry) as client, pytest.raises(NodeError) as caught:
        client.manifest(name, "1.0")
    assert caught.value.code == "malformed"
    with opened(registry) as client, pytest.raises(NodeError):
        client.manifest("shop/web", "../../x")


def test_more_tags_than_the_limit_are_not_read(registry: Running) -> None:
    body = json.loads(
        registry.send("GET", "/v2/shop/web/manifests/1.0-amd64", None, {"Accept": OCI_MANIFEST})[2]
    )
    for part in (body["config"], *body["layers"]):
        registry.send("POST", f"/v2/shop/many/blobs/uploads/?mount={part['digest']}&from=shop/web", b"")
    for number in range(25):
        registry.put_manifest("shop/many", f"t{number:02}", body)
    with opened(registry) as client:
        assert sorted(client.tags("shop/many")) == [f"t{n:02}" for n in range(25)]
    with opened(registry, items=20) as client, pytest.raises(NodeError) as caught:
        list(client.tags("shop/many"))
    assert caught.value.code == "too_many"


def test_what_is_attached_is_found_by_tag_and_by_the_referrers_fallback(registry: Running) -> None:
    with opened(registry) as client:
        subject = client.manifest("shop/web", "1.0")
    empty = registry.put_blob("shop/web", b"{}", "application/vnd.oci.empty.v1+json")
    layer = registry.put_blob("shop/web", b"signature", "application/vnd.example.signature")
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example.signature",
        "config": empty,
        "layers": [layer],
        "subject": {"mediaType": OCI_INDEX, "digest": subject.digest, "size": 1},
    }
    tag = fallback_tag(subject.digest)
    attached = registry.put_manifest("shop/web", f"{tag}.sig", manifest)
    referrer = {**attached, "artifactType": "application/vnd.example.signature", "annotations": {"a": "b"}}
    registry.put_manifest(
        "shop/web", tag, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [referrer]}
    )
    with opened(registry) as client:
        found = client.attached("shop/web", subject.digest, "sig")
        assert found is not None and found.digest == attached["digest"]
        assert found.kind == "application/vnd.example.signature"
        assert found.subject is not None and found.subject.digest == subject.digest
        (listed,) = client.referrers("shop/web", subject.digest)
        assert (listed.digest, listed.artifact_type) == (attached["digest"], manifest["artifactType"])
        assert client.blob("shop/web", found.layers[0]) == b"signature"


# -- who may


def test_a_password_opens_a_registry_and_a_wrong_one_does_not(tmp_path: Path, layout: Layout) -> None:
    with running(tmp_path, tls=True, password=True) as started:
        started.push(layout, "one", "shop/web", "1.0")
        with opened(started) as client:
            client.ping()
            assert list(client.tags("shop/web")) == ["1.0"]
        ca = started.credential.ca_certificate
        assert refusal(started, Credential(ca_certificate=ca)).code == "permission_denied"
        wrong = Credential(ca_certificate=ca, username=USER, password="wrong")
        assert refusal(started, wrong).code == "permission_denied"


def test_tokens_are_asked_for_once_for_each_repository(tmp_path: Path, layout: Layout) -> None:
    with TokenRealm() as realm, running(tmp_path, realm=realm) as started:
        started.push(layout, "one", "shop/web", "1.0")
        started.push(layout, "one", "public/web", "1.0")
        realm.asked.clear()
        with opened(started) as client:
            client.ping()
            assert list(client.tags("shop/web")) == ["1.0"]
            manifest = client.manifest("shop/web", "1.0")
            assert isinstance(manifest, Manifest)
            client.blob("shop/web", manifest.config)
            client.manifest("public/web", "1.0")
        scopes = [query.get("scope") for query, _ in realm.asked]
        assert scopes == [None, ["repository:shop/web:pull"], ["repository:public/web:pull"]]
        assert all(query["service"] == ["registry of the tests"] for query, _ in realm.asked)
        assert all(authorization.startswith("Basic ") for _, authorization in realm.asked)


def test_without_an_account_only_what_is_public_is_read(tmp_path: Path, layout: Layout) -> None:
    with TokenRealm() as realm, running(tmp_path, realm=realm) as started:
        started.push(layout, "one", "shop/web", "1.0")
        started.push(layout, "one", "public/web", "1.0")
        with opened(started, Credential()) as client:
            client.ping()
            assert list(client.tags("public/web")) == ["1.0"]
            with pytest.raises(NodeError) as caught:
                client.manifest("shop/web", "1.0")
        assert caught.value.code == "permission_denied" and "user name" in caught.value.hint
        wrong = Credential(username=USER, password="wrong")
        assert refusal(started, wrong).code == "permission_denied"


def test_a_token_that_ended_is_renewed(tmp_path: Path, layout: Layout) -> None:
    """Its realm says nothing of its true end, so the registry's 401 is what tells."""
    with TokenRealm() as realm, running(tmp_path, realm=realm) as started:
        started.push(layout, "one", "shop/web", "1.0")
        realm.asked.clear()
        with opened(started) as client:
            realm.seconds = -100  # ended when it is given out; the registry allows a minute of skew
            with pytest.raises(NodeError) as caught:
                client.manifest("shop/web", "1.0")
            assert caught.value.code == "permission_denied"
            assert 2 <= len(realm.asked) <= 3
            realm.seconds = 300
            assert client.manifest("shop/web", "1.0").digest.startswith("sha256:")


# -- the way there


def test_a_certificate_of_an_unknown_authority_is_not_trusted(registry: Running) -> None:
    assert refusal(registry, Credential()).code == "tls_untrusted"


def test_plain_http_is_read_only_where_that_is_allowed(tmp_path: Path) -> None:
    with running(tmp_path) as started:
        error = refusal(started, options=Options())
        assert error.code == "address_invalid" and "plaintext" in error.hint
        with opened(started) as client:
            client.ping()


def test_a_denied_network_is_refused_before_anything_is_asked(registry: Running) -> None:
    assert refusal(registry, options=Options(denied_networks=("127.0.0.0/8",))).code == "address_denied"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://registry.example", "https://registry.example"),
        ("https://Registry.Example:443/", "https://registry.example"),
        ("https://registry.example:5000/shop/web", "https://registry.example:5000/shop/web"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://docker.io/library", "https://registry-1.docker.io/library"),
    ],
)
def test_addresses_are_read(address: str, said: str) -> None:
    assert str(parse_registry_address(address)) == said


@pytest.mark.parametrize(
    "address",
    [
        "",
        "registry.example",
        "ftp://registry.example",
        "https://",
        "https://user@registry.example",
        "https://user:secret@registry.example",
        "https://registry.example:0",
        "https://registry.example:99999",
        "https://registry.example/Shop",
        "https://registry.example/shop?x=1",
        "https://registry.example/#x",
        "https://registry.example/../x",
        "https://regis try.example",
        "https://[::1",
    ],
)
def test_addresses_that_are_none_are_refused_and_say_why(address: str) -> None:
    with pytest.raises(NodeError) as caught:
        parse_registry_address(address)
    assert caught.value.code == "address_invalid" and "secret" not in caught.value.message


def test_a_namespace_holds_what_is_below_it_by_whole_parts() -> None:
    address = parse_registry_address("https://docker.io/shop")
    assert address.name == "docker.io"
    assert address.holds("shop/web") and address.holds("shop") and not address.holds("shopping/web")
    assert parse_registry_address("https://registry.example:5000").name == "registry.example:5000"
