"""Notary Project (notation) signatures: that there is one, of what, and whom its certificate names. Not verified.

Source: notaryproject/specifications, signature-envelope-jws.md and signature-specification.md.
"""

from __future__ import annotations

from cryptography import x509

from scanners.answers import MalformedAnswerError
from scanners.records import Record
from scanners.signatures.certificates import Named, named
from scanners.signatures.statements import MalformedStatementError, decoded, json_object

ARTIFACT_TYPE = "application/vnd.cncf.notary.signature"
JWS = "application/jose+json"
COSE = "application/cose"


class Envelope(Record, frozen=True, kw_only=True):
    """What a JWS envelope says, unverified: the digest that it signs and its certificate's names."""

    digest: str
    signer: Named


def read_jws(body: bytes) -> Envelope:
    """Raises MalformedStatementError."""
    raw = json_object(body, "JWS envelope")
    try:
        artifact = json_object(decoded(raw.text("payload")), "payload").child("targetArtifact")
        chain = raw.child("header").texts("x5c")
        digest = artifact.text("digest")
    except MalformedAnswerError as error:
        raise MalformedStatementError(str(error)) from None
    if not chain:
        raise MalformedStatementError("the envelope has no certificate")
    try:
        certificate = x509.load_der_x509_certificate(decoded(chain[0]))
    except ValueError:
        raise MalformedStatementError("the envelope's certificate cannot be read") from None
    return Envelope(digest=digest, signer=named(certificate))
