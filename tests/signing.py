"""Signing as cosign's, in-toto's and DSSE's specifications say, with keys made for the test."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from scanners.signatures.records import Attachment
from scanners.signatures.simple_signing import MEDIA_TYPE, SIGNATURE
from scanners.signatures.statements import ENVELOPES, IN_TOTO

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def new_key(kind: str = "p256") -> PrivateKey:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:] or 2048))
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1(), "k1": ec.SECP256K1()}
    return ec.generate_private_key(curves[kind])


def public_pem(key: PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def signed(key: PrivateKey, message: bytes, digest: hashes.HashAlgorithm | None = None) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), digest or hashes.SHA256())
    return key.sign(message, ec.ECDSA(digest or hashes.SHA256()))


def payload(digest: str, repository: str = "", **changes: Any) -> bytes:
    """What cosign signs: its simple signing payload."""
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": critical | changes, "optional": None}).encode()


def cosign(key: PrivateKey, digest: str, repository: str = "", **more: str) -> Attachment:
    """A signature as it lies beside an image."""
    body = payload(digest, repository)
    signature = base64.b64encode(signed(key, body)).decode()
    return Attachment(
        media_type=MEDIA_TYPE, attached_to=digest, body=body, annotations={SIGNATURE: signature, **more}
    )


def statement(digest: str, predicate_type: str, predicate: dict[str, Any] | None = None) -> bytes:
    algorithm, _, value = digest.partition(":")
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "image", "digest": {algorithm: value}}],
            "predicateType": predicate_type,
            "predicate": predicate or {},
        }
    ).encode()


def envelope(key: PrivateKey, body: bytes, payload_type: str = IN_TOTO) -> dict[str, Any]:
    """A DSSE envelope around `body`."""
    kind = payload_type.encode()
    message = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(body).decode(),
        "signatures": [{"keyid": "", "sig": base64.b64encode(signed(key, message)).decode()}],
    }


def attestation(key: PrivateKey, body: bytes, payload_type: str = IN_TOTO) -> Attachment:
    content = json.dumps(envelope(key, body, payload_type)).encode()
    return Attachment(media_type=ENVELOPES[0], attached_to="", body=content)


PROVENANCE_V1 = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {"repository": "https://github.com/shop/web", "ref": "refs/heads/main"}
        },
        "resolvedDependencies": [
            {
                "uri": "git+https://github.com/shop/web@refs/heads/main",
                "digest": {"gitCommit": "d37a7f740ee7404914456f24dcd90e865a0509e8"},
            }
        ],
    },
    "runDetails": {
        "builder": {"id": "https://github.com/actions/runner/github-hosted"},
        "metadata": {"finishedOn": "2026-10-01T10:00:00Z"},
    },
}
# What a bundle holds besides its envelope when it was made with a bare key.
COSIGN_BUNDLE = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {"publicKey": {"hint": "the key's own hint"}},
}
