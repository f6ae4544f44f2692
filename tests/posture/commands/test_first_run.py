"""What a new installation starts with."""

from __future__ import annotations

import io
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.fleet.actions import delete_node
from posture.fleet.choices import NodeKind
from posture.fleet.models import Environment, Node
from posture.history.models import Entry
from tests.engines import Engine

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PLIMSOLL_ADMIN_PASSWORD", raising=False)
    monkeypatch.delenv("PLIMSOLL_ADMIN_PASSWORD_FILE", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


def first_run() -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("first_run", stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def shown_password(out: str) -> str:
    return next(line for line in out.splitlines() if "password " in line and "|" in line).split()[2]


def test_the_first_administrator_gets_a_random_password_once() -> None:
    out, _ = first_run()
    admin = User.objects.get()
    assert (admin.username, admin.role, admin.must_change_password) == ("admin", Role.ADMINISTRATOR, True)
    assert admin.check_password(shown_password(out))
    again, _ = first_run()
    assert "password" not in again
    assert shown_password(out) not in again
    assert User.objects.count() == 1
    assert Environment.objects.get().slug == "default"


def test_a_password_from_the_environment_is_taken_and_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIMSOLL_ADMIN_PASSWORD", "from-the-environment-1")
    out, err = first_run()
    admin = User.objects.get()
    assert admin.check_password("from-the-environment-1")
    assert not admin.must_change_password
    assert "from-the-environment-1" not in out + err
    assert err == ""


def test_a_password_from_a_file_is_taken_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from-a-secret-file-1\n")
    monkeypatch.setenv("PLIMSOLL_ADMIN_PASSWORD_FILE", str(tmp_path / "password"))
    first_run()
    assert User.objects.get().check_password("from-a-secret-file-1")


def test_a_weak_password_from_the_environment_is_taken_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLIMSOLL_ADMIN_PASSWORD", "admin")
    _, err = first_run()
    assert "PLIMSOLL_ADMIN_PASSWORD is weak" in err
    assert User.objects.get().check_password("admin")


def test_a_password_file_that_cannot_be_read_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIMSOLL_ADMIN_PASSWORD_FILE", "/nowhere/at/all")
    with pytest.raises(CommandError, match="cannot be read"):
        first_run()
    assert not User.objects.exists()
    assert not Environment.objects.exists()


def test_without_an_engine_it_says_how_to_add_one() -> None:
    out, _ = first_run()
    assert "manage.py node add" in out
    assert not Node.objects.filter(kind=NodeKind.DOCKER).exists()


def test_an_engine_elsewhere_is_not_taken_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example.org:2376")
    out, _ = first_run()
    assert "DOCKER_HOST does not name a socket of this machine" in out
    assert not Node.objects.filter(kind=NodeKind.DOCKER).exists()


def test_this_machine_is_read_by_the_host_probe_also_without_an_engine() -> None:
    out, _ = first_run()
    node = Node.objects.get()
    assert (node.kind, node.address, node.environment.slug) == (NodeKind.PROBE, "local://", "default")
    assert node.name == f"{socket.gethostname()} (host)"
    assert [line for line in out.splitlines() if "local://" in line] == [
        f"Registered this machine itself (local://) as the node “{node.name}”, for the host probe to read."
    ]
    assert Node.objects.due().get() == node
    assert Entry.objects.get(object_kind="node").actor_name == "manage.py first_run"
    delete_node(node=node)
    again, _ = first_run()
    assert "There are no nodes." in again
    assert not Node.objects.exists()


def test_a_long_host_name_leaves_room_for_what_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "x" * 300)
    first_run()
    assert Node.objects.get().name == "x" * 113 + " (host)"


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_elsewhere_than_on_linux_or_when_unwanted_this_machine_is_no_node(
    platform: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    settings.REGISTER_HOST = platform != "linux"
    out, _ = first_run()
    assert "local://" not in out
    assert not Node.objects.exists()


@pytest.mark.engine
def test_this_machines_engine_becomes_the_first_node_and_stays_deleted(
    docker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.address)
    out, _ = first_run()
    node = Node.objects.get(kind=NodeKind.DOCKER)
    host = Node.objects.get(kind=NodeKind.PROBE)
    assert node.address == docker_engine.address
    assert host.name == f"{node.name} (host)"
    assert f"as the node “{node.name}”" in out and f"as the node “{host.name}”" in out
    assert "manage.py node add" not in out
    assert set(Entry.objects.filter(object_kind="node").values_list("actor_name", flat=True)) == {
        "manage.py first_run"
    }
    first_run()
    assert Node.objects.count() == 2
    for registered in (node, host):
        delete_node(node=registered)
    again, _ = first_run()
    assert not Node.objects.exists()
    assert "manage.py node add" in again
