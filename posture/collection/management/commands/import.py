"""`manage.py import FILE…`: reports of other tools from files; prints one JSON line for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser

from posture.base.commands import AdministrativeCommand
from posture.collection.choices import UploadSource
from posture.collection.imports import import_all
from posture.findings import tallies


class Command(AdministrativeCommand):
    help = "Imports reports of other tools: one JSON line a file. Exit code 1 when one of them failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="a report; a folder: all in it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for imported in import_all(_files(options["files"]), source=UploadSource.COMMAND):
            failed += imported.status == "failed"
            self.stdout.write(msgspec.json.encode(imported).decode())
        tallies.fold()
        if failed:
            raise CommandError(f"{failed} of the files could not be imported.")


def _files(given: Iterable[Path]) -> Iterator[Path]:
    for path in given:
        yield from sorted(path.iterdir()) if path.is_dir() else [path]
