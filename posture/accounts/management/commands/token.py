"""`manage.py token create`: a token for a program, without a browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from posture.accounts.actions import create_token
from posture.accounts.choices import Scope
from posture.accounts.models import User
from posture.base.commands import AdministrativeCommand


class Command(AdministrativeCommand):
    help = "Creates an API token and prints it, and nothing else. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help=self.help)
        create.add_argument("--user", required=True, help="whose rights the token has")
        create.add_argument(
            "--name", required=True, help="what it is for; one live token per name and person"
        )
        create.add_argument("--scope", choices=Scope.values, default=Scope.WRITE.value)
        create.add_argument("--days", type=int, help="how long it lives; without: until it is revoked")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"--user: there is nobody named “{options['user']}”.")
        days = options["days"]
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--days: from 1 to 3650.")
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        _, text = create_token(user=user, name=options["name"], scope=options["scope"], expires_at=expires_at)
        self.stdout.write(text)
