"""`manage.py user create|password`: people, when there is no administrator at hand who could do it in the browser."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from posture.accounts.actions import create_user, set_password
from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.accounts.passwords import random_password
from posture.base.commands import AdministrativeCommand, read_text


class Command(AdministrativeCommand):
    help = "Adds a person, or gives one a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="adds a person and prints their first password")
        create.add_argument("username")
        create.add_argument("--role", choices=Role.values, default=Role.VIEWER.value)
        create.add_argument("--email", default="")
        create.add_argument(
            "--environment", action="append", default=[], help="slug; limits what they see; may be repeated"
        )
        password = verbs.add_parser("password", help="sets a new password, which ends the person's sessions")
        password.add_argument("username")
        for verb in (create, password):
            verb.add_argument(
                "--password-file",
                help="takes the password from this file (- is standard input) and prints none",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["password_file"]
        password = random_password() if given is None else read_text(given, "--password-file").rstrip("\r\n")
        if options["verb"] == "create":
            user = self._create(password, **options)
        else:
            found = User.objects.filter(username=options["username"]).first()
            if found is None:
                raise CommandError(f"There is nobody named “{options['username']}”.")
            user = set_password(user=found, password=password)
        if given is None:
            self.stderr.write(f"Password of {user.username}, to be changed at the first sign-in:")
            self.stdout.write(password)

    @staticmethod
    def _create(password: str, *, environment: list[str], **options: Any) -> User:
        # By relation: environments belong to the fleet, which is built on accounts.
        environments: Any = User._meta.get_field("environments").related_model
        known = environments.objects.in_bulk(environment, field_name="slug")
        if unknown := [slug for slug in environment if slug not in known]:
            raise CommandError(f"--environment: there is none with the slug {', '.join(unknown)}.")
        return create_user(
            username=options["username"],
            password=password,
            role=options["role"],
            email=options["email"],
            environments=known.values(),
        )
