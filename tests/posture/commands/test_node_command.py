"""`manage.py node add|list|pull`."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from posture.fleet.actions import create_environment
from posture.fleet.credentials import unseal
from posture.fleet.models import Environment, Node, Pull
from tests.engines import SshServer, wait_until
from tests.posture.fleet import certificates

pytestmark = pytest.mark.django_db
SOCKET = "unix:///run/docker.sock"


@pytest.fixture
def environment() -> Environment:
    return create_environment(name="Production")


def node(*words: str) -> str:
    out = io.StringIO()
    call_command("node", *words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def files(tmp_path: Path, **parts: str) -> list[str]:
    words = []
    for option, text in parts.items():
        (tmp_path / option).write_text(text)
        words += [f"--{option.replace('_', '-')}", str(tmp_path / option)]
    return words


def test_a_node_is_added_to_the_only_environment(environment: Environment) -> None:
    said = node("add", "alpha", SOCKET, "--interval", "60", "--label", "site=Bremen")
    assert said == "Added alpha (unix:///run/docker.sock) to Production.\n"
    added = Node.objects.get()
    assert (added.interval_seconds, added.labels, added.environment) == (60, {"site": "Bremen"}, environment)


def test_certificates_come_from_files(environment: Environment, tmp_path: Path) -> None:
    tls = certificates.tls()
    words = files(tmp_path, ca=tls["ca_certificate"], cert=tls["client_certificate"], key=tls["client_key"])
    node("add", "alpha", "tcp://engine:2376", *words)
    assert unseal(Node.objects.get().credential).client_key.strip() == tls["client_key"].strip()


def test_an_ssh_key_and_a_host_key_are_given(environment: Environment, tmp_path: Path) -> None:
    ssh = certificates.ssh()
    words = files(tmp_path, ssh_key=certificates.ssh_key("x"), ssh_passphrase="x\n")
    node("add", "alpha", "ssh://ops@engine", *words, "--host-key", ssh["ssh_host_key"])
    assert Node.objects.get().host_key_fingerprint.startswith("ssh-ed25519 SHA256:")


@pytest.mark.engine
def test_the_host_key_that_a_host_shows_is_pinned_when_wanted(
    environment: Environment, tmp_path: Path, ssh_server: SshServer
) -> None:
    words = files(tmp_path, ssh_key=ssh_server.credential.ssh_private_key)
    node("add", "alpha", ssh_server.address(Path("/run/docker.sock")), *words, "--scan-host-key")
    pinned = unseal(Node.objects.get().credential).ssh_host_key
    assert pinned.split() == ssh_server.credential.ssh_host_key.split()[:2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("alpha", "nonsense"), "address: Write unix:"),
        (("alpha", "tcp://engine:2376"), "credential.ca_certificate: tcp:// needs"),
        (("alpha", "tcp://engine:2376", "--ca", "/nowhere/ca.pem"), "--ca: /nowhere/ca.pem cannot be read"),
        (("alpha", "ssh://ops@127.0.0.1:1", "--scan-host-key"), "--scan-host-key"),
        (
            ("alpha", SOCKET, "--environment", "nowhere"),
            "--environment: There is none with the slug “nowhere”",
        ),
        (("alpha", SOCKET, "--label", "site"), "--label: write NAME=VALUE"),
        (("alpha", SOCKET, "--interval", "1"), "interval_seconds"),
        (("alpha", SOCKET, "--interval", "soon"), "invalid int"),
        (("alpha",), "address"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_added(
    environment: Environment, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        node("add", *words)
    assert not Node.objects.exists()


def test_with_several_environments_one_must_be_named(environment: Environment) -> None:
    create_environment(name="Staging")
    with pytest.raises(CommandError, match="--environment: Say which one: production, staging"):
        node("add", "alpha", SOCKET)
    node("add", "alpha", SOCKET, "--environment", "staging")
    assert Node.objects.get().environment.slug == "staging"


def test_nodes_are_listed_for_people_and_for_programs(environment: Environment) -> None:
    assert node("list") == ""
    node("add", "alpha", SOCKET)
    heading, row = node("list").splitlines()
    assert heading.split()[:3] == ["NAME", "STATE", "ENVIRONMENT"]
    assert row.split()[:4] == ["alpha", "new", "production", SOCKET]
    assert json.loads(node("list", "--json"))["address"] == SOCKET


def test_a_pull_is_queued_once(environment: Environment) -> None:
    node("add", "alpha", SOCKET)
    pull = node("pull", "alpha")
    assert pull == node("pull", "alpha")
    assert Pull.objects.get().state == "queued"
    with pytest.raises(CommandError, match="still queued after 0 s. Is a worker running"):
        node("pull", "alpha", "--wait", "--timeout", "0")
    with pytest.raises(CommandError, match="no node named “beta”"):
        node("pull", "beta")


def end_the_next_pull(**changes: object) -> None:
    """What a worker does to the row, as seen from the command that waits for it."""
    try:
        wait_until(lambda: Pull.objects.active().update(**changes) == 1, "a queued pull")
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["succeeded", "partial", "failed", "cancelled"])
def test_waiting_ends_with_what_the_pull_did(environment: Environment, state: str) -> None:
    node("add", "alpha", SOCKET)
    error = {"title": "The node refused the connection", "detail": "Nothing listens.", "hint": "Start it."}
    changes = {"state": state, "counts": {"containers": 3}, "error": error}
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(end_the_next_pull, **changes)
        if state in ("succeeded", "partial"):
            assert node("pull", "alpha", "--wait").endswith(f"of alpha {state}: containers 3.\n")
        else:
            with pytest.raises(
                CommandError, match=f"{state}: The node refused the connection Nothing listens."
            ):
                node("pull", "alpha", "--wait")
        ended.result()
