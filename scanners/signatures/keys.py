"""Public keys and what they sign. The kind of key alone decides the algorithm: a document never does."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
SMALLEST_RSA_BITS = 2048
LARGEST_RSA_BITS = 16_384
LONGEST_PEM = 16 * 1024
# cosign signs with P-384 over SHA-256 in its old versions and over SHA-384 in its new ones.
_HASHES: dict[str, tuple[hashes.HashAlgorithm, ...]] = {
    "secp256r1": (hashes.SHA256(),),
    "secp384r1": (hashes.SHA384(), hashes.SHA256()),
}


class UnusableKeyError(ValueError):
    """A text is no public key that signatures can be held against; the message says why, and quotes nothing."""


@lru_cache(maxsize=256)
def read_public_key(pem: str) -> PublicKey:
    """An ECDSA key on P-256 or P-384, an RSA key of 2048 bits or more, or an Ed25519 key. Raises UnusableKeyError."""
    if "PRIVATE KEY" in pem:
        raise UnusableKeyError(
            "This is a private key. Give the public one, and consider the private one known."
        )
    if len(pem) > LONGEST_PEM:
        raise UnusableKeyError("This is longer than any public key.")
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError("This is not a public key in PEM (-----BEGIN PUBLIC KEY-----).") from None
    return usable(key)


def usable(key: object) -> PublicKey:
    """The same key, if signatures can be held against it. Raises UnusableKeyError."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _HASHES:
        return key
    if isinstance(key, rsa.RSAPublicKey) and SMALLEST_RSA_BITS <= key.key_size <= LARGEST_RSA_BITS:
        return key
    raise UnusableKeyError(
        "Use a key of ECDSA on P-256 or P-384, of RSA with 2048 bits or more, or of Ed25519."
    )


def key_id(key: PublicKey) -> str:
    """SHA-256 of the key's DER SubjectPublicKeyInfo, hex."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def has_signed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether the signature is the key's over exactly this message."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return any(_ecdsa_holds(key, signature, message, algorithm) for algorithm in _HASHES[key.curve.name])
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _ecdsa_holds(
    key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm
) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True
