"""What is read of an image's signatures, what it proves, and whom a policy trusts."""

from __future__ import annotations

import enum
from datetime import datetime

from scanners.records import Record


class SignatureKind(enum.StrEnum):
    """How it was signed."""

    COSIGN = "cosign"  # a simple signing payload
    ATTESTATION = "attestation"  # a DSSE envelope around an in-toto statement
    BUNDLE = "sigstore_bundle"  # a sigstore bundle around either
    NOTATION = "notation"  # a Notary Project signature


class SignatureOutcome(enum.StrEnum):
    """What all signatures of an image come to, under one policy."""

    VERIFIED = "verified"
    UNTRUSTED = (
        "untrusted"  # signed, but by nobody that the policy trusts, or in a way that cannot be verified
    )
    UNSIGNED = "unsigned"
    NOT_MEASURED = "not_measured"


class Attachment(Record, frozen=True, kw_only=True):
    """One signed (or signable) document that a registry keeps for an image, unread.

    `attached_to` is the digest that the registry keeps it for, which proves nothing; `kept_in` that of the manifest
    whose layer it is. `body` is empty when `unread` says why it was not fetched.
    """

    media_type: str
    attached_to: str
    kept_in: str = ""
    artifact_type: str = ""
    annotations: dict[str, str] = {}
    body: bytes = b""
    unread: str = ""


class SignatureEvidence(Record, frozen=True, kw_only=True):
    """Everything that a registry keeps beside one image.

    `digests` are those that a signature may be of: the image's manifest, and the index that it was chosen from, whose
    content names the manifest. `repository` is the full name that the image is known by, with its registry.
    """

    repository: str
    digests: tuple[str, ...]
    attachments: tuple[Attachment, ...] = ()


class Provenance(Record, frozen=True, kw_only=True):
    """How an image was built, as a SLSA provenance statement about it says (v0.2 and v1). "" where it does not say."""

    predicate_type: str
    builder: str = ""
    build_type: str = ""
    source: str = ""
    revision: str = ""  # digest of the source, as algorithm:hex
    built_at: datetime | None = None


class Proven(Record, frozen=True, kw_only=True):
    """What one attached document proves by itself, whomever a policy trusts.

    `keys` are the fingerprints of the known keys that made it; `issuer` and `subject` of a certificate are proven only
    if `is_certified`. `problem` says why it proves nothing; then it counts as signed, and is trusted by nobody.
    """

    kind: SignatureKind
    keys: tuple[str, ...] = ()
    is_certified: bool = False
    issuer: str = ""
    subject: str = ""
    key_id: str = ""  # of a certificate's key: SHA-256 of its DER SubjectPublicKeyInfo, hex
    signed_name: str = ""  # the repository that a simple signing payload names
    predicate_type: str = ""
    provenance: Provenance | None = None
    is_vouching: bool = (
        True  # says that the image is theirs: a signature or provenance, not merely an SBOM of it
    )
    signed_at: datetime | None = None
    problem: str = ""


class Examined(Record, frozen=True, kw_only=True):
    """What the evidence of one image proves. `unsigned` is provenance that nobody signed, such as BuildKit's."""

    repository: str
    proven: tuple[Proven, ...] = ()
    unsigned: tuple[Provenance, ...] = ()


class TrustedKey(Record, frozen=True, kw_only=True):
    """A public key (PEM) under a person's name for it. `repositories` are patterns; none means every repository."""

    name: str
    pem: str
    repositories: tuple[str, ...] = ()


class TrustedIdentity(Record, frozen=True, kw_only=True):
    """Whoever `issuer` (exact) vouches for as `subject` (a shell pattern: an address or a workflow's URL)."""

    name: str
    issuer: str
    subject: str
    repositories: tuple[str, ...] = ()


class TrustPolicy(Record, frozen=True, kw_only=True):
    """Whom to believe. An empty one believes nobody."""

    keys: tuple[TrustedKey, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()


class Signature(Record, frozen=True, kw_only=True):
    """One signature or attestation under a policy. `signer` is the policy's name when verified, else what it claims."""

    kind: SignatureKind
    signer: str
    key_id: str
    verified: bool
    reason: str
    issuer: str = ""
    subject: str = ""
    predicate_type: str = ""
    signed_at: datetime | None = None
    is_vouching: bool = True
    provenance: Provenance | None = None


class Judged(Record, frozen=True, kw_only=True):
    """The outcome of an image under a policy. `reason` is a clause for a person."""

    outcome: SignatureOutcome
    signers: tuple[str, ...]  # of the verified signatures, each once
    signatures: tuple[Signature, ...]
    reason: str
