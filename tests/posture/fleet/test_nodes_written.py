"""Registering, changing, pausing and deleting nodes through the API."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from posture.accounts.choices import Role
from posture.fleet.actions import create_environment
from posture.fleet.choices import AssetKind
from posture.fleet.credentials import unseal
from posture.fleet.models import Asset, Environment, Node, Pull
from posture.history.actions import HIDDEN
from posture.history.models import Entry
from tests.posture.fleet import certificates
from tests.posture.people import person, program, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return create_environment(name="Production")


@pytest.fixture
def client():
    return program(person())


def body(environment: Environment, /, **changes: object) -> dict[str, object]:
    return {"name": "alpha", "address": "unix:///run/docker.sock", "environment": environment.pk} | changes


def fields(answer) -> set[str]:
    assert answer.status_code == 400, answer.content
    return {error["field"] for error in answer.json()["errors"]}


def test_a_node_is_registered_and_due_at_once(client, environment: Environment) -> None:
    answer = send(
        client,
        "POST",
        "/nodes",
        body(
            environment,
            labels={"site": "Bremen"},
            interval_seconds=60,
            limits={"seconds": 20, "items": 500},
        ),
    )
    assert answer.status_code == 201, answer.content
    node = answer.json()
    assert (node["state"], node["has_credential"], node["host_key"]) == ("new", False, None)
    assert node["limits"] == {"seconds": 20, "bytes": 268435456, "items": 500}
    assert node["labels"] == {"site": "Bremen"}
    assert Node.objects.due().count() == 1
    entry = Entry.objects.get(object_kind="node")
    assert (entry.verb, entry.object_name, entry.changes["interval_seconds"]) == (
        "created",
        "alpha",
        [None, 60],
    )


@pytest.mark.parametrize(
    ("address", "parts"),
    [("tcp://engine.example.org:2376", certificates.tls), ("ssh://ops@engine", certificates.ssh)],
)
def test_a_credential_goes_in_and_never_comes_out(
    client, environment: Environment, address: str, parts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credential = parts()
    answer = send(client, "POST", "/nodes", body(environment, address=address, credential=credential))
    assert answer.status_code == 201, answer.content
    node = answer.json()
    assert set(node["credential_parts"]) == set(credential)
    pk = node["id"]
    answers = [
        answer,
        send(client, "GET", f"/nodes/{pk}"),
        send(client, "GET", "/nodes"),
        send(client, "GET", "/history"),
        send(client, "PUT", f"/nodes/{pk}/credential", credential),
        send(client, "PATCH", f"/nodes/{pk}", {"name": "beta", "credential": {"ssh_passphrase": "hunter2"}}),
        send(client, "GET", "/history"),
    ]
    export = b"".join(send(client, "GET", "/nodes/export?format=jsonl").streaming_content).decode()
    said = "".join(a.content.decode() for a in answers) + export + caplog.text
    said += "".join(str(row) for row in Entry.objects.values())
    stored = bytes(Node.objects.values_list("credential", flat=True).get())
    for name, secret in [*credential.items(), ("ssh_passphrase", "hunter2")]:
        for line in secret.splitlines():
            if not line.startswith("-----"):
                assert line not in said, name
                assert line.encode() not in stored, name
    assert unseal(stored).client_key == credential.get("client_key", "")
    assert Entry.objects.get(verb="created", object_kind="node").changes["credential"] == [None, HIDDEN]


def test_the_pinned_host_key_is_shown_by_its_fingerprint(client, environment: Environment) -> None:
    given = body(environment, address="ssh://ops@engine", credential=certificates.ssh())
    shown = send(client, "POST", "/nodes", given).json()["host_key"]
    assert shown["type"] == "ssh-ed25519"
    assert shown["fingerprint"].startswith("SHA256:")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"address": "docker"}, "address"),
        ({"address": "ftp://host"}, "address"),
        ({"address": "http://host:2375"}, "address"),
        ({"address": "unix://run/docker.sock"}, "address"),
        ({"address": "unix:///" + "x" * 200}, "address"),
        ({"address": "tcp://:2376"}, "address"),
        ({"address": "tcp://host:99999"}, "address"),
        ({"address": "tcp://host:0"}, "address"),
        ({"address": "tcp://host:2376/path"}, "address"),
        ({"address": "tcp://ho st:2376"}, "address"),
        ({"address": "tcp://[::1:2376"}, "address"),
        ({"address": "ssh://host"}, "address"),
        ({"address": "ssh://user:secret@host"}, "address"),
        ({"address": "ssh://-oProxyCommand=x@-host"}, "address"),
        ({"environment": 999}, "environment"),
        ({"environment": None}, "environment"),
        ({"labels": {"bad name": "x"}}, "labels"),
        ({"labels": {"x": "two\nlines"}}, "labels"),
        ({"labels": {f"n{n}": "" for n in range(51)}}, "labels"),
        ({"labels": ["x"]}, "labels"),
        ({"interval_seconds": 5}, "interval_seconds"),
        ({"interval_seconds": "soon"}, "interval_seconds"),
        ({"limits": {"bytes": 1}}, "limits.bytes"),
        ({"kind": "virtual"}, "kind"),
        ({"credential": {"client_key": 5.5}}, "credential.client_key"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(
    client, environment: Environment, change: dict, field: str
) -> None:
    assert fields(send(client, "POST", "/nodes", body(environment, **change))) == {field}
    assert not Node.objects.exists()
    assert not Entry.objects.filter(object_kind="node").exists()


def test_a_taken_name_is_said(client, environment: Environment) -> None:
    send(client, "POST", "/nodes", body(environment))
    assert fields(send(client, "POST", "/nodes", body(environment))) == {"name"}
    send(client, "POST", "/nodes", body(environment, name="beta"))
    beta = Node.objects.get(name="beta")
    assert fields(send(client, "PATCH", f"/nodes/{beta.pk}", {"name": "alpha"})) == {"name"}


def test_tcp_without_certificates_must_be_wanted(client, environment: Environment) -> None:
    given = body(environment, address="tcp://10.0.0.5:2375")
    assert fields(send(client, "POST", "/nodes", given)) == {
        "credential.ca_certificate",
        "credential.client_certificate",
        "credential.client_key",
    }
    assert send(client, "POST", "/nodes", given | {"allow_plaintext": True}).status_code == 201


@pytest.mark.parametrize(
    ("address", "make", "field"),
    [
        ("tcp://h:1", lambda: certificates.tls() | {"ca_certificate": "nonsense"}, "ca_certificate"),
        ("tcp://h:1", lambda: certificates.tls() | {"client_certificate": "nonsense"}, "client_certificate"),
        ("tcp://h:1", lambda: certificates.tls() | {"client_key": "nonsense"}, "client_key"),
        (
            "tcp://h:1",
            lambda: certificates.tls() | {"client_key": certificates.another_client_key()},
            "client_key",
        ),
        ("tcp://h:1", lambda: certificates.tls() | {"client_key": ""}, "client_key"),
        ("tcp://h:1", lambda: certificates.tls() | certificates.ssh(), "ssh_host_key"),
        ("ssh://u@h", lambda: certificates.ssh() | {"ssh_host_key": ""}, "ssh_host_key"),
        ("ssh://u@h", lambda: certificates.ssh() | {"ssh_host_key": "ssh-ed25519 AAAA"}, "ssh_host_key"),
        ("ssh://u@h", lambda: certificates.ssh() | {"ssh_private_key": ""}, "ssh_private_key"),
        ("ssh://u@h", lambda: certificates.ssh() | {"ssh_private_key": "nonsense"}, "ssh_private_key"),
        (
            "ssh://u@h",
            lambda: certificates.ssh() | {"ssh_private_key": certificates.ssh_key("x")},
            "ssh_passphrase",
        ),
        ("ssh://u@h", lambda: certificates.ssh() | {"ssh_passphrase": "for nothing"}, "ssh_passphrase"),
        (
            "ssh://u@h",
            lambda: (
                certificates.ssh() | {"ssh_private_key": certificates.ssh_key("x"), "ssh_passphrase": "y"}
            ),
            "ssh_passphrase",
        ),
        ("unix:///run/d.sock", certificates.tls, "client_key"),
    ],
)
def test_a_credential_that_does_not_fit_is_named(
    client, environment: Environment, address: str, make, field: str
) -> None:
    answer = send(client, "POST", "/nodes", body(environment, address=address, credential=make()))
    assert f"credential.{field}" in fields(answer)
    assert "BEGIN" not in answer.content.decode().replace("-----BEGIN CERTIFICATE-----", "").replace(
        "-----BEGIN PRIVATE KEY-----", ""
    )


def test_a_protected_ssh_key_opens_with_its_passphrase(client, environment: Environment) -> None:
    credential = certificates.ssh() | {"ssh_private_key": certificates.ssh_key("x"), "ssh_passphrase": "x"}
    given = body(environment, address="ssh://u@h", credential=credential)
    assert send(client, "POST", "/nodes", given).status_code == 201


def test_a_rotation_replaces_what_is_given_and_tries_at_once(client, environment: Environment) -> None:
    given = body(environment, address="ssh://u@h", credential=certificates.ssh())
    pk = send(client, "POST", "/nodes", given).json()["id"]
    Node.objects.update(next_due_at=timezone.now() + timedelta(hours=1))
    key = certificates.ssh_key()
    assert send(client, "PUT", f"/nodes/{pk}/credential", {"ssh_private_key": key}).status_code == 200
    node = Node.objects.get()
    assert unseal(node.credential).ssh_private_key == key
    assert unseal(node.credential).ssh_host_key == certificates.ssh()["ssh_host_key"].strip()
    assert Node.objects.due().exists()
    missing = send(client, "PUT", f"/nodes/{pk}/credential", {"ssh_private_key": ""})
    assert fields(missing) == {"credential.ssh_private_key"}
    assert unseal(Node.objects.get().credential).ssh_private_key == key


def test_a_change_is_written_field_by_field(client, environment: Environment) -> None:
    pk = send(client, "POST", "/nodes", body(environment)).json()["id"]
    answer = send(client, "PATCH", f"/nodes/{pk}", {"interval_seconds": 120, "limits": {"items": 10}})
    assert answer.json()["interval_seconds"] == 120
    entry = Entry.objects.get(verb="changed")
    assert entry.changes == {"interval_seconds": [900, 120], "limit_items": [20000, 10]}
    send(client, "PATCH", f"/nodes/{pk}", {"interval_seconds": 120})
    assert Entry.objects.filter(verb="changed").count() == 1


def test_an_address_of_another_kind_needs_another_credential(client, environment: Environment) -> None:
    given = body(environment, address="ssh://u@h", credential=certificates.ssh())
    pk = send(client, "POST", "/nodes", given).json()["id"]
    refused = send(client, "PATCH", f"/nodes/{pk}", {"address": "unix:///run/docker.sock"})
    assert fields(refused) == {"credential.ssh_private_key", "credential.ssh_host_key"}
    change = {"address": "unix:///run/docker.sock", "credential": dict.fromkeys(certificates.ssh(), "")}
    assert send(client, "PATCH", f"/nodes/{pk}", change).json()["has_credential"] is False


def test_its_assets_follow_a_node_into_another_environment(client, environment: Environment) -> None:
    pk = send(client, "POST", "/nodes", body(environment)).json()["id"]
    now = timezone.now()
    host = Asset.objects.create(
        kind=AssetKind.HOST, key="h", name="h", environment=environment, first_seen_at=now, changed_at=now
    )
    Node.objects.update(host=host)
    staging = create_environment(name="Staging")
    answer = send(client, "PATCH", f"/nodes/{pk}", {"environment": staging.pk})
    assert answer.json()["environment"]["slug"] == "staging"
    host.refresh_from_db()
    assert host.environment == staging
    assert Entry.objects.get(verb="changed").changes == {"environment": ["production", "staging"]}


def test_pausing_and_resuming(client, environment: Environment) -> None:
    pk = send(client, "POST", "/nodes", body(environment)).json()["id"]
    paused = send(client, "POST", f"/nodes/{pk}/pause").json()
    assert (paused["state"], paused["paused"]) == ("paused", True)
    assert not Node.objects.due().exists()
    send(client, "POST", f"/nodes/{pk}/pause")
    assert send(client, "POST", f"/nodes/{pk}/resume").json()["state"] == "new"
    assert Node.objects.due().exists()
    Node.objects.update(consecutive_failures=1, last_success_at=timezone.now(), paused=True)
    assert send(client, "POST", f"/nodes/{pk}/resume").json()["state"] == "degraded"
    verbs = Entry.objects.filter(object_kind="node").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["created", "paused", "resumed", "resumed"]


def test_a_deleted_node_takes_its_pulls_with_it_and_stays_in_the_history(
    client, environment: Environment
) -> None:
    pk = send(client, "POST", "/nodes", body(environment)).json()["id"]
    assert Pull.objects.get(node_id=pk).trigger == "registration"
    assert send(client, "DELETE", f"/nodes/{pk}").status_code == 204
    assert not Pull.objects.exists()
    assert send(client, "GET", f"/nodes/{pk}").status_code == 404
    entry = Entry.objects.get(verb="deleted")
    assert (entry.object_id, entry.changes["address"]) == (str(pk), ["unix:///run/docker.sock", None])


def test_a_node_of_another_environment_cannot_be_paused(environment: Environment, client) -> None:
    pk = send(client, "POST", "/nodes", body(environment)).json()["id"]
    staging = create_environment(name="Staging")
    limited = program(person("grace", Role.ANALYST, environments=[staging]))
    assert send(limited, "POST", f"/nodes/{pk}/pause").status_code == 404
