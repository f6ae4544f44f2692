"""Manifests and indexes from bytes: real ones of registries, and anything at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.oci import (
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    DigestMismatchError,
    Index,
    MalformedManifestError,
    Manifest,
    Platform,
    check_digest,
    checked,
    digest_of,
    is_repository,
    parse_platform,
    read_manifest,
)

BLOB = {"mediaType": "application/octet-stream", "digest": digest_of(b"x"), "size": 1}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
FIELDS = [
    *("schemaVersion", "mediaType", "manifests", "layers", "config", "subject"),
    *("annotations", "artifactType", "digest", "size", "platform", "os"),
]
DATA = Path(__file__).parent.parent / "data" / "registry"


def test_what_registries_really_answer_is_read() -> None:
    listed = read_manifest((DATA / "docker-manifest-list.json").read_bytes())
    assert isinstance(listed, Index) and len(listed.manifests) == 5
    chosen = listed.for_platform(parse_platform("linux/arm/v7"))
    assert chosen is not None and chosen.platform is not None and chosen.platform.variant == "v7"
    index = read_manifest((DATA / "oci-image-index.json").read_bytes(), media_type=OCI_INDEX)
    assert isinstance(index, Index) and len(index.manifests) == 2
    image = read_manifest((DATA / "docker-manifest-v2s2.json").read_bytes(), media_type=DOCKER_MANIFEST)
    assert isinstance(image, Manifest) and len(image.layers) == 3


def test_the_first_schema_is_said_to_be_out_of_use() -> None:
    with pytest.raises(MalformedManifestError, match="schema 2"):
        read_manifest((DATA / "docker-manifest-v2s1-signed.json").read_bytes())


def test_docker_and_oci_manifests_are_read_alike() -> None:
    for kind in (DOCKER_MANIFEST, OCI_MANIFEST):
        body = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": BLOB, "layers": [BLOB]}).encode()
        manifest = read_manifest(body, media_type=f"{kind}; charset=utf-8")
        assert isinstance(manifest, Manifest) and manifest.media_type == kind
        assert (manifest.digest, manifest.layers[0].size) == (digest_of(body), 1)


def test_an_artifact_names_its_kind_and_subject() -> None:
    content = {"schemaVersion": 2, "config": BLOB, "layers": [], "subject": BLOB, "artifactType": "a/b"}
    manifest = read_manifest(json.dumps(content).encode())
    assert isinstance(manifest, Manifest)
    assert (
        manifest.kind == "a/b" and manifest.subject is not None and manifest.subject.digest == BLOB["digest"]
    )
    del content["artifactType"]
    assert read_manifest(json.dumps(content).encode()).kind == "application/octet-stream"  # type: ignore[union-attr]


def test_an_index_prefers_the_named_variant_and_leaves_attestations_out() -> None:
    def image(architecture: str, variant: str = "", os: str = "linux") -> dict:
        platform = {"os": os, "architecture": architecture} | ({"variant": variant} if variant else {})
        return BLOB | {"digest": digest_of(f"{os}{architecture}{variant}".encode()), "platform": platform}

    manifests = [image("arm", "v6"), image("arm", "v7"), image("amd64"), image("unknown", os="unknown"), BLOB]
    index = read_manifest(json.dumps({"schemaVersion": 2, "manifests": manifests}).encode())
    assert isinstance(index, Index) and index.media_type == OCI_INDEX
    for wanted, digest in (
        ("linux/arm/v7", manifests[1]),
        ("linux/arm", manifests[0]),
        ("linux/x86_64", manifests[2]),
    ):
        found = index.for_platform(parse_platform(wanted))
        assert found is not None and found.digest == digest["digest"]
    assert index.for_platform(parse_platform("windows/amd64")) is None
    assert [str(platform) for platform in index.platforms] == ["linux/arm/v6", "linux/arm/v7", "linux/amd64"]


def test_a_manifest_is_held_against_its_digest() -> None:
    body = json.dumps({"schemaVersion": 2, "config": BLOB, "layers": []}).encode()
    assert read_manifest(body, digest=digest_of(body, "sha512")).digest.startswith("sha512:")
    for digest in (
        digest_of(b"other"),
        "sha256:",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256:" + "A" * 64,
    ):
        with pytest.raises(DigestMismatchError):
            read_manifest(body, digest=digest)
        with pytest.raises(DigestMismatchError):
            check_digest(body, digest)


@given(st.lists(st.binary(max_size=50), max_size=6), st.integers(-2, 2))
def test_a_stream_is_handed_on_only_as_what_it_should_be(pieces: list[bytes], off: int) -> None:
    body = b"".join(pieces)
    descriptor = Descriptor(media_type="", digest=digest_of(body), size=len(body) + off)
    if off:
        with pytest.raises(DigestMismatchError):
            list(checked(iter(pieces), descriptor))
    else:
        assert b"".join(checked(iter(pieces), descriptor)) == body


@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8))
def test_any_json_is_a_manifest_or_said_to_be_none(content: object) -> None:
    try:
        found = read_manifest(json.dumps(content).encode())
    except MalformedManifestError as error:
        assert str(error)
    else:
        assert isinstance(found, Manifest | Index)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_manifest_or_said_to_be_none(body: bytes) -> None:
    with pytest.raises(MalformedManifestError):
        read_manifest(body)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("library/nginx", True), ("a/b/c", True), ("a..b", False), ("a--b", True), ("A/b", False), ("/a", False), ("a/", False),
     ("a" * 256, False), ("a..b", False), ("..", False), ("a\n", False)],
)  # fmt: skip
def test_names_of_repositories(name: str, is_one: bool) -> None:
    assert is_repository(name) is is_one


def test_platforms_of_engines_and_registries_are_the_same() -> None:
    assert parse_platform("linux/x86_64") == Platform(os="linux", architecture="amd64")
    assert parse_platform("linux/arm64/v8").runs(parse_platform("linux/aarch64"))
    assert not parse_platform("linux/arm/v6").runs(parse_platform("linux/arm/v7"))
