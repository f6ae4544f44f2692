"""Everything that is stored encrypted, under a new key."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from posture.collection.keys import rotate
from posture.fleet.actions import create_environment, create_node
from posture.fleet.credentials import seal, unseal
from posture.fleet.models import Node
from posture.history.models import Entry
from posture.integrations import actions, webhooks
from posture.integrations.models import Webhook
from scanners.records import Credential
from tests.posture.fleet import certificates
from tests.posture.people import person

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
URL = "https://example.org/hooks/T1"


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


@pytest.fixture
def webhook() -> Webhook:
    return actions.create_webhook(name="chat", url=URL, by=person())[0]


def test_a_rotation_puts_everything_under_the_first_key(
    settings, nodes: list[Node], webhook: Webhook
) -> None:
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    call_command("credentials", "rotate")
    settings.CREDENTIAL_KEYS = [NEW]
    for node in Node.objects.all():
        assert unseal(node.credential).ssh_host_key == certificates.ssh()["ssh_host_key"].strip()
    webhook.refresh_from_db()
    assert webhooks.unseal(webhook).url == URL
    entry = Entry.objects.get(verb="rotated_credential_keys")
    assert entry.actor_name == "manage.py credentials"
    assert (entry.changes["nodes"], entry.changes["webhooks"]) == ([None, 3], [None, 1])


def test_a_missing_key_is_named_by_what_it_would_open_and_nothing_is_changed(
    settings, nodes: list[Node], webhook: Webhook
) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    nodes[0].credential = seal(Credential(**certificates.ssh()))
    nodes[0].save()
    before = list(Node.objects.order_by("pk").values_list("credential", flat=True))
    with pytest.raises(CommandError, match=r"node 1, node 2, webhook chat\. Add the key"):
        call_command("credentials", "rotate")
    assert list(Node.objects.order_by("pk").values_list("credential", flat=True)) == before
    assert not Entry.objects.filter(verb="rotated_credential_keys").exists()


def test_rotating_nothing_is_fine() -> None:
    assert rotate() == (0, 0)
