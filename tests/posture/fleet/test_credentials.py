"""Credentials at rest: encrypted, and clear about a key that is missing."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet

from posture.base.sealing import CannotDecrypt
from posture.fleet.actions import create_environment, create_node, rotate_credential
from posture.fleet.credentials import seal, unseal
from posture.fleet.models import Node
from scanners.records import Credential
from tests.posture.fleet import certificates

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _one_key(settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]


@pytest.fixture
def nodes() -> list[Node]:
    environment = create_environment(name="Production")
    return [
        create_node(
            name=f"node {n}",
            address="ssh://ops@engine",
            environment=environment,
            credential=Credential(**certificates.ssh()),
        )
        for n in range(3)
    ]


def test_what_was_sealed_opens_again() -> None:
    credential = Credential(client_key="a\nkey", ssh_passphrase="ü “")
    assert unseal(seal(credential)) == credential
    assert seal(credential) != seal(credential)


def test_a_node_without_a_credential_has_an_empty_one() -> None:
    assert unseal(None) == Credential()


@pytest.mark.parametrize("stored", [b"", b"nonsense", b"gAAAAA" + b"x" * 100])
def test_what_cannot_be_opened_is_one_clear_error(stored: bytes) -> None:
    with pytest.raises(CannotDecrypt, match="cannot be decrypted"):
        unseal(stored)


def test_an_altered_credential_does_not_open() -> None:
    sealed = bytearray(seal(Credential(client_key="key")))
    sealed[40] ^= 1
    with pytest.raises(CannotDecrypt):
        unseal(bytes(sealed))


def test_with_the_key_lost_a_whole_new_credential_still_goes_in(settings, nodes: list[Node]) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    whole = dict.fromkeys(Credential.__struct_fields__, "") | certificates.ssh()
    rotate_credential(node=nodes[0], credential=whole)
    nodes[0].refresh_from_db()
    assert unseal(nodes[0].credential).ssh_private_key


def test_neither_log_nor_error_nor_repr_shows_a_part(
    settings, nodes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credential = Credential(client_key="hunter2")
    sealed = seal(credential)
    settings.CREDENTIAL_KEYS = [NEW]
    with pytest.raises(CannotDecrypt) as caught:
        unseal(sealed)
    assert "hunter2" not in f"{credential!r} {caught.value} {caught.value.__context__!r} {caplog.text}"
