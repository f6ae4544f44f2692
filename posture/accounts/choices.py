"""Roles, and what each may do."""

from django.db import models


class Role(models.TextChoices):
    """Who a person is to the fleet. Every endpoint states the permission that it needs."""

    VIEWER = "viewer", "Viewer"
    ANALYST = "analyst", "Analyst"
    ADMINISTRATOR = "administrator", "Administrator"
    AUDITOR = "auditor", "Auditor"


class Scope(models.TextChoices):
    """What a token may do: at most what its owner may, and only read with `read`."""

    READ = "read", "Read"
    WRITE = "write", "Read and write"


_READ = frozenset({"fleet.view"})
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.VIEWER: _READ,
    Role.ANALYST: _READ | {"pulls.control", "tokens.own"},
    Role.AUDITOR: _READ | {"history.view", "users.view", "tokens.own"},
    Role.ADMINISTRATOR: _READ
    | {
        "pulls.control",
        "nodes.change",
        "environments.change",
        "history.view",
        "users.view",
        "users.change",
        "tokens.own",
        "tokens.all",
    },
}
PERMISSIONS[Role.VIEWER] = _READ | {"tokens.own"}
