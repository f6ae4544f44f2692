"""`manage.py demo`: a made-up fleet with a history, to look at; `--remove` takes it away."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from posture.base.problems import Problem
from posture.collection.demo.build import build
from posture.collection.demo.remove import remove
from posture.fleet.models import Node

LIMITS = {"hosts": (4, 20_000), "days": (10, 730), "seed": (0, 2**31)}


class Command(BaseCommand):
    help = "Build a made-up fleet with a history, marked as demo data, or remove it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hosts", type=int, default=50)
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--seed", type=int, default=1, help="the same one tells the same story")
        parser.add_argument("--beside", action="store_true", help="build it beside real nodes")
        parser.add_argument("--remove", action="store_true", help="remove the demo fleet, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if options["remove"]:
            gone = remove()
            if not gone["nodes"]:
                raise CommandError("There is no demo fleet.")
            told = ", ".join(f"{number} {what}" for what, number in gone.items())
            self.stdout.write(f"removed {told} in {time.monotonic() - started:.0f} s")
            return
        for name, (low, high) in LIMITS.items():
            if not low <= options[name] <= high:
                raise CommandError(f"--{name}: give a number from {low:,} to {high:,}.")
        if Node.objects.filter(is_demo=False, host__isnull=False).exists() and not options["beside"]:
            raise CommandError(
                "This installation watches real nodes. Give --beside to build the demo fleet beside them; "
                "--remove takes it away again."
            )
        try:
            build(hosts=options["hosts"], days=options["days"], seed=options["seed"], say=self.stdout.write)
        except Problem as error:
            raise CommandError(f"{error.detail} manage.py demo --remove takes it away.") from error
        self.stdout.write(f"done in {time.monotonic() - started:.0f} s")
