"""Real documents of sigstore, cosign, the SLSA generators, BuildKit and the Notary Project, verified without a network."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import sigstore

from scanners.signatures.examine import examine, verify
from scanners.signatures.notation import ARTIFACT_TYPE
from scanners.signatures.records import (
    Attachment,
    Examined,
    Proven,
    SignatureEvidence,
    SignatureKind,
    SignatureOutcome,
    TrustedIdentity,
    TrustPolicy,
)
from tests.signing import COSIGN_BUNDLE, envelope, new_key, public_pem, statement

DATA = Path(__file__).parents[2] / "data" / "signatures"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
OCI_ATTESTED = "sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4"
SBOM_OF = "sha256:ea9c657ca44371fadd027510f2a1a68b799003294bf6a4827827971cc4390ad4"
BEACON = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"
    "/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
GITHUB = "https://token.actions.githubusercontent.com"
STAGING = Path(sigstore.__file__).parent / "_store/https%3A%2F%2Ftuf-repo-cdn.sigstage.dev/trusted_root.json"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> Iterator[object]:
        raise AssertionError("a signature was verified with the help of the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def evidence(name: str, digest: str, media_type: str = BUNDLE, **more: object) -> SignatureEvidence:
    body = more.pop("body", None) or (DATA / name).read_bytes()
    attachment = Attachment(media_type=media_type, attached_to=digest, body=body, **more)  # type: ignore[arg-type]
    return SignatureEvidence(repository="registry.example/x", digests=(digest,), attachments=(attachment,))


def proven(found: Examined) -> Proven:
    (one,) = found.proven
    return one


def message_digest(name: str) -> str:
    import base64

    said = json.loads((DATA / name).read_text())["messageSignature"]["messageDigest"]["digest"]
    return f"sha256:{base64.b64decode(said).hex()}"


def test_an_attestation_of_an_image_in_a_bundle_is_verified_offline() -> None:
    found = proven(examine(evidence("sigstore-bundle-v0.3-oci-attestation.json", OCI_ATTESTED), []))
    assert found.is_certified and not found.problem
    assert (found.issuer, found.subject) == ("https://github.com/login/oauth", "cody@soyland.com")
    assert found.signed_at is not None and found.signed_at.year == 2025 and len(found.key_id) == 64


def test_a_bundle_around_a_bare_signature_is_verified_against_the_digest() -> None:
    name = "sigstore-bundle-happy-path-v0.1.json"
    found = proven(examine(evidence(name, message_digest(name)), []))
    assert found.is_certified and (found.issuer, found.subject) == (GITHUB, BEACON)
    other = proven(examine(evidence(name, OCI_ATTESTED), []))
    assert not other.is_certified and other.problem


def test_who_is_trusted_is_said_by_issuer_and_subject_together() -> None:
    name = "sigstore-bundle-happy-path-v0.1.json"
    given = evidence(name, message_digest(name))

    def outcome(issuer: str, subject: str, *repositories: str) -> SignatureOutcome:
        identity = TrustedIdentity(name="CI", issuer=issuer, subject=subject, repositories=repositories)
        return verify(given, TrustPolicy(identities=(identity,))).outcome

    assert outcome(GITHUB, BEACON) is SignatureOutcome.VERIFIED
    assert outcome(GITHUB, "https://github.com/sigstore-conformance/*") is SignatureOutcome.VERIFIED
    assert outcome(GITHUB, BEACON, "registry.example/*") is SignatureOutcome.VERIFIED
    assert outcome(GITHUB, BEACON, "other.example/*") is SignatureOutcome.UNTRUSTED
    assert outcome("https://accounts.google.com", BEACON) is SignatureOutcome.UNTRUSTED
    assert outcome(GITHUB, "https://github.com/sigstore") is SignatureOutcome.UNTRUSTED
    assert outcome(GITHUB, BEACON.upper()) is SignatureOutcome.UNTRUSTED


def test_an_sbom_in_a_bundle_is_certified_and_vouches_for_nothing() -> None:
    found = proven(examine(evidence("sigstore-bundle-cyclonedx-attestation.json", SBOM_OF), []))
    assert found.is_certified and not found.is_vouching
    assert found.predicate_type == "https://cyclonedx.org/bom"


def test_a_bundle_about_another_image_is_not_one_of_this() -> None:
    found = proven(examine(evidence("sigstore-bundle-v0.3-oci-attestation.json", SBOM_OF), []))
    assert not found.is_certified and "another image" in found.problem


@pytest.mark.parametrize(
    "name", ["sigstore-bundle-invalid-inclusion-proof-fail.json", "sigstore-bundle-rekor2-happy-path.json"]
)
def test_bundles_that_the_public_root_does_not_prove_are_not_believed(name: str) -> None:
    """The first is a conformance case that must fail; the second has its time from an authority of the staging root."""
    found = proven(examine(evidence(name, message_digest(name)), []))
    assert not found.is_certified and found.problem


def test_another_trusted_root_does_not_prove_it() -> None:
    name = "sigstore-bundle-v0.3-oci-attestation.json"
    found = proven(examine(evidence(name, OCI_ATTESTED), [], trusted_root=str(STAGING)))
    assert not found.is_certified and found.problem
    missing = proven(examine(evidence(name, OCI_ATTESTED), [], trusted_root="/nowhere/root.json"))
    assert "trusted root" in missing.problem


def changed(**tlog: str) -> bytes:
    bundle = json.loads((DATA / "sigstore-bundle-v0.3-oci-attestation.json").read_text())
    bundle["verificationMaterial"]["tlogEntries"][0].update(tlog)
    return json.dumps(bundle).encode()


def test_a_bundle_signed_after_its_certificate_ended_is_not_believed() -> None:
    name = "sigstore-bundle-v0.3-oci-attestation.json"
    later = evidence(name, OCI_ATTESTED, body=changed(integratedTime="1740870291"))
    found = proven(examine(later, []))
    assert not found.is_certified and "valid" in found.problem
    # The same moment inside the certificate's ten minutes, but not the one that the log signed.
    earlier = evidence(name, OCI_ATTESTED, body=changed(integratedTime="1740770292"))
    assert not proven(examine(earlier, [])).is_certified


def test_a_bundle_with_another_payload_is_not_believed() -> None:
    bundle = json.loads((DATA / "sigstore-bundle-v0.3-oci-attestation.json").read_text())
    forged = envelope(new_key(), statement(SBOM_OF, "https://slsa.dev/provenance/v1"))
    bundle["dsseEnvelope"]["payload"] = forged["payload"]
    found = proven(examine(evidence("", SBOM_OF, body=json.dumps(bundle).encode()), []))
    assert not found.is_certified and found.problem


def test_a_bundle_made_with_a_bare_key_is_held_against_the_trusted_keys() -> None:
    key = new_key()
    bundle = COSIGN_BUNDLE | {
        "dsseEnvelope": envelope(key, statement(SBOM_OF, "https://sigstore.dev/cosign/sign/v1"))
    }
    given = evidence("", SBOM_OF, body=json.dumps(bundle).encode())
    assert proven(examine(given, [public_pem(key)])).keys
    assert "not among the trusted" in proven(examine(given, [public_pem(new_key())])).problem


def test_cosigns_older_keyless_form_is_read_and_said_not_to_be_verifiable_offline() -> None:
    manifest = json.loads((DATA / "slsa-gha-container-atts-manifest.json").read_text())
    layer = manifest["layers"][0]
    given = evidence(
        "slsa-gha-container-dsse.json",
        "sha256:e0a0a765d690a5104331cfbac88ebbbf01736c1f87aaa3cd455c516a5ea586a5",
        media_type=layer["mediaType"],
        annotations=layer["annotations"],
    )
    found = proven(examine(given, []))
    assert (found.kind, found.issuer) == (SignatureKind.ATTESTATION, GITHUB)
    assert "generator_container_slsa3.yml" in found.subject and "offline" in found.problem
    assert found.provenance is not None
    assert found.provenance.builder.endswith("generator_container_slsa3.yml@refs/tags/v1.10.0")
    assert (
        found.provenance.source == "git+https://github.com/slsa-framework/example-package@refs/tags/v13.0.30"
    )
    assert found.provenance.revision == "sha1:d37a7f740ee7404914456f24dcd90e865a0509e8"


def test_the_certificate_of_another_does_not_lend_its_name() -> None:
    manifest = json.loads((DATA / "slsa-gha-container-atts-manifest.json").read_text())
    digest = "sha256:e0a0a765d690a5104331cfbac88ebbbf01736c1f87aaa3cd455c516a5ea586a5"
    forged = envelope(new_key(), statement(digest, "https://slsa.dev/provenance/v1"))
    given = evidence(
        "",
        digest,
        media_type=manifest["layers"][0]["mediaType"],
        annotations=manifest["layers"][0]["annotations"],
        body=json.dumps(forged).encode(),
    )
    found = proven(examine(given, []))
    assert "key of its certificate" in found.problem and not found.subject


def test_buildkits_provenance_is_shown_as_signed_by_nobody() -> None:
    digest = "sha256:ae01bed04d3f41efa80182824a50345cd1430f4d1a9308eda4369122bd94c85e"
    given = evidence("intoto-buildkit-provenance.json", digest, media_type="application/vnd.in-toto+json")
    found = examine(given, [])
    assert found.proven == ()
    (provenance,) = found.unsigned
    assert provenance.build_type == "https://mobyproject.org/buildkit@v1"
    assert provenance.source.startswith("https://github.com/slsa-framework/example-package.git#")


def test_a_notation_signature_names_its_certificate_and_is_not_verified() -> None:
    digest = "sha256:19dbd2e48e921426ee8ace4dc892edfb2ecdc1d1a72d5416c83670c30acecef0"
    given = evidence(
        "notation-jws-envelope.json", digest, media_type="application/jose+json", artifact_type=ARTIFACT_TYPE
    )
    judged = verify(given, TrustPolicy())
    assert judged.outcome is SignatureOutcome.UNTRUSTED and "not verified" in judged.reason
    assert judged.signatures[0].kind is SignatureKind.NOTATION
    assert "CN=alpine" in judged.signatures[0].subject
