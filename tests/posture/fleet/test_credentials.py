"""Credentials at rest: encrypted, rotated, and clear about a key that is missing."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from posture.fleet.actions import create_environment, create_node, rotate_credential
from posture.fleet.credentials import CannotDecrypt, rotate, seal, unseal
from posture.fleet.models import Node
from posture.history.models import Entry
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


def test_a_rotation_puts_everything_under_the_first_key(settings, nodes: list[Node]) -> None:
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    call_command("credentials", "rotate")
    settings.CREDENTIAL_KEYS = [NEW]
    for node in Node.objects.all():
        assert unseal(node.credential).ssh_host_key == certificates.ssh()["ssh_host_key"].strip()
    entry = Entry.objects.get(verb="rotated_credential_keys")
    assert (entry.actor_name, entry.changes["nodes"]) == ("manage.py credentials", [None, 3])


def test_a_missing_key_is_named_by_its_nodes_and_nothing_is_changed(settings, nodes: list[Node]) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    nodes[0].credential = seal(Credential(**certificates.ssh()))
    nodes[0].save()
    before = list(Node.objects.order_by("pk").values_list("credential", flat=True))
    with pytest.raises(CommandError, match=r"node 1, node 2\. Add the key"):
        call_command("credentials", "rotate")
    assert list(Node.objects.order_by("pk").values_list("credential", flat=True)) == before
    assert not Entry.objects.filter(verb="rotated_credential_keys").exists()


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


def test_rotating_nothing_is_fine() -> None:
    assert rotate() == 0


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
