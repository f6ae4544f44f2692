"""What the documents beside an image prove, and what that is worth under a policy."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from cryptography import x509

from scanners.signatures import notation, simple_signing
from scanners.signatures.bundles import is_bundle, read_bundle
from scanners.signatures.certificates import Named, named
from scanners.signatures.keys import PublicKey, UnusableKeyError, has_signed, key_id, read_public_key, usable
from scanners.signatures.records import (
    Attachment,
    Examined,
    Judged,
    Proven,
    Provenance,
    Signature,
    SignatureEvidence,
    SignatureKind,
    SignatureOutcome,
    TrustPolicy,
)
from scanners.signatures.statements import (
    ENVELOPES,
    IN_TOTO,
    Envelope,
    MalformedStatementError,
    decoded,
    read_envelope,
    read_statement,
)

MOST_ATTACHMENTS = 100
MOST_BYTES = 1024 * 1024
_NOT_A_KEY_WE_KNOW = "it was made with a key that is not among the trusted ones"
_ONLY_A_PROMISE = (
    "its certificate comes without a proof of inclusion in the log, so it cannot be verified offline"
)


def verify(evidence: SignatureEvidence, policy: TrustPolicy, *, trusted_root: str = "") -> Judged:
    """The outcome of an image under one policy: `examine`, then `judge`."""
    pems = [key.pem for key in policy.keys]
    return judge(examine(evidence, pems, trusted_root=trusted_root), policy)


def examine(evidence: SignatureEvidence, pems: Iterable[str], *, trusted_root: str = "") -> Examined:
    """Hold every document against the keys of all policies and against sigstore's trusted root.

    Keys that are no usable keys are left out: whoever stores one is told then. Never raises for what a registry gives.
    """
    keys = {key_id(key): key for pem in pems if (key := _key(pem)) is not None}
    proven: list[Proven] = []
    unsigned: list[Provenance] = []
    for number, attachment in enumerate(evidence.attachments):
        if number >= MOST_ATTACHMENTS:
            proven.append(
                Proven(kind=_kind(attachment), problem=f"more than {MOST_ATTACHMENTS} documents are attached")
            )
            break
        if attachment.media_type == IN_TOTO:
            unsigned += _unsigned(attachment, evidence.digests)
            continue
        proven += _proven(attachment, evidence.digests, keys, trusted_root)
    return Examined(repository=evidence.repository, proven=tuple(proven), unsigned=tuple(unsigned))


def judge(examined: Examined, policy: TrustPolicy) -> Judged:
    """What is proven, as far as this policy trusts it.

    A signature or a provenance by somebody trusted verifies the image; an attestation of something else (an SBOM, a
    scan) is shown with its signer and verifies nothing.
    """
    signatures = tuple(_signature(each, examined.repository, policy) for each in examined.proven)
    vouching = [each for each in signatures if each.verified and each.is_vouching]
    signers = tuple(dict.fromkeys(each.signer for each in vouching))
    if vouching:
        return Judged(
            outcome=SignatureOutcome.VERIFIED,
            signers=signers,
            signatures=signatures,
            reason=f"signed by {', '.join(signers)}",
        )
    signed = [each for each in signatures if each.is_vouching]
    if not signed:
        return Judged(
            outcome=SignatureOutcome.UNSIGNED, signers=(), signatures=signatures, reason="nobody signed it"
        )
    reasons = list(dict.fromkeys(each.reason for each in signed))
    return Judged(
        outcome=SignatureOutcome.UNTRUSTED,
        signers=(),
        signatures=signatures,
        reason=f"signed, but {'; '.join(reasons[:3])}",
    )


def _key(pem: str) -> PublicKey | None:
    try:
        return read_public_key(pem)
    except UnusableKeyError:
        return None


# -- what is proven


def _kind(attachment: Attachment) -> SignatureKind:
    if is_bundle(attachment.media_type) or is_bundle(attachment.artifact_type):
        return SignatureKind.BUNDLE
    if attachment.artifact_type == notation.ARTIFACT_TYPE or attachment.media_type in (
        notation.JWS,
        notation.COSE,
    ):
        return SignatureKind.NOTATION
    return SignatureKind.ATTESTATION if attachment.media_type in ENVELOPES else SignatureKind.COSIGN


def _proven(
    attachment: Attachment, digests: tuple[str, ...], keys: dict[str, PublicKey], trusted_root: str
) -> Iterator[Proven]:
    kind = _kind(attachment)
    if attachment.unread:
        yield Proven(kind=kind, problem=attachment.unread)
        return
    if len(attachment.body) > MOST_BYTES:
        yield Proven(kind=kind, problem=f"it is larger than {MOST_BYTES} bytes")
        return
    try:
        match kind:
            case SignatureKind.NOTATION:
                yield _of_notation(attachment, digests)
            case SignatureKind.BUNDLE:
                yield _of_bundle(attachment, digests, keys, trusted_root)
            case SignatureKind.ATTESTATION:
                yield _of_envelope(read_envelope(attachment.body), attachment, digests, keys)
            case SignatureKind.COSIGN:
                yield _of_payload(attachment, digests, keys)
    except MalformedStatementError as error:
        yield Proven(kind=kind, problem=f"it cannot be read: {error}"[:300])


def _makers(signatures: Sequence[bytes], message: bytes, keys: dict[str, PublicKey]) -> tuple[str, ...]:
    return tuple(
        identifier
        for identifier, key in keys.items()
        if any(has_signed(key, signature, message) for signature in signatures)
    )


def _of_payload(attachment: Attachment, digests: tuple[str, ...], keys: dict[str, PublicKey]) -> Proven:
    payload = simple_signing.read_payload(attachment.body)
    signature = decoded(attachment.annotations.get(simple_signing.SIGNATURE, ""))
    found = Proven(kind=SignatureKind.COSIGN, signed_name=payload.repository)
    if payload.digest not in digests:
        return _failed(found, "it is the signature of another image")
    if not signature:
        return _failed(found, "it has a payload and no signature")
    if makers := _makers([signature], attachment.body, keys):
        return msgspec.structs.replace(found, keys=makers)
    return _by_certificate(found, attachment, [signature], attachment.body)


def _of_envelope(
    envelope: Envelope, attachment: Attachment, digests: tuple[str, ...], keys: dict[str, PublicKey]
) -> Proven:
    found = _stated(SignatureKind.ATTESTATION, envelope, digests)
    if found.problem:
        return found
    if makers := _makers(envelope.signatures, envelope.signed_bytes, keys):
        return msgspec.structs.replace(found, keys=makers)
    return _by_certificate(found, attachment, envelope.signatures, envelope.signed_bytes)


def _of_bundle(
    attachment: Attachment, digests: tuple[str, ...], keys: dict[str, PublicKey], trusted_root: str
) -> Proven:
    bundle = read_bundle(attachment.body, digests, trusted_root)
    found = Proven(kind=SignatureKind.BUNDLE)
    if bundle.envelope is not None:
        found = _stated(SignatureKind.BUNDLE, bundle.envelope, digests)
    found = _with_names(msgspec.structs.replace(found, signed_at=bundle.signed_at), bundle.signer)
    if found.problem:
        return found
    if bundle.is_certified:
        return msgspec.structs.replace(found, is_certified=True)
    if bundle.envelope is not None and (
        makers := _makers(bundle.envelope.signatures, bundle.envelope.signed_bytes, keys)
    ):
        return msgspec.structs.replace(found, keys=makers)
    return _failed(found, bundle.problem or _NOT_A_KEY_WE_KNOW)


def _of_notation(attachment: Attachment, digests: tuple[str, ...]) -> Proven:
    found = Proven(kind=SignatureKind.NOTATION)
    if attachment.media_type == notation.COSE:
        return _failed(found, "Notary Project signatures in COSE are noticed, but not read")
    envelope = notation.read_jws(attachment.body)
    found = _with_names(found, envelope.signer)
    if envelope.digest not in digests:
        return _failed(found, "it is the signature of another image")
    return _failed(found, "Notary Project signatures are read, but not verified")


def _stated(kind: SignatureKind, envelope: Envelope, digests: tuple[str, ...]) -> Proven:
    """What an envelope's statement says, before anybody is believed."""
    if envelope.payload_type != IN_TOTO:
        return Proven(kind=kind, is_vouching=False, problem="it signs something that is no in-toto statement")
    statement = read_statement(envelope.payload)
    found = Proven(
        kind=kind,
        predicate_type=statement.predicate_type,
        provenance=statement.provenance,
        is_vouching=statement.is_vouching,
    )
    if not set(statement.digests) & set(digests):
        return _failed(msgspec.structs.replace(found, provenance=None), "it is about another image")
    return found


def _by_certificate(
    found: Proven, attachment: Attachment, signatures: Sequence[bytes], message: bytes
) -> Proven:
    """A signature in cosign's older form: its certificate's names are shown, and not believed."""
    pem = attachment.annotations.get(simple_signing.CERTIFICATE, "")
    if not pem:
        return _failed(found, _NOT_A_KEY_WE_KNOW)
    try:
        certificate = x509.load_pem_x509_certificate(pem[:65_536].encode())
        key = usable(certificate.public_key())
    except (ValueError, TypeError, UnusableKeyError):
        return _failed(found, "its certificate cannot be read")
    if not any(has_signed(key, signature, message) for signature in signatures):
        return _failed(found, "it was not made with the key of its certificate")
    return _failed(_with_names(found, named(certificate)), _ONLY_A_PROMISE)


def _unsigned(attachment: Attachment, digests: tuple[str, ...]) -> list[Provenance]:
    """Provenance that a builder put beside the image without signing it; of another image, or unreadable, it is left out."""
    try:
        statement = read_statement(attachment.body[:MOST_BYTES])
    except MalformedStatementError:
        return []
    is_about_it = bool(set(statement.digests) & set(digests))
    return [statement.provenance] if statement.provenance is not None and is_about_it else []


def _with_names(found: Proven, signer: Named | None) -> Proven:
    if signer is None:
        return found
    return msgspec.structs.replace(found, issuer=signer.issuer, subject=signer.subject, key_id=signer.key_id)


def _failed(found: Proven, problem: str) -> Proven:
    return msgspec.structs.replace(found, problem=problem)


# -- what is trusted


def _signature(proven: Proven, repository: str, policy: TrustPolicy) -> Signature:
    signer, identifier, reason = _believed(proven, repository, policy)
    return Signature(
        kind=proven.kind,
        signer=signer or proven.subject,
        key_id=identifier or proven.key_id,
        verified=bool(signer),
        reason=reason,
        issuer=proven.issuer,
        subject=proven.subject,
        predicate_type=proven.predicate_type,
        signed_at=proven.signed_at,
        is_vouching=proven.is_vouching,
        provenance=proven.provenance,
    )


def _believed(proven: Proven, repository: str, policy: TrustPolicy) -> tuple[str, str, str]:
    """(the policy's name of who made it, "" if nobody that it trusts; the key; why)."""
    if proven.problem:
        return "", "", proven.problem
    reason = _NOT_A_KEY_WE_KNOW
    for trusted in policy.keys:
        key = _key(trusted.pem)
        if key is not None and (identifier := key_id(key)) in proven.keys:
            if not (wrong := _misplaced(proven, repository, trusted.repositories)):
                return trusted.name, identifier, f"made with the key of {trusted.name}"
            reason = wrong
    if proven.is_certified:
        reason = f"{proven.subject} of {proven.issuer} is not trusted"
        for identity in policy.identities:
            if identity.issuer == proven.issuer and fnmatch.fnmatchcase(proven.subject, identity.subject):
                if not (wrong := _misplaced(proven, repository, identity.repositories)):
                    return identity.name, proven.key_id, f"{proven.subject}, as {proven.issuer} vouches"
                reason = wrong
    return "", "", reason


def _misplaced(proven: Proven, repository: str, patterns: Sequence[str]) -> str:
    """Why a trusted signer does not count here, "" if it does.

    The image's own name must be one that the signer may sign. The name that was signed must be the same; another is
    taken only where the patterns name it too, as a mirror's owner would write them.
    """
    if patterns and not _matches(repository, patterns):
        return f"its signer is not trusted for {repository}"
    if proven.signed_name and proven.signed_name != repository and not _matches(proven.signed_name, patterns):
        return f"it was signed as {proven.signed_name[:200]}"
    return ""


def _matches(repository: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(repository, pattern) for pattern in patterns)
