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


class ListPage(models.TextChoices):
    """The lists that a view can be saved of, by their name in the API and in the address of their page."""

    ENVIRONMENTS = "environments", "Environments"
    NODES = "nodes", "Nodes"
    PULLS = "pulls", "Pulls"
    HOSTS = "hosts", "Hosts"
    CONTAINERS = "containers", "Containers"
    IMAGES = "images", "Images"
    HOST_DEFENCES = "host-defences", "Kernel defences of hosts"
    CONTAINER_DEFENCES = "container-defences", "Kernel defences of containers"
    UPLOADS = "uploads", "Uploads"
    FEEDS = "feeds", "Feeds"
    GATE_DECISIONS = "gate-decisions", "Gate"
    CHECKS = "checks", "Checks"
    CHECK_RESULTS = "check-results", "Check results"
    FINDINGS = "findings", "Findings"
    DECISIONS = "decisions", "Decisions"
    VULNERABILITIES = "vulnerabilities", "Vulnerabilities"
    PACKAGES = "packages", "Packages"
    MESSAGES = "messages", "Messages"
    TOKENS = "tokens", "Tokens"
    USERS = "users", "People"
    HISTORY = "history", "History"


_READ = frozenset({"fleet.view"})
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.VIEWER: _READ | {"tokens.own"},
    Role.ANALYST: _READ
    | {
        "pulls.control",
        "reports.send",
        "gate.ask",
        "findings.work",
        "decisions.make",
        "tokens.own",
        "views.share",
    },
    Role.AUDITOR: _READ | {"history.view", "users.view", "tokens.own"},
    Role.ADMINISTRATOR: _READ
    | {
        "pulls.control",
        "reports.send",
        "gate.ask",
        "findings.work",
        "decisions.make",
        "deadlines.change",
        "feeds.change",
        "notifications.change",
        "nodes.change",
        "environments.change",
        "history.view",
        "users.view",
        "users.change",
        "tokens.own",
        "tokens.all",
        "views.share",
        "views.moderate",
    },
}
