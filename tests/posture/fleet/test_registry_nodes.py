"""Registering a registry: its address and account go in, and the account never comes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from posture.fleet.actions import create_environment
from posture.fleet.credentials import unseal
from posture.fleet.models import Environment, Node
from posture.history.models import Entry
from tests.posture.fleet import certificates
from tests.posture.people import person, program, send

pytestmark = pytest.mark.django_db
SECRET = "plm-access-token-7"


@pytest.fixture
def environment() -> Environment:
    return create_environment(name="Production")


@pytest.fixture
def client() -> Any:
    return program(person())


def body(environment: Environment, **changes: object) -> dict[str, object]:
    fixed = {"name": "hub", "kind": "registry", "address": "https://registry.example/shop"}
    return {**fixed, "environment": environment.pk, **changes}


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.content
    assert SECRET not in answer.content.decode()
    return {error["field"] for error in answer.json()["errors"]}


def test_an_account_goes_in_and_never_comes_out(
    client: Any, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    credential = {"username": " reader ", "password": f" {SECRET} "}
    answer = send(client, "POST", "/nodes", body(environment, credential=credential))
    assert answer.status_code == 201, answer.content
    node = answer.json()
    assert (node["kind"], node["credential_parts"]) == ("registry", ["username", "password"])
    stored = unseal(Node.objects.get().credential)
    assert (stored.username, stored.password) == ("reader", f" {SECRET} ")  # a password's blanks are its own
    said = answer.content.decode() + caplog.text + json.dumps(list(Entry.objects.values()), default=str)
    assert SECRET not in said
    changed = send(client, "PUT", f"/nodes/{node['id']}/credential", {"password": "another"})
    assert changed.status_code == 200
    assert unseal(Node.objects.get().credential).username == "reader"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": "registry.example"}, "address"),
        ({"address": "tcp://registry.example"}, "address"),
        ({"address": "https://user@registry.example"}, "address"),
        ({"address": f"https://user:{SECRET}@registry.example"}, "address"),
        ({"address": "https://registry.example/Shop"}, "address"),
        ({"address": "https://registry.example/shop?x"}, "address"),
        ({"address": "https://registry.example:0"}, "address"),
        ({"address": "http://registry.example"}, "allow_plaintext"),
        ({"credential": {"username": "reader"}}, "credential.password"),
        ({"credential": {"password": SECRET}}, "credential.username"),
        ({"credential": {"username": "a:b", "password": SECRET}}, "credential.username"),
        ({"credential": {"username": "a", "password": f"{SECRET}\nx"}}, "credential.password"),
        ({"credential": {"token": "t" * 40}}, "credential.token"),
        ({"credential": {"ca_certificate": "no certificate"}}, "credential.ca_certificate"),
        ({"reads_host": True}, "reads_host"),
        ({"use_sudo": True}, "use_sudo"),
        ({"kind": "docker"}, "address"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(
    client: Any, environment: Environment, change: dict, field: str
) -> None:
    assert fields(send(client, "POST", "/nodes", body(environment, **change))) == {field}
    assert not Node.objects.exists()


def test_what_belongs_to_a_registry_opens_nothing_else(client: Any, environment: Environment) -> None:
    account = {"username": "reader", "password": SECRET}
    agent = {"kind": "probe", "address": "https://host:7443", "credential": account}
    assert fields(send(client, "POST", "/nodes", body(environment, **agent))) == {
        "credential.username",
        "credential.password",
        "credential.token",
    }


def test_a_ca_a_certificate_and_plaintext_are_taken(client: Any, environment: Environment) -> None:
    pems = certificates.tls()
    assert send(client, "POST", "/nodes", body(environment, credential=pems)).status_code == 201
    plain = body(environment, name="plain", address="http://registry.example:5000", allow_plaintext=True)
    assert send(client, "POST", "/nodes", plain).status_code == 201


def test_the_command_registers_one_too(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    call_command(
        *("node", "add", "hub", "https://docker.io", "--kind", "registry", "--user", "reader"),
        *("--password", str(tmp_path / "password")),
    )
    node = Node.objects.get()
    assert node.kind == "registry" and unseal(node.credential).password == SECRET
