"""Whom a signing certificate names, as Fulcio (sigstore's authority) and the Notary Project write it.

Source: fulcio/docs/oid-info.md. Nothing here says that a certificate is to be believed.
"""

from __future__ import annotations

from typing import cast

from cryptography import x509
from cryptography.hazmat import asn1

from scanners.records import Record
from scanners.signatures.keys import UnusableKeyError, key_id, usable

_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_ISSUER_V2 = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_USER_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
_LONGEST_TEXT = 500


class Named(Record, frozen=True, kw_only=True):
    """What a certificate says: who vouched for whom, and the key's fingerprint ("" for a kind that is not used)."""

    issuer: str
    subject: str
    key_id: str


def named(certificate: x509.Certificate) -> Named:
    """Of a Fulcio certificate the identity's issuer and subject; of any other its own names."""
    try:
        identifier = key_id(usable(certificate.public_key()))
    except (UnusableKeyError, ValueError, TypeError):
        identifier = ""
    issuer, subject = _issuer(certificate), _subject(certificate)
    return Named(
        issuer=(issuer or certificate.issuer.rfc4514_string())[:_LONGEST_TEXT],
        subject=(subject or certificate.subject.rfc4514_string())[:_LONGEST_TEXT],
        key_id=identifier,
    )


def _issuer(certificate: x509.Certificate) -> str:
    for oid in (_ISSUER_V2, _ISSUER):
        try:
            extension = certificate.extensions.get_extension_for_oid(oid).value
        except (x509.ExtensionNotFound, ValueError):
            continue
        value = cast(x509.UnrecognizedExtension, extension).value
        try:
            return asn1.decode_der(str, value) if oid == _ISSUER_V2 else value.decode()
        except (ValueError, UnicodeDecodeError):
            continue
    return ""


def _subject(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for kind in (x509.RFC822Name, x509.UniformResourceIdentifier):
        if found := names.get_values_for_type(kind):
            return str(found[0])
    for name in names.get_values_for_type(x509.OtherName):
        if name.type_id == _USER_NAME:
            return name.value.decode(errors="replace")
    return ""
