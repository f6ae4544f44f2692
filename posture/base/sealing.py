"""Secrets at rest: encrypted under the first of CREDENTIAL_KEYS, opened by each of them."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """Something that was stored encrypted does not open with any of the installation's keys."""


def seal(plain: bytes) -> bytes:
    """Encrypts (Fernet: AES-128-CBC with HMAC-SHA-256)."""
    return _keys().encrypt(plain)


def unseal(sealed: bytes | memoryview) -> bytes:
    """Raises CannotDecrypt."""
    try:
        return _keys().decrypt(bytes(sealed))
    except InvalidToken:
        raise CannotDecrypt("None of the credential keys of this server opens it.") from None


def sealed_anew(sealed: bytes | memoryview) -> bytes:
    """The same under the first key. Raises CannotDecrypt."""
    try:
        return _keys().rotate(bytes(sealed))
    except InvalidToken:
        raise CannotDecrypt("None of the credential keys of this server opens it.") from None


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
