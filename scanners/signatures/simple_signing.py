"""cosign's simple signing payload: what it says of an image.

Source: cosign's signature specification (specs/SIGNATURE_SPEC.md), after containers/image's simple signing.
"""

from __future__ import annotations

from scanners.answers import MalformedAnswerError
from scanners.records import Record
from scanners.signatures.statements import MalformedStatementError, json_object

MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"  # annotation of the layer: base64, over the payload's bytes
CERTIFICATE = "dev.sigstore.cosign/certificate"
LOG_BUNDLE = "dev.sigstore.cosign/bundle"
_TYPES = ("cosign container image signature", "atomic container signature")


class Payload(Record, frozen=True, kw_only=True):
    """An image that was signed, and the repository it was signed under; "" when the payload leaves that open."""

    digest: str
    repository: str


def read_payload(body: bytes) -> Payload:
    """Raises MalformedStatementError for what is no payload of this kind."""
    try:
        critical = json_object(body, "payload").child("critical")
        if critical.text("type").lower() not in _TYPES:
            raise MalformedStatementError("the payload is of another type than a signature of an image")
        digest = critical.child("image").text("docker-manifest-digest")
        reference = critical.child("identity").text("docker-reference")
    except MalformedAnswerError as error:
        raise MalformedStatementError(str(error)) from None
    name, _, _ = reference.partition("@")
    head, slash, last = name.rpartition("/")
    return Payload(digest=digest, repository=f"{head}{slash}{last.partition(':')[0]}"[:500])
