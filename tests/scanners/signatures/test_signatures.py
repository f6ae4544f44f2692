"""Signatures made with a key and what a policy makes of them; and everything that must not be believed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.signatures.examine import MOST_ATTACHMENTS, MOST_BYTES, examine, judge, verify
from scanners.signatures.keys import UnusableKeyError, read_public_key
from scanners.signatures.notation import ARTIFACT_TYPE
from scanners.signatures.records import (
    Attachment,
    Judged,
    SignatureEvidence,
    SignatureKind,
    SignatureOutcome,
    TrustedKey,
    TrustPolicy,
)
from scanners.signatures.simple_signing import MEDIA_TYPE, SIGNATURE
from scanners.signatures.statements import COSIGN_SIGN, ENVELOPES, IN_TOTO
from tests.signing import (
    PROVENANCE_V1,
    PrivateKey,
    attestation,
    cosign,
    envelope,
    new_key,
    payload,
    public_pem,
    signed,
    statement,
)

DIGEST = "sha256:" + "a" * 64
INDEX = "sha256:" + "b" * 64
OTHER = "sha256:" + "c" * 64
REPOSITORY = "registry.example/shop/web"
SLSA = "https://slsa.dev/provenance/v1"
KEY = new_key()
STRANGER = new_key()


def policy(*keys: PrivateKey, repositories: tuple[str, ...] = ()) -> TrustPolicy:
    return TrustPolicy(
        keys=tuple(
            TrustedKey(name=f"key {number}", pem=public_pem(key), repositories=repositories)
            for number, key in enumerate(keys)
        )
    )


def outcome(
    *attachments: Attachment, trust: TrustPolicy | None = None, repository: str = REPOSITORY
) -> Judged:
    evidence = SignatureEvidence(repository=repository, digests=(DIGEST, INDEX), attachments=attachments)
    return verify(evidence, policy(KEY) if trust is None else trust)


def refused(*attachments: Attachment, trust: TrustPolicy | None = None, repository: str = REPOSITORY) -> str:
    """The reason why what is there is not believed."""
    judged = outcome(*attachments, trust=trust, repository=repository)
    assert judged.outcome is SignatureOutcome.UNTRUSTED and judged.signers == ()
    assert not any(each.verified for each in judged.signatures)
    return judged.reason


# -- signatures with a key


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "rsa4096", "ed25519"])
def test_a_signature_by_a_trusted_key_verifies_the_image(kind: str) -> None:
    key = new_key(kind)
    judged = outcome(cosign(key, DIGEST, REPOSITORY), trust=policy(key))
    assert (judged.outcome, judged.signers) == (SignatureOutcome.VERIFIED, ("key 0",))
    (signature,) = judged.signatures
    assert signature.verified and len(signature.key_id) == 64 and signature.kind is SignatureKind.COSIGN


def test_a_signature_of_the_index_is_one_of_the_image() -> None:
    assert outcome(cosign(KEY, INDEX)).outcome is SignatureOutcome.VERIFIED


def test_cosigns_new_hash_for_p384_is_taken_too() -> None:
    key, body = new_key("p384"), payload(DIGEST)
    annotations = {SIGNATURE: base64.b64encode(signed(key, body, hashes.SHA384())).decode()}
    attachment = Attachment(media_type=MEDIA_TYPE, attached_to="", body=body, annotations=annotations)
    assert outcome(attachment, trust=policy(key)).outcome is SignatureOutcome.VERIFIED


def test_one_good_signature_among_bad_ones_is_enough() -> None:
    judged = outcome(cosign(STRANGER, DIGEST), cosign(KEY, OTHER), cosign(KEY, DIGEST))
    assert judged.outcome is SignatureOutcome.VERIFIED
    assert [each.verified for each in judged.signatures] == [False, False, True]


def test_nothing_there_is_unsigned() -> None:
    assert outcome().outcome is SignatureOutcome.UNSIGNED


def test_a_key_that_is_not_trusted_verifies_nothing() -> None:
    assert "not among the trusted" in refused(cosign(STRANGER, DIGEST))
    assert "not among the trusted" in refused(cosign(KEY, DIGEST), trust=TrustPolicy())


def test_a_signature_of_another_image_is_not_one_of_this() -> None:
    moved = msgspec.structs.replace(cosign(KEY, OTHER), attached_to=DIGEST)
    assert "another image" in refused(moved)


def test_a_signature_under_another_name_is_not_one_of_this() -> None:
    assert "registry.example/shop/other" in refused(cosign(KEY, DIGEST, "registry.example/shop/other"))
    # A mirror is taken only where both of its names are written down.
    both = ("registry.example/shop/*", "mirror.example/*")
    mirrored = cosign(KEY, DIGEST, REPOSITORY)
    judged = outcome(mirrored, trust=policy(KEY, repositories=both), repository="mirror.example/shop/web")
    assert judged.outcome is SignatureOutcome.VERIFIED
    only = policy(KEY, repositories=("mirror.example/*",))
    assert "signed as" in refused(mirrored, trust=only, repository="mirror.example/shop/web")


def test_a_key_counts_only_for_the_repositories_that_it_is_trusted_for() -> None:
    trust = policy(KEY, repositories=("registry.example/other/*",))
    assert "not trusted for registry.example/shop/web" in refused(cosign(KEY, DIGEST), trust=trust)
    assert (
        outcome(cosign(KEY, DIGEST), trust=policy(KEY, repositories=("registry.example/*",))).outcome
        is SignatureOutcome.VERIFIED
    )


def test_a_name_with_tag_or_digest_names_its_repository() -> None:
    for name in (f"{REPOSITORY}:1.0", f"{REPOSITORY}@{DIGEST}", f"{REPOSITORY}:1.0@{DIGEST}"):
        assert outcome(cosign(KEY, DIGEST, name)).outcome is SignatureOutcome.VERIFIED
    local = "registry.example:5000/web"
    assert outcome(cosign(KEY, DIGEST, local), repository=local).outcome is SignatureOutcome.VERIFIED


# -- what must not be believed


def test_a_changed_payload_is_not_what_was_signed() -> None:
    good = cosign(KEY, OTHER)
    changed = msgspec.structs.replace(good, body=payload(DIGEST))
    assert "not among the trusted" in refused(changed)
    padded = msgspec.structs.replace(cosign(KEY, DIGEST), body=payload(DIGEST) + b" ")
    assert "not among the trusted" in refused(padded)


@pytest.mark.parametrize(
    "value", ["", "AAAA", "not base64!", "====", base64.b64encode(b"x" * 70).decode(), "é"]
)
def test_a_broken_signature_is_none(value: str) -> None:
    broken = msgspec.structs.replace(cosign(KEY, DIGEST), annotations={SIGNATURE: value})
    assert refused(broken)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "ed25519"])
def test_a_signature_by_one_kind_of_key_is_none_of_another(kind: str) -> None:
    """Nothing in a document chooses the algorithm, so the public key is never taken for a shared secret either."""
    trusted = new_key(kind)
    for other in ("p256", "p384", "rsa2048", "ed25519"):
        assert refused(cosign(new_key(other), DIGEST), trust=policy(trusted))
    import hmac

    body = payload(DIGEST)
    mac = hmac.new(public_pem(trusted).encode(), body, "sha256").digest()
    forged = Attachment(
        media_type=MEDIA_TYPE,
        attached_to="",
        body=body,
        annotations={SIGNATURE: base64.b64encode(mac).decode(), "alg": "HS256"},
    )
    assert refused(forged, trust=policy(trusted))


def test_a_weaker_hash_is_not_taken() -> None:
    key, body = new_key("rsa2048"), payload(DIGEST)
    weak = base64.b64encode(signed(key, body, hashes.SHA1())).decode()  # noqa: S303
    attachment = Attachment(media_type=MEDIA_TYPE, attached_to="", body=body, annotations={SIGNATURE: weak})
    assert refused(attachment, trust=policy(key))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"critical":[]}',
        payload(DIGEST, type="something else"),
        payload(DIGEST, image={"docker-manifest-digest": [DIGEST]}),
        payload(DIGEST, image={}),
        json.dumps({"critical": {"image": {"docker-manifest-digest": DIGEST}}}).encode(),
    ],
)
def test_a_signed_payload_that_is_none_is_not_believed(body: bytes) -> None:
    annotations = {SIGNATURE: base64.b64encode(signed(KEY, body)).decode()}
    assert refused(Attachment(media_type=MEDIA_TYPE, attached_to="", body=body, annotations=annotations))


def test_what_is_too_large_or_too_many_is_said_and_not_read() -> None:
    huge = Attachment(media_type=MEDIA_TYPE, attached_to="", body=b" " * (MOST_BYTES + 1))
    assert "larger than" in refused(huge)
    many = [cosign(STRANGER, DIGEST)] * (MOST_ATTACHMENTS + 50)
    judged = outcome(*many, cosign(KEY, DIGEST))
    assert judged.outcome is SignatureOutcome.UNTRUSTED and len(judged.signatures) == MOST_ATTACHMENTS + 1
    crowded = envelope(KEY, statement(DIGEST, SLSA))
    crowded["signatures"] = crowded["signatures"] * 1000
    assert "signatures" in refused(
        Attachment(media_type=ENVELOPES[0], attached_to="", body=json.dumps(crowded).encode())
    )


def test_what_could_not_be_fetched_is_not_taken_for_unsigned() -> None:
    assert "too large" in refused(Attachment(media_type=MEDIA_TYPE, attached_to="", unread="it is too large"))


NAMES = [
    *("critical", "image", "payload", "payloadType", "signatures", "sig", "header", "x5c", "mediaType"),
    *("dsseEnvelope", "verificationMaterial", "messageSignature", "subject", "predicate", "tlogEntries"),
]
TYPES = [
    MEDIA_TYPE,
    *ENVELOPES,
    IN_TOTO,
    "application/jose+json",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
]
DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(
    st.sampled_from(TYPES),
    st.binary(max_size=300) | DOCUMENTS.map(lambda content: json.dumps(content).encode()),
    st.dictionaries(st.sampled_from([SIGNATURE, "dev.sigstore.cosign/certificate"]), st.text(max_size=60)),
)
def test_no_document_breaks_the_examination_or_is_believed(
    media_type: str, body: bytes, annotations: dict[str, str]
) -> None:
    judged = outcome(Attachment(media_type=media_type, attached_to="", body=body, annotations=annotations))
    assert judged.outcome in (SignatureOutcome.UNTRUSTED, SignatureOutcome.UNSIGNED) and judged.reason


# -- keys


@pytest.mark.parametrize("kind", ["rsa1024", "p521", "k1"])
def test_keys_that_are_weak_or_unusual_are_refused(kind: str) -> None:
    with pytest.raises(UnusableKeyError, match="P-256"):
        read_public_key(public_pem(new_key(kind)))
    assert refused(cosign(KEY, DIGEST), trust=policy(new_key(kind)))


def test_a_private_key_is_recognised_and_not_quoted() -> None:
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with pytest.raises(UnusableKeyError) as caught:
        read_public_key(pem)
    assert "private" in str(caught.value) and pem.splitlines()[1] not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "x" * 99_999]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UnusableKeyError):
        read_public_key(text)


# -- attestations


def test_provenance_by_a_trusted_key_verifies_the_image_and_tells_its_source() -> None:
    judged = outcome(attestation(KEY, statement(DIGEST, SLSA, PROVENANCE_V1)))
    assert (judged.outcome, judged.signers) == (SignatureOutcome.VERIFIED, ("key 0",))
    provenance = judged.signatures[0].provenance
    assert provenance is not None
    assert provenance.builder == "https://github.com/actions/runner/github-hosted"
    assert provenance.source == "git+https://github.com/shop/web@refs/heads/main"
    assert provenance.revision == "gitCommit:d37a7f740ee7404914456f24dcd90e865a0509e8"
    assert provenance.built_at == datetime(2026, 10, 1, 10, tzinfo=UTC)


def test_a_signature_in_the_form_of_a_statement_verifies_the_image() -> None:
    assert outcome(attestation(KEY, statement(DIGEST, COSIGN_SIGN))).outcome is SignatureOutcome.VERIFIED


def test_an_sbom_by_a_trusted_key_is_shown_and_verifies_nothing() -> None:
    judged = outcome(attestation(KEY, statement(DIGEST, "https://cyclonedx.org/bom")))
    assert judged.outcome is SignatureOutcome.UNSIGNED
    assert judged.signatures[0].verified and not judged.signatures[0].is_vouching


def test_a_statement_about_another_image_is_not_one_of_this() -> None:
    judged = outcome(attestation(KEY, statement(OTHER, SLSA, PROVENANCE_V1)))
    assert judged.outcome is SignatureOutcome.UNTRUSTED and "another image" in judged.reason
    assert judged.signatures[0].provenance is None


def test_an_envelope_changed_after_signing_is_not_believed() -> None:
    good = envelope(KEY, statement(OTHER, SLSA, PROVENANCE_V1))
    good["payload"] = base64.b64encode(statement(DIGEST, SLSA, PROVENANCE_V1)).decode()
    changed = Attachment(media_type=ENVELOPES[0], attached_to="", body=json.dumps(good).encode())
    assert "not among the trusted" in refused(changed)


def test_a_signature_over_the_bare_payload_is_no_envelopes() -> None:
    """DSSE signs the type with the payload: one without it could be lifted from elsewhere."""
    body = statement(DIGEST, SLSA, PROVENANCE_V1)
    lifted = envelope(KEY, body)
    lifted["signatures"] = [{"sig": base64.b64encode(signed(KEY, body)).decode()}]
    assert refused(Attachment(media_type=ENVELOPES[0], attached_to="", body=json.dumps(lifted).encode()))


def test_another_type_of_payload_is_no_statement() -> None:
    judged = outcome(attestation(KEY, statement(DIGEST, SLSA), "text/plain"))
    assert judged.outcome is SignatureOutcome.UNSIGNED and not judged.signatures[0].verified


def test_provenance_that_nobody_signed_is_shown_apart() -> None:
    body = statement(DIGEST, SLSA, PROVENANCE_V1)
    evidence = SignatureEvidence(
        repository=REPOSITORY,
        digests=(DIGEST,),
        attachments=(
            Attachment(media_type=IN_TOTO, attached_to=DIGEST, body=body),
            Attachment(media_type=IN_TOTO, attached_to=DIGEST, body=statement(OTHER, SLSA, PROVENANCE_V1)),
            Attachment(media_type=IN_TOTO, attached_to=DIGEST, body=b"no statement"),
        ),
    )
    examined = examine(evidence, [])
    assert [each.builder for each in examined.unsigned] == [PROVENANCE_V1["runDetails"]["builder"]["id"]]  # type: ignore[index]
    assert judge(examined, policy(KEY)).outcome is SignatureOutcome.UNSIGNED


def test_one_examination_serves_every_policy() -> None:
    evidence = SignatureEvidence(repository=REPOSITORY, digests=(DIGEST,), attachments=(cosign(KEY, DIGEST),))
    examined = examine(evidence, [public_pem(KEY), public_pem(STRANGER)])
    assert judge(examined, policy(KEY)).outcome is SignatureOutcome.VERIFIED
    assert judge(examined, policy(STRANGER)).outcome is SignatureOutcome.UNTRUSTED


def test_a_notation_signature_is_noticed_and_not_believed() -> None:
    cose = Attachment(
        media_type="application/cose", attached_to="", artifact_type=ARTIFACT_TYPE, body=b"\xd2"
    )
    assert "noticed" in refused(cose)
