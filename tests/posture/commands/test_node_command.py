"""`manage.py node add|list|pull|enrolment-token`."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from posture.fleet.actions import create_environment
from posture.fleet.choices import NodeKind
from posture.fleet.credentials import unseal
from posture.fleet.models import EnrolmentToken, Environment, Node, Pull
from posture.history.models import Entry
from tests.engines import SshServer, wait_until
from tests.posture.fleet import certificates

pytestmark = pytest.mark.django_db
SOCKET = "unix:///run/docker.sock"
BEARER = "bearer-token-of-an-agent-0123456789"


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


@pytest.mark.parametrize(
    ("address", "words", "kind"),
    [
        (SOCKET, (), NodeKind.DOCKER),
        ("local://", (), NodeKind.PROBE),
        ("ssh://ops@engine", ("ssh",), NodeKind.DOCKER),
        ("ssh://ops@engine", ("ssh", "--kind", "probe"), NodeKind.PROBE),
        ("https://engine:7443", ("agent",), NodeKind.PROBE),
    ],
)
def test_its_kind_is_told_by_the_address_or_given(
    environment: Environment, tmp_path: Path, address: str, words: tuple[str, ...], kind: NodeKind
) -> None:
    ssh, agent = certificates.ssh(), certificates.tls()["ca_certificate"]
    given = {
        "ssh": [*files(tmp_path, ssh_key=ssh["ssh_private_key"]), "--host-key", ssh["ssh_host_key"]],
        "agent": files(tmp_path, token=f"{BEARER}\n", ca=agent),
    }
    node("add", "alpha", address, *(w for word in words for w in given.get(word, [word])))
    added = Node.objects.get()
    assert added.kind == kind
    assert unseal(added.credential).token == (BEARER if "agent" in words else "")


@pytest.mark.parametrize(
    ("words", "use_sudo", "reads_host"),
    [
        (("--kind", "probe", "--sudo"), True, False),
        (("--with-host",), False, True),
        (("--with-host", "--sudo"), True, True),
    ],
)
def test_the_host_is_read_over_ssh_beside_its_engine_or_alone(
    environment: Environment, tmp_path: Path, words: tuple[str, ...], use_sudo: bool, reads_host: bool
) -> None:
    ssh = certificates.ssh()
    key = [*files(tmp_path, ssh_key=ssh["ssh_private_key"]), "--host-key", ssh["ssh_host_key"]]
    node("add", "alpha", "ssh://ops@engine", *key, *words)
    added = Node.objects.get()
    assert (added.use_sudo, added.reads_host) == (use_sudo, reads_host)


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
        (("alpha", "https://engine:7443"), "credential.token: https:// needs the agent's bearer token"),
        (("alpha", "https://engine:7443", "--token", "/nowhere"), "--token: /nowhere cannot be read"),
        (("alpha", "local://", "--kind", "docker"), "address: Write unix:"),
        (("alpha", SOCKET, "--kind", "virtual"), "invalid choice"),
        (("alpha", SOCKET, "--sudo"), "use_sudo"),
        (("alpha", SOCKET, "--with-host"), "reads_host"),
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


def test_an_enrolment_token_is_printed_and_nothing_else(environment: Environment) -> None:
    create_environment(name="Staging")
    said = node(
        *("enrolment-token", "--environment", "staging", "--expires", "600"),
        *("--name", "web servers", "--label", "site=Bremen"),
    )
    token = EnrolmentToken.objects.get()
    assert said.endswith("\n") and token.digest == EnrolmentToken.digest_of(said.strip())
    assert (token.name, token.environment.slug, token.labels) == (
        "web servers",
        "staging",
        {"site": "Bremen"},
    )
    assert token.expires_at - token.created_at == timedelta(seconds=600)
    entry = Entry.objects.get(object_kind="enrolment_token")
    assert (entry.verb, entry.actor_name) == ("created", "manage.py node")
    assert said.strip() not in str(entry.changes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--expires", "10"), "expires_in_seconds: From 300 to 604800 seconds"),
        (("--name", " "), "name: Say what the token is for"),
        (("--environment", "nowhere"), "--environment: There is none with the slug “nowhere”"),
        (("--label", "bad name=x"), "labels: “bad name”"),
    ],
)
def test_what_is_wrong_with_an_enrolment_token_is_one_sentence(
    environment: Environment, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        node("enrolment-token", *words)
    assert not EnrolmentToken.objects.exists()


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
