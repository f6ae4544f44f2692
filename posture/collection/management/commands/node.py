"""`manage.py node add|list|pull|enrolment-token`: nodes from the terminal."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from posture.base.commands import AdministrativeCommand, read_text
from posture.collection.actions import pull_now, scan_host_key
from posture.fleet import enrolment
from posture.fleet.actions import create_node
from posture.fleet.addresses import kind_of
from posture.fleet.choices import NodeKind, PullState
from posture.fleet.models import Environment, Node, Pull
from scanners.records import Credential, NodeError

_FILES = {
    "ca": ("ca_certificate", "CA certificate (PEM) for tcp:// and https://; an agent's own may be given"),
    "cert": ("client_certificate", "client certificate (PEM) for tcp:// and https://"),
    "key": ("client_key", "client key (PEM) for tcp:// and https://"),
    "token": ("token", "file with the agent's bearer token, for https://"),
    "ssh_key": ("ssh_private_key", "private key for ssh://"),
    "ssh_passphrase": ("ssh_passphrase", "file with the private key's passphrase"),
    "password": ("password", "file with the password, or access token, of --user at a registry"),
}
_ONE_LINE = ("ssh_passphrase", "password")
_ASK_EVERY_SECONDS = 0.5


class Command(AdministrativeCommand):
    help = "Registers nodes, lists them, pulls one now, makes tokens with which hosts register themselves."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self._add_arguments_of_add(
            verbs.add_parser("add", help="registers a Docker Engine, a host probe or a registry")
        )
        listing = verbs.add_parser("list", help="shows every node")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        pull = verbs.add_parser("pull", help="pulls a node now")
        pull.add_argument("name")
        pull.add_argument(
            "--wait", action="store_true", help="until it has ended; exit code 1 when it failed"
        )
        pull.add_argument(
            "--timeout", type=float, default=600.0, metavar="SECONDS", help="for --wait; 600 unless given"
        )
        token = verbs.add_parser(
            "enrolment-token",
            help="prints a new token with which one host registers itself: plimsoll-probe enrol",
        )
        token.add_argument("--environment", help="slug; needed when there are several")
        token.add_argument(
            "--expires",
            type=int,
            default=enrolment.DEFAULT_SECONDS,
            metavar="SECONDS",
            help=f"until when it can be used, from {enrolment.SHORTEST_SECONDS} to {enrolment.LONGEST_SECONDS}; "
            f"{enrolment.DEFAULT_SECONDS} unless given",
        )
        token.add_argument("--name", default="manage.py", metavar="TEXT", help="what it is for")
        token.add_argument(
            "--label", action="append", default=[], metavar="NAME=VALUE", help="of the node that it makes"
        )

    @staticmethod
    def _add_arguments_of_add(add: CommandParser) -> None:
        add.add_argument("name")
        add.add_argument(
            "address",
            help="of an engine: unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host; "
            "of a host probe: local:// (this machine), ssh://user@host or https://host:7443; "
            "of a registry, with --kind registry: https://registry.example/namespace",
        )
        add.add_argument(
            "--kind",
            choices=NodeKind.values,
            help="probe for local:// and https://, docker for the others unless given",
        )
        add.add_argument("--environment", help="slug; needed when there are several")
        for option, (_, text) in _FILES.items():
            add.add_argument(f"--{option.replace('_', '-')}", metavar="FILE", help=text)
        add.add_argument("--user", metavar="NAME", help="account at a registry")
        host_key = add.add_mutually_exclusive_group()
        host_key.add_argument(
            "--host-key", metavar="TEXT", help="the host's key, “ssh-ed25519 AAAA…”, to be pinned"
        )
        host_key.add_argument(
            "--scan-host-key",
            action="store_true",
            help="pins the key that the host shows now; compare what is printed",
        )
        add.add_argument(
            "--interval", type=int, metavar="SECONDS", help="how often it is pulled; 900 unless given"
        )
        add.add_argument("--label", action="append", default=[], metavar="NAME=VALUE")
        add.add_argument("--allow-plaintext", action="store_true", help="tcp:// or http:// without TLS")
        add.add_argument("--sudo", action="store_true", help="over ssh://, run the host probe as root")
        add.add_argument(
            "--with-host",
            action="store_true",
            help="over ssh://, probe the host of the engine in the same pull",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {
            "add": self._add,
            "list": self._list,
            "pull": self._pull,
            "enrolment-token": self._enrolment_token,
        }
        verbs[options["verb"]](options)

    def _add(self, options: dict[str, Any]) -> None:
        parts = {
            part: read_text(options[option], f"--{option.replace('_', '-')}")
            for option, (part, _) in _FILES.items()
            if options[option]
        }
        for part in _ONE_LINE:
            if part in parts:
                parts[part] = parts[part].rstrip("\r\n")
        if options["user"]:
            parts["username"] = options["user"]
        if options["host_key"]:
            parts["ssh_host_key"] = options["host_key"]
        if options["scan_host_key"]:
            parts["ssh_host_key"] = self._scan(options["address"])
        node = create_node(
            name=options["name"],
            kind=options["kind"] or kind_of(options["address"]),
            address=options["address"],
            environment=_environment(options["environment"]),
            credential=Credential(**parts),
            allow_plaintext=options["allow_plaintext"],
            labels=_labels(options["label"]),
            interval_seconds=options["interval"],
            use_sudo=options["sudo"],
            reads_host=options["with_host"],
        )
        self.stdout.write(f"Added {node.name} ({node.address}) to {node.environment.name}.")

    def _enrolment_token(self, options: dict[str, Any]) -> None:
        _, text = enrolment.create_token(
            environment=_environment(options["environment"]),
            name=options["name"],
            expires_in_seconds=options["expires"],
            labels=_labels(options["label"]),
        )
        self.stdout.write(text)

    def _scan(self, address: str) -> str:
        try:
            found = scan_host_key(address=address)
        except NodeError as error:
            raise CommandError(f"--scan-host-key: {error.message} {error.hint}".strip()) from None
        self.stderr.write(
            f"Pinned the host key {found['type']} {found['fingerprint']}. Compare it on the host:"
        )
        self.stderr.write("  for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done")
        return found["key"]

    def _list(self, options: dict[str, Any]) -> None:
        nodes = Node.objects.select_related("environment").order_by("name")
        rows: list[dict[str, Any]] = [
            {
                "name": node.name,
                "state": node.state,
                "environment": node.environment.slug,
                "address": node.address,
                "last_success_at": None if node.last_success_at is None else node.last_success_at.isoformat(),
                "error": (node.last_error or {}).get("title"),
            }
            for node in nodes
        ]
        if options["json"]:
            for row in rows:
                self.stdout.write(json.dumps(row))
        elif not rows:
            self.stderr.write("No nodes yet. Add one: manage.py node add NAME ADDRESS")
        else:
            table: list[dict[str, Any]] = [{name: name.replace("_", " ").upper() for name in rows[0]}, *rows]
            widths = {name: max(len(str(row[name] or "-")) for row in table) for name in rows[0]}
            for row in table:
                self.stdout.write(
                    "  ".join(str(row[name] or "-").ljust(widths[name]) for name in widths).rstrip()
                )

    def _pull(self, options: dict[str, Any]) -> None:
        node = Node.objects.filter(name=options["name"]).first()
        if node is None:
            raise CommandError(f"There is no node named “{options['name']}”. See manage.py node list.")
        pull = pull_now(node=node, by=None)
        if not options["wait"]:
            self.stdout.write(f"Pull {pull.pk} of {node.name} is {pull.state}.")
            return
        self._report(self._ended(pull, options["timeout"]), node)

    @staticmethod
    def _ended(pull: Pull, timeout: float) -> Pull:
        deadline = time.monotonic() + timeout
        while pull.is_active:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"Pull {pull.pk} is still {pull.state} after {timeout:g} s. Is a worker running? "
                    "It goes on; see it in the browser or with manage.py node list."
                )
            time.sleep(_ASK_EVERY_SECONDS)
            found = Pull.objects.filter(pk=pull.pk).first()
            if found is None:
                raise CommandError("The node was deleted while it was pulled.")
            pull = found
        return pull

    def _report(self, pull: Pull, node: Node) -> None:
        if pull.state not in (PullState.SUCCEEDED, PullState.PARTIAL):
            error = pull.error or {}
            words = (error.get("title"), error.get("detail"), error.get("hint"))
            raise CommandError(
                f"Pull {pull.pk} of {node.name} {pull.state}: " + " ".join(w for w in words if w)
            )
        counts = ", ".join(f"{name} {number}" for name, number in pull.counts.items())
        self.stdout.write(f"Pull {pull.pk} of {node.name} {pull.state}: {counts}.")


def _environment(slug: str | None) -> Environment:
    known = {environment.slug: environment for environment in Environment.objects.all()}
    if slug is None and len(known) == 1:
        return next(iter(known.values()))
    if slug in known:
        return known[slug]
    if not known:
        raise CommandError("There is no environment yet: run manage.py first_run, or add one in the browser.")
    wrong = "Say which one" if slug is None else f"There is none with the slug “{slug}”"
    raise CommandError(f"--environment: {wrong}: {', '.join(sorted(known))}.")


def _labels(given: list[str]) -> dict[str, str]:
    labels = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandError(f"--label: write NAME=VALUE, not “{text}”.")
        labels[name.strip()] = value.strip()
    return labels
