"""`manage.py affected WHAT`: whether and where the fleet is affected by a vulnerability or a package; prints JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from rest_framework.exceptions import ValidationError as Invalid

from posture.base.commands import AdministrativeCommand
from posture.base.moments import parse_moment
from posture.findings.affected import Question, ask
from posture.fleet.models import Environment


class Command(AdministrativeCommand):
    help = "Are we affected? Exit code 0: not as far as is known, 1: an image is, 2: nothing is known of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", help="a CVE or other name, a package URL, or the name of a package")
        parser.add_argument(
            "--ecosystem", default="", help="type of package URLs, for a package: deb, npm, …"
        )
        parser.add_argument("--versions", default="", help="bounds of a package's versions: >=1.2,<2.0")
        parser.add_argument(
            "--environment", action="append", default=[], metavar="SLUG", help="only there; may be repeated"
        )
        parser.add_argument("--as-of", default="", help="a past moment, as 2026-01-31T12:00:00Z")

    def handle(self, *args: Any, **options: Any) -> None:
        question = Question(
            text=options["what"],
            ecosystem=options["ecosystem"],
            versions=options["versions"],
            environments=_environments(options["environment"]),
        )
        try:
            moment = parse_moment(options["as_of"])
        except Invalid:
            raise CommandError(
                "--as-of: give a past moment with its offset, for example 2026-01-31T12:00:00Z."
            ) from None
        answer = ask(question, None, moment)
        self.stdout.write(msgspec.json.format(msgspec.json.encode(answer)).decode())
        if not answer.known:
            raise CommandError("Nothing here knows of it.", returncode=2)
        if answer.images_total:
            raise CommandError(f"{answer.images_total} images are affected.", returncode=1)


def _environments(slugs: list[str]) -> tuple[int, ...] | None:
    ids = dict(Environment.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    if unknown := [slug for slug in slugs if slug not in ids]:
        raise CommandError(f"--environment: there is no environment “{unknown[0][:60]}”.")
    return tuple(ids.values()) if slugs else None
