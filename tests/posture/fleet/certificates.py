"""Keys and certificates made for one test run, in the forms that a credential takes."""

from __future__ import annotations

from functools import cache

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@cache
def tls() -> dict[str, str]:
    authority = trustme.CA()
    leaf = authority.issue_cert("client@example.org")
    return {
        "ca_certificate": authority.cert_pem.bytes().decode(),
        "client_certificate": leaf.cert_chain_pems[0].bytes().decode(),
        "client_key": leaf.private_key_pem.bytes().decode(),
    }


def another_client_key() -> str:
    return trustme.CA().issue_cert("other@example.org").private_key_pem.bytes().decode()


def ssh_key(passphrase: str = "") -> str:
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption)
        .decode()
    )


@cache
def ssh() -> dict[str, str]:
    public = Ed25519PrivateKey.generate().public_key()
    host = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return {"ssh_private_key": ssh_key(), "ssh_host_key": host}
