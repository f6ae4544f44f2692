"""`manage.py credentials rotate`: after a new key was put first in PLIMSOLL_CREDENTIAL_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from posture.base.commands import AdministrativeCommand
from posture.base.sealing import CannotDecrypt
from posture.collection.keys import rotate


class Command(AdministrativeCommand):
    help = "Encrypts every stored credential again with the first key, so that the others can be retired."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("rotate", help=self.help)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            nodes, hooks = rotate()
        except CannotDecrypt as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Under the first key now: credentials of nodes: {nodes}, addresses of webhooks: {hooks}."
        )
