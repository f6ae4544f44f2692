"""An engine that holds one image, and scanners of our own, for the tests of scans."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from django.utils import timezone

from posture.collection import scanning
from posture.collection.tasks import enqueue_scan
from posture.fleet.models import Asset, ContainerState, Node
from posture.images.models import Image, Presence
from posture.vulnerabilities.models import ScanJob
from scanners.records import AssetKind
from tests.images import docker_archive
from tests.posture.collection.pulls import environment
from tests.scanners.connectors.servers import engine, serve


def image(name: str = "a", **changes: object) -> Asset:
    now = timezone.now()
    values = {"key": f"sha256:{name * 64}"[:71], "name": f"shop/{name}:1", **changes}
    made = Asset.objects.create(kind=AssetKind.IMAGE, first_seen_at=now, changed_at=now, **values)
    Image.objects.create(
        asset=made,
        digest=made.key,
        fingerprint="",
        os="linux",
        architecture="amd64",
        size_bytes=1000,
        user="",
        has_healthcheck=False,
    )
    return made


def host(name: str = "alpha", address: str = "unix:///nowhere.sock") -> Asset:
    """A host with an engine that is asked at this address."""
    now = timezone.now()
    made = Asset.objects.create(
        kind=AssetKind.HOST, key=name, name=name, environment=environment(), first_seen_at=now, changed_at=now
    )
    Node.objects.create(
        name=name, address=address, environment=environment(), host=made, allow_plaintext=True
    )
    return made


def held(of: Asset, by: Asset) -> Asset:
    Presence.objects.create(image=of, host=by, opened_at=timezone.now(), references=[of.name])
    return of


def running(of: Asset, by: Asset, *, exposed: bool = False, status: str = "running") -> ContainerState:
    now = timezone.now()
    asset = Asset.objects.create(
        kind=AssetKind.CONTAINER,
        key=f"{of.pk}-{by.pk}-{exposed}-{status}",
        name="container",
        host=by,
        first_seen_at=now,
        changed_at=now,
    )
    return ContainerState.objects.create(
        asset=asset,
        host=by,
        image=of,
        opened_at=now,
        fingerprint="",
        name="container",
        engine_container_id="c",
        image_reference=of.name,
        status=status,
        user="",
        privileged=False,
        exposed=exposed,
        network_mode="bridge",
        project="",
    )


@contextlib.contextmanager
def an_engine_with(of: Asset, archive: Path | None = None, **answers: object) -> Iterator[str]:
    """The address of an engine that gives the archive as this image."""
    content = archive.read_bytes() if archive else b""
    whole = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
    known = {f"/images/{of.key}/json": {"Size": len(content)}, f"/images/{of.key}/get": whole, **answers}
    with serve(engine(known)) as address:
        yield address


@contextlib.contextmanager
def an_image_that_is_held(tmp_path: Path, name: str = "a") -> Iterator[Asset]:
    """An image of two packages of Debian and one of Python, on a host whose engine gives it."""
    docker_archive(tmp_path / "image.tar")
    made = image(name)
    with an_engine_with(made, tmp_path / "image.tar") as address:
        held(made, host(address=address))
        yield made


def scanner(tmp_path: Path, text: str, name: str = "scanner") -> str:
    """A program that is run as a scanner; it answers `version` like Syft does, and then does what `text` says."""
    path = tmp_path / name
    version = json.dumps({"version": "1.0.0"})
    path.write_text(
        f"#!{sys.executable} -IS\nimport json, os, sys, time\n"
        f"if sys.argv[1] == 'version':\n    print({version!r}); sys.exit(0)\n{text}\n"
    )
    path.chmod(0o755)
    return str(path)


def syft_report(*names: str) -> str:
    """A program text that prints a report of Syft with these packages of Python."""
    report = {
        "artifacts": [
            {"name": name, "version": "1.0", "type": "python", "purl": f"pkg:pypi/{name}@1.0", "locations": []}
            for name in names
        ],
        "source": {"type": "image", "metadata": {"userInput": "x", "imageID": "sha256:of-the-report", "layers": []}},
        "descriptor": {"name": "syft", "version": "1.0.0"},
        "schema": {"version": "16.0.0", "url": "https://raw.githubusercontent.com/anchore/syft/main/schema"},
    }  # fmt: skip
    return f"print({json.dumps(report)!r})"


def work() -> bool:
    """One scan, as the task does it."""
    scanning.known.forget()
    return scanning.work(enqueue_scan)


def job(of: Asset, tool: str = "syft") -> ScanJob:
    return ScanJob.objects.get(asset=of, tool=tool)
