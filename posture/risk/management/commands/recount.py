"""`manage.py recount`: whether every load and every count of vulnerabilities equals a full recount; prints JSON."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser

from posture.base.commands import AdministrativeCommand
from posture.findings import tallies
from posture.history.actions import record
from posture.risk.recount import recount

SHOWN = 100


class Command(AdministrativeCommand):
    help = "Do loads equal a full recount? Exit code 0: all do, 1: some do not, and are named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="write what was recounted where it differs")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        told = recount(mend=options["mend"])
        wrong = len(told.differences)
        vulnerabilities = tallies.differing(mend=options["mend"])
        answer = {
            "assets": told.assets,
            "assets_differing": wrong,
            "vulnerabilities_differing": vulnerabilities,
            "differences": told.differences[:SHOWN],
            "mended": bool(options["mend"] and (wrong or vulnerabilities)),
            "seconds": round(time.monotonic() - begun, 1),
        }
        self.stdout.write(msgspec.json.format(msgspec.json.encode(answer)).decode())
        if not wrong and not vulnerabilities:
            return
        if not options["mend"]:
            raise CommandError(
                "Some numbers differ. Run it with --mend to write the right ones.", returncode=1
            )
        record(
            verb="mended",
            obj=None,
            object_kind="loads",
            object_name=f"{wrong} loads, {vulnerabilities} counts of vulnerabilities",
        )
