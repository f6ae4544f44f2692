"""Images that were really signed, in a real registry: what is beside them is found, and verified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from scanners.connectors import open_node
from scanners.connectors.attachments import MOST_IMAGE_BYTES
from scanners.connectors.registry_client import fallback_tag
from scanners.records import AssetKind, Credential, Limits, NodeError, Skipped
from scanners.registry_images import RegistryImage, WantedImage, evidence_again
from scanners.signatures.examine import examine, verify
from scanners.signatures.notation import ARTIFACT_TYPE, JWS
from scanners.signatures.records import Attachment, SignatureKind, SignatureOutcome, TrustedKey, TrustPolicy
from scanners.signatures.statements import ENVELOPES, IN_TOTO
from tests.registries import Layout, Running, running
from tests.scanners.connectors.pulling import never
from tests.signing import (
    COSIGN_BUNDLE,
    PROVENANCE_V1,
    attestation,
    cosign,
    envelope,
    new_key,
    public_pem,
    statement,
)

KEY, STRANGER = new_key(), new_key("ed25519")
POLICY = TrustPolicy(keys=(TrustedKey(name="release", pem=public_pem(KEY)),))
SLSA = "https://slsa.dev/provenance/v1"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
DATA = Path(__file__).parents[2] / "data" / "signatures"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("registry")) as started:
        yield started


def pushed(registry: Running, tmp_path: Path, repository: str, *, several: bool = True) -> list[str]:
    """Push an image; returns its digests, of the amd64 manifest first, then of the index if there are several."""
    layout = Layout(tmp_path / repository.replace("/", "-"))
    images = [layout.image(f"{repository} {a}", a) for a in ("amd64", "arm64")]
    named = layout.index(images) if several else images[0]
    layout.name(named, "x")
    registry.push(layout, "x", repository, "1.0")
    return [images[0]["digest"], named["digest"]] if several else [images[0]["digest"]]


def collected(registry: Running, *wanted: WantedImage, **more: object) -> list[RegistryImage | Skipped]:
    credential = more.pop("credential", Credential())
    limits = more.pop("limits", Limits(seconds=60))
    options = {"allow_plaintext": True, "is_cancelled": never} | more
    with open_node("registry", registry.address, credential, limits, images=wanted, **options) as session:  # type: ignore[arg-type]
        return list(session.collect(lambda *_: None))  # type: ignore[arg-type]


def read(registry: Running, repository: str, digest: str, **more: object) -> RegistryImage:
    wanted = WantedImage(key="k", repository=repository, digest=digest, **more)  # type: ignore[arg-type]
    (found,) = collected(registry, wanted)
    assert isinstance(found, RegistryImage), found
    return found


def test_an_image_signed_with_cosigns_scheme_is_verified(registry: Running, tmp_path: Path) -> None:
    manifest, index = pushed(registry, tmp_path, "shop/signed")
    name = f"{registry.host}/shop/signed"
    registry.put_signature("shop/signed", cosign(KEY, index, name), f"{fallback_tag(index)}.sig")
    found = read(registry, "shop/signed", index)
    assert found.evidence.digests == (manifest, index) and found.evidence.repository == name
    judged = verify(found.evidence, POLICY)
    assert (judged.outcome, judged.signers) == (SignatureOutcome.VERIFIED, ("release",))
    assert verify(found.evidence, TrustPolicy()).outcome is SignatureOutcome.UNTRUSTED
    assert evidence_again(json.loads(json.dumps(found.document))) == found.evidence


def test_an_image_without_anything_is_unsigned(registry: Running, tmp_path: Path) -> None:
    (digest,) = pushed(registry, tmp_path, "shop/plain", several=False)
    found = read(registry, "shop/plain", digest)
    assert found.evidence.attachments == () and found.evidence.digests == (digest,)
    assert verify(found.evidence, POLICY).outcome is SignatureOutcome.UNSIGNED


def test_attestations_and_signatures_of_one_platform_are_found(registry: Running, tmp_path: Path) -> None:
    manifest, index = pushed(registry, tmp_path, "shop/attested")
    attested = attestation(KEY, statement(manifest, SLSA, PROVENANCE_V1))
    registry.put_signature("shop/attested", attested, f"{fallback_tag(manifest)}.att")
    judged = verify(read(registry, "shop/attested", index).evidence, POLICY)
    assert judged.outcome is SignatureOutcome.VERIFIED
    assert judged.signatures[0].provenance is not None
    arm = read(registry, "shop/attested", index, platform="linux/arm64").evidence
    assert verify(arm, POLICY).outcome is SignatureOutcome.UNSIGNED


def test_what_refers_to_an_image_is_found_by_its_type(registry: Running, tmp_path: Path) -> None:
    manifest, index = pushed(registry, tmp_path, "shop/referred")
    bundle = COSIGN_BUNDLE | {
        "dsseEnvelope": envelope(KEY, statement(index, "https://sigstore.dev/cosign/sign/v1"))
    }
    signature = cosign(KEY, index)
    registry.put_referrers(
        "shop/referred",
        index,
        Attachment(media_type=BUNDLE, artifact_type=BUNDLE, attached_to="", body=json.dumps(bundle).encode()),
        msgspec.structs.replace(signature, artifact_type="application/vnd.dev.cosign.artifact.sig.v1+json"),
        Attachment(
            media_type=JWS,
            artifact_type=ARTIFACT_TYPE,
            attached_to="",
            body=(DATA / "notation-jws-envelope.json").read_bytes(),
        ),
        Attachment(media_type="text/spdx", artifact_type="application/spdx+json", attached_to="", body=b"{}"),
    )
    judged = verify(read(registry, "shop/referred", index).evidence, POLICY)
    assert judged.outcome is SignatureOutcome.VERIFIED
    assert {each.kind: each.verified for each in judged.signatures} == {
        SignatureKind.BUNDLE: True,
        SignatureKind.COSIGN: True,
        SignatureKind.NOTATION: False,
    }
    assert manifest


def test_buildkits_provenance_is_found_in_the_index(registry: Running, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    image = layout.image("built")
    said = layout.blob(
        statement(image["digest"], SLSA, PROVENANCE_V1),
        IN_TOTO,
        annotations={"in-toto.io/predicate-type": SLSA},
    )
    config = layout.document(
        {"os": "unknown", "architecture": "unknown"}, "application/vnd.oci.image.config.v1+json"
    )
    media_type = "application/vnd.oci.image.manifest.v1+json"
    attesting = layout.document(
        {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [said]},
        media_type,
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image["digest"],
        },
    )
    digest = layout.name(layout.index([image, attesting]), "x")
    registry.push(layout, "x", "shop/built", "1.0")
    found = read(registry, "shop/built", digest)
    (provenance,) = examine(found.evidence, []).unsigned
    assert provenance.source == "git+https://github.com/shop/web@refs/heads/main"
    assert verify(found.evidence, POLICY).outcome is SignatureOutcome.UNSIGNED
    again = read(registry, "shop/built", digest, known=found.evidence)
    assert again == found


def test_what_was_read_before_is_not_asked_for_again(registry: Running, tmp_path: Path) -> None:
    _, index = pushed(registry, tmp_path, "shop/again")
    registry.put_signature("shop/again", cosign(KEY, index), f"{fallback_tag(index)}.sig")
    first = read(registry, "shop/again", index)
    mark = registry.requests()
    again = read(registry, "shop/again", index, known=first.evidence)
    assert again == first
    asked = registry.requests()[len(mark) :]
    assert asked and not [
        line for line in asked if "GET" in line and ("/manifests/sha256:" in line or "/blobs/" in line)
    ]
    registry.put_signature("shop/again", cosign(STRANGER, index), f"{fallback_tag(index)}.sig")
    changed = read(registry, "shop/again", index, known=first.evidence)
    assert changed.fingerprint != first.fingerprint
    assert verify(changed.evidence, POLICY).outcome is SignatureOutcome.UNTRUSTED


def test_a_signature_that_the_registry_lost_is_not_taken_for_none(registry: Running, tmp_path: Path) -> None:
    (digest,) = pushed(registry, tmp_path, "shop/lost", several=False)
    signature = cosign(KEY, digest)
    registry.put_signature("shop/lost", signature, f"{fallback_tag(digest)}.sig")
    from tests.registries import digest_of

    value = digest_of(signature.body).removeprefix("sha256:")
    shutil.rmtree(registry.folder / "data/docker/registry/v2/blobs/sha256" / value[:2] / value)
    judged = verify(read(registry, "shop/lost", digest).evidence, POLICY)
    assert judged.outcome is SignatureOutcome.UNTRUSTED and "could not be fetched" in judged.reason


def test_an_attestation_that_says_it_is_an_sbom_is_left_alone(registry: Running, tmp_path: Path) -> None:
    (digest,) = pushed(registry, tmp_path, "shop/sbom", several=False)
    sbom = "https://cyclonedx.org/bom"
    attested = msgspec.structs.replace(
        attestation(KEY, statement(digest, sbom)), annotations={"predicateType": sbom}
    )
    registry.put_signature("shop/sbom", attested, f"{fallback_tag(digest)}.att")
    assert read(registry, "shop/sbom", digest).evidence.attachments == ()
    labelled = msgspec.structs.replace(
        attestation(KEY, statement(digest, SLSA, PROVENANCE_V1)), annotations={"predicateType": SLSA}
    )
    registry.put_signature("shop/sbom", labelled, f"{fallback_tag(digest)}.att")
    assert verify(read(registry, "shop/sbom", digest).evidence, POLICY).outcome is SignatureOutcome.VERIFIED


def test_what_lies_beside_an_image_is_bounded_in_all(registry: Running, tmp_path: Path) -> None:
    (digest,) = pushed(registry, tmp_path, "shop/heavy", several=False)
    heavy = [
        msgspec.structs.replace(
            attestation(STRANGER, statement(digest, SLSA, {"number": number, "padding": "x" * 700_000})),
            artifact_type=ENVELOPES[0],
        )
        for number in range(12)
    ]
    registry.put_referrers("shop/heavy", digest, *heavy)
    evidence = read(registry, "shop/heavy", digest).evidence
    assert sum(len(one.body) for one in evidence.attachments) <= MOST_IMAGE_BYTES
    assert len(evidence.attachments) == 12 and any(
        "beside the image" in o.unread for o in evidence.attachments
    )
    assert verify(evidence, POLICY).outcome is SignatureOutcome.UNTRUSTED


def test_an_image_that_is_not_there_loses_no_other(registry: Running, tmp_path: Path) -> None:
    (digest,) = pushed(registry, tmp_path, "shop/there", several=False)
    gone = "sha256:" + "0" * 64
    found = collected(
        registry,
        WantedImage(key="gone", repository="shop/there", digest=gone),
        WantedImage(key="nowhere", repository="shop/nowhere", digest=digest),
        WantedImage(key="wrong name", repository="Shop/There", digest=digest),
        WantedImage(key="there", repository="shop/there", digest=digest),
    )
    assert [type(item).__name__ for item in found] == ["Skipped"] * 3 + ["RegistryImage"]
    assert [item.kind for item in found[:3]] == ["vanished", "vanished", "malformed"]  # type: ignore[union-attr]
    assert found[0].asset_key == "gone" and found[0].asset_kind is AssetKind.IMAGE  # type: ignore[union-attr]


def test_a_limit_of_bytes_ends_the_pull(registry: Running, tmp_path: Path) -> None:
    (digest,) = pushed(registry, tmp_path, "shop/limit", several=False)
    with pytest.raises(NodeError) as caught:
        collected(
            registry,
            *[WantedImage(key=str(n), repository="shop/limit", digest=digest) for n in range(20)],
            limits=Limits(seconds=60, bytes=3000),
        )
    assert caught.value.code == "too_large"


def test_testing_the_connection_tells_the_registry(registry: Running) -> None:
    address = f"{registry.address}/shop"
    with open_node(
        "registry", address, Credential(), Limits(), allow_plaintext=True, is_cancelled=never
    ) as session:
        report = session.probe()
    assert (report.engine, report.version, report.containers) == ("Registry", "registry/2.0", None)
    assert report.name == f"{registry.host}/shop"
