"""`manage.py scan IMAGE…`: scan images here and now; prints one JSON line for each image and tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from django.db.models import Q

from posture.base.commands import AdministrativeCommand
from posture.collection import scanning
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset


class Command(AdministrativeCommand):
    help = (
        "Scans images or archives here and now: one JSON line an image and tool. Exit code 1 when one failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "images",
            nargs="+",
            metavar="IMAGE",
            help="an image's number, digest or name; or the path of an archive (docker save, OCI layout)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scanning.tools_to_use()
        failed = 0
        for text in options["images"]:
            path = Path(text)
            said = scanning.scan_file(path) if path.exists() else scanning.scan_image(_image(text).pk)
            for looked in said:
                failed += looked.state == "failed"
                self.stdout.write(msgspec.json.encode(looked).decode())
        if failed:
            raise CommandError(f"{failed} of the scans failed.")


def _image(text: str) -> Asset:
    """The image of this number, digest (its beginning is enough) or name. Raises CommandError."""
    images = Asset.objects.present().filter(kind=AssetKind.IMAGE)
    if text.isdigit():
        found = list(images.filter(pk=int(text)))
    else:
        digest = text if text.startswith("sha256:") else f"sha256:{text}"
        named = Q(name=text) | Q(presences__closed_at__isnull=True, presences__references__contains=[text])
        found = list(images.filter(Q(key__startswith=digest) | named).distinct()[:2])
    if not found:
        raise CommandError(f"There is no image {text[:200]!r}: give its number, digest or name, or a file.")
    if len(found) > 1:
        raise CommandError(f"{text[:200]!r} fits several images: give the digest.")
    return found[0]
