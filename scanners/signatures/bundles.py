"""Sigstore bundles (v0.1 to v0.3), verified without any network by the sigstore library.

What is believed comes from a trusted root: a file that the operator gives, else the one of the public sigstore that the
library brings along. A bundle must have an inclusion proof: one with a mere promise can only be verified by asking the log.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography import x509

from scanners.answers import Answer, MalformedAnswerError
from scanners.records import Record
from scanners.signatures.certificates import Named, named
from scanners.signatures.statements import Envelope, MalformedStatementError, read_envelope

if TYPE_CHECKING:
    from sigstore.verify import Verifier

MEDIA_TYPE_PREFIX = "application/vnd.dev.sigstore.bundle"
_PUBLIC_ROOT = Path("_store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "trusted_root.json")


class Bundle(Record, frozen=True, kw_only=True):
    """A bundle taken apart. Exactly one of `envelope` and `signature` (over an artifact's digest) is there.

    `is_certified` and `signer` are of its certificate; a bundle made with a bare key has no signer.
    """

    envelope: Envelope | None = None
    signature: bytes = b""
    is_certified: bool = False
    signer: Named | None = None
    signed_at: datetime | None = None
    problem: str = ""


class _Witness:
    """A policy of the sigstore library that refuses nobody: it notes whose certificate was verified."""

    def __init__(self) -> None:
        self.signer: Named | None = None

    def verify(self, cert: x509.Certificate) -> None:
        self.signer = named(cert)


def is_bundle(media_type: str) -> bool:
    return media_type.startswith(MEDIA_TYPE_PREFIX)


def read_bundle(body: bytes, digests: tuple[str, ...], trusted_root: str = "") -> Bundle:
    """What a bundle holds and proves. `digests` are what a bundle around a bare signature may be of.

    `trusted_root` is the path of a file in sigstore's format; "" is the public root. Raises MalformedStatementError.
    """
    try:
        raw = Answer(msgspec.json.decode(body), "bundle")
        material = raw.child("verificationMaterial")
        entries = material.children("tlogEntries")
        seconds = int(entries[0].text("integratedTime") or 0) if entries else 0
        envelope = read_envelope(raw.child("dsseEnvelope").value) if raw.has("dsseEnvelope") else None
        has_certificate = material.has("certificate") or material.has("x509CertificateChain")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedStatementError("the bundle is not valid JSON") from None
    except (MalformedAnswerError, ValueError) as error:
        raise MalformedStatementError(str(error)) from None
    if envelope is None and not raw.has("messageSignature"):
        raise MalformedStatementError("the bundle holds neither an envelope nor a signature")
    signed_at = datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 1 << 33 else None
    bundle = Bundle(envelope=envelope, signed_at=signed_at)
    if not has_certificate:
        return bundle  # made with a bare key: whether it is one that is known, the envelope shows
    return msgspec.structs.replace(bundle, **_certified(body, envelope, digests, trusted_root))


def _certified(
    body: bytes, envelope: Envelope | None, digests: tuple[str, ...], trusted_root: str
) -> dict[str, Any]:
    # Takes most of a second to import: only who meets a bundle pays for it.
    from sigstore.errors import Error
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore_models.common.v1 import HashAlgorithm

    witness = _Witness()
    claimed: Named | None = None
    problem = ""
    try:
        bundle = SigstoreBundle.from_json(body)
        claimed = named(bundle.signing_certificate)
        verifier = _verifier(trusted_root)
        if envelope is not None:
            kind, payload = verifier.verify_dsse(bundle, witness)
            if (kind, payload) != (envelope.payload_type, envelope.payload):
                problem = "the bundle can be read in two ways"
        else:
            problem = "it signs something else"
            for digest in digests:
                if digest.startswith("sha256:"):
                    hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest[7:]))
                    try:
                        verifier.verify_artifact(hashed, bundle, witness)
                    except Error as error:
                        problem = str(error)
                    else:
                        problem = ""
                        break
    except OSError:
        problem = "the trusted root that it would be verified against cannot be read"
    except Error as error:
        problem = str(error)
    except Exception as error:
        # A bundle is anybody's word, and the library's parsers answer some of them with errors of their own.
        logging.getLogger(__name__).debug("bundle refused", exc_info=True)
        problem = f"it cannot be read ({type(error).__name__})"
    if problem or witness.signer is None:
        return {"signer": claimed, "problem": (problem or "it was not verified")[:300]}
    return {"signer": witness.signer, "is_certified": True}


@lru_cache(maxsize=4)
def _verifier(trusted_root: str) -> Verifier:
    import sigstore
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

    path = trusted_root or str(Path(sigstore.__file__).parent / _PUBLIC_ROOT)
    return Verifier(trusted_root=TrustedRoot.from_file(path))
