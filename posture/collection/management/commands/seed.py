"""`manage.py seed`: a believable fleet in an empty installation, for measuring lists at size."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from posture.collection.seeding import NotEmpty, seed


class Command(BaseCommand):
    help = "Fill an empty installation with made-up hosts, containers, images, results and findings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hosts", type=int, default=100)
        parser.add_argument("--containers", type=int, default=2_000)
        parser.add_argument(
            "--findings", type=int, default=0, help="vulnerabilities found in each image, about"
        )
        parser.add_argument("--images", type=int, help="default: one for 40 containers, at least 20")

    def handle(self, *args: Any, **options: Any) -> None:
        hosts, containers = options["hosts"], options["containers"]
        images = options["images"] or max(containers // 40, 20)
        for name, number in (("hosts", hosts), ("containers", containers), ("images", images)):
            if not 1 <= number <= 10_000_000:
                raise CommandError(f"--{name}: give a number from 1 to 10,000,000.")
        started = time.monotonic()
        try:
            seed(
                hosts=hosts,
                containers=containers,
                images=images,
                findings=options["findings"],
                say=self.stdout.write,
            )
        except NotEmpty as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"done in {time.monotonic() - started:.0f} s")
