"""`manage.py first_run`: what a new installation starts with. Running it again changes nothing."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import connection, transaction

from posture.accounts.actions import create_user
from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.accounts.passwords import random_password
from posture.base.commands import AdministrativeCommand
from posture.collection.actions import test_connection
from posture.fleet.actions import create_environment, create_node
from posture.fleet.addresses import LOCAL
from posture.fleet.choices import NodeKind, Source
from posture.fleet.models import Environment, Node
from posture.history.models import Entry
from posture.platform.secrets import SecretError, from_environment
from scanners.records import Credential

ADMINISTRATOR = "admin"
PASSWORD_VARIABLE = "PLIMSOLL_ADMIN_PASSWORD"
_HOST_SUFFIX = " (host)"
_LOCK = 0x66697273  # "firs": of two that start together only one is first
_HOW_TO_ADD = (
    "To add a node: “Add node” on the page Nodes, or\n"
    "  manage.py node add NAME unix:///var/run/docker.sock\n"
    "  manage.py node add NAME tcp://HOST:2376 --ca ca.pem --cert cert.pem --key key.pem\n"
    "  manage.py node add NAME ssh://USER@HOST --ssh-key FILE --scan-host-key\n"
    "  manage.py node enrolment-token, for a host that registers itself: plimsoll-probe enrol"
)


class Command(AdministrativeCommand):
    help = (
        "Creates the first administrator and environment, and registers this machine and its Docker Engine."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            first_environment()
            shown = first_administrator(self.stderr.write)
            words = first_nodes()
        # Only now: a password shown for an administrator who was rolled back would be worse than none.
        if shown is not None:
            self.stdout.write(_block("First administrator", {"name": ADMINISTRATOR, "password": shown}))
        if words:
            self.stdout.write(words)


def first_environment() -> None:
    if not Environment.objects.exists():
        create_environment(
            name="Default", slug="default", description="Where nodes go until there are others."
        )


def first_administrator(warn: Any) -> str | None:
    """Creates `admin` when there is nobody yet; returns the password when it is a random one, to be shown once."""
    if User.objects.exists():
        return None
    try:
        given = from_environment(PASSWORD_VARIABLE)
    except SecretError as error:
        raise CommandError(str(error)) from None
    password = given or random_password()
    try:
        validate_password(password, User(username=ADMINISTRATOR))
    except ValidationError as error:
        # Whoever runs this server chose it, so it is taken; they should know what it is worth.
        warn(f"Warning: {PASSWORD_VARIABLE} is weak. {' '.join(error.messages)}")
    create_user(
        username=ADMINISTRATOR,
        password=password,
        role=Role.ADMINISTRATOR,
        must_change_password=given is None,
        allow_weak=True,
    )
    return password if given is None else None


def first_nodes() -> str:
    """Registers this machine's engine when it answers, and the machine; returns what to tell the person.

    Never when there was a node before: one that somebody deleted does not come back.
    """
    if Node.objects.exists():
        return ""
    if Entry.objects.filter(object_kind="node", verb="created").exists():
        return f"There are no nodes. {_HOW_TO_ADD}"
    environment = Environment.objects.order_by("pk").first()
    assert environment is not None  # made above, in the same transaction
    engine = _first_engine(environment)
    host = _first_host(environment)
    return "\n".join(words for words in (engine, host, "" if _has_engine() else _HOW_TO_ADD) if words)


def _has_engine() -> bool:
    return Node.objects.bringing(Source.ENGINE).exists()


def _first_engine(environment: Environment) -> str:
    address, why_not = _local_engine()
    if address is None:
        return why_not
    answer = test_connection(address=address, credential=Credential())
    if not answer["ok"]:
        error = answer["error"]
        words = (f"This machine's engine at {address} cannot be read.", error["detail"], error["hint"])
        return " ".join(word for word in words if word)
    name = _machine()[:120]
    create_node(name=name, address=address, environment=environment)
    report = answer["report"]
    return (
        f"Registered this machine's {report['engine']} {report['version']} ({address}) as the node “{name}”, "
        f"with {report['containers']} containers and {report['images']} images."
    )


def _first_host(environment: Environment) -> str:
    """What no engine tells of this machine is read by the host probe, which knows Linux only."""
    if sys.platform != "linux" or not settings.REGISTER_HOST:
        return ""
    name = _machine()[: 120 - len(_HOST_SUFFIX)] + _HOST_SUFFIX
    create_node(name=name, kind=NodeKind.PROBE, address=LOCAL, environment=environment)
    return f"Registered this machine itself ({LOCAL}) as the node “{name}”, for the host probe to read."


def _machine() -> str:
    return socket.gethostname() or "this machine"


def _local_engine() -> tuple[str | None, str]:
    """The address of this machine's engine, or None and why there is none."""
    if chosen := os.environ.get("DOCKER_HOST", "").strip():
        if chosen.startswith("unix://"):
            return chosen, ""
        return None, "DOCKER_HOST does not name a socket of this machine, so no node was registered."
    candidates = [Path("/var/run/docker.sock"), Path.home() / ".docker" / "run" / "docker.sock"]
    if folder := os.environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(folder) / "docker.sock")
    for path in candidates:
        if path.is_socket():
            return f"unix://{path}", ""
    return None, "No Docker Engine was found on this machine (no socket at /var/run/docker.sock)."


def _block(title: str, lines: dict[str, str]) -> str:
    note = "Shown only this once. It is to be changed at the first sign-in."
    rows = [title, *(f"  {name:<9} {value}" for name, value in lines.items()), note]
    width = max(len(row) for row in rows)
    rule = "+" + "-" * (width + 2) + "+"
    return "\n".join(["", rule, *(f"| {row:<{width}} |" for row in rows), rule, ""])
