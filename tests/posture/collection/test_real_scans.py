"""Scans by a real Celery worker, with the real Syft, of an image in a real Docker Engine; and a worker killed in the middle."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from posture.fleet.models import Asset, LoadedFiles, Node
from posture.risk import use
from posture.vulnerabilities.choices import JobPriority, JobState
from posture.vulnerabilities.models import ImageUse, Package, PackageList, PackageUse, ScanJob
from tests.engines import Engine
from tests.images import debian_with_busybox, of_this_debian
from tests.posture.collection.pulls import environment
from tests.posture.collection.scans import scanner
from tests.scanners.tools.test_process import is_running
from tests.workers import a_worker, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def engine(docker_engine: Engine) -> Iterator[Engine]:
    client = docker_engine.client()
    client.api.import_image_from_data(debian_with_busybox(), repository="shop/web", tag="1")
    made = client.containers.create("shop/web:1", ["/bin/sleep", "3600"], name="web", network_mode="none")
    made.start()
    try:
        yield docker_engine
    finally:
        made.remove(force=True)
        client.images.remove("shop/web:1", force=True)
        client.close()


def register(engine: Engine) -> Node:
    return Node.objects.create(name="alpha", address=engine.address, environment=environment())


def job_of(reference: str) -> ScanJob | None:
    found = Asset.objects.filter(kind="image", presences__references__contains=[reference]).first()
    return ScanJob.objects.filter(asset=found).first() if found else None


def is_done(reference: str) -> bool:
    job = job_of(reference)
    return job is not None and job.state == JobState.DONE


def test_a_pulled_image_is_scanned_by_itself(engine: Engine, tmp_path: Path) -> None:
    register(engine)
    folder = tmp_path / "scans"
    here = {"PLIMSOLL_SCANS": "1", "PLIMSOLL_SCAN_TOOLS": "syft", "PLIMSOLL_SCAN_FOLDER": str(folder)}
    with a_worker(tmp_path / "worker.log", **here):
        wait_for("the packages of the image", lambda: is_done("shop/web:1"))
        wait_for("the other image", lambda: is_done("plimsoll/base:1"))
    web, base = job_of("shop/web:1"), job_of("plimsoll/base:1")
    assert web is not None and base is not None
    assert web.started_at < base.started_at, "what runs goes first"  # type: ignore[operator]
    assert web.node is not None and web.node.name == "alpha" and web.bytes
    listed = PackageList.objects.current().get(asset=web.asset_id)
    names = set(Package.objects.filter(pk__in=listed.packages).values_list("name", flat=True))
    assert {"openssl", "libssl3", "busybox"} <= names, names
    assert "packages" in Asset.objects.get(pk=web.asset_id).evidence
    assert [path for path in folder.iterdir() if path.is_dir()] == []


def test_a_worker_killed_in_the_middle_of_a_scan_leaves_nothing_and_it_is_done_again(
    engine: Engine, tmp_path: Path
) -> None:
    register(engine)
    folder, pid = tmp_path / "scans", tmp_path / "pid"
    hanging = scanner(
        tmp_path, f"open({str(pid)!r}, 'w').write(str(os.getpid())); sys.stdout.flush()\ntime.sleep(600)"
    )
    here = {"PLIMSOLL_SCANS": "1", "PLIMSOLL_SCAN_TOOLS": "syft", "PLIMSOLL_SCAN_FOLDER": str(folder)}
    with a_worker(tmp_path / "first.log", **here, PLIMSOLL_SYFT=hanging) as doomed:
        scanning = int(wait_for("the scanner to run", lambda: pid.exists() and pid.read_text()))
        running = ScanJob.objects.get(state=JobState.RUNNING)
        assert running.priority == JobPriority.RUNNING and (folder / "slot-0" / "image.tar").exists()
        doomed.kill()
    wait_for("the scanner to end with its worker", lambda: not is_running(scanning))
    assert not PackageList.objects.exists() and (folder / "slot-0").exists()
    with a_worker(tmp_path / "second.log", **here):
        wait_for("the scan after the kill", lambda: is_done("shop/web:1"))
        wait_for("the other image", lambda: is_done("plimsoll/base:1"))
    again = job_of("shop/web:1")
    assert again is not None and again.attempts == 0 and again.code == ""
    assert [path for path in folder.iterdir() if path.is_dir()] == []
    assert PackageList.objects.filter(asset=again.asset_id).count() == 1


OF_OPENSSL = ("openssl", "libssl3:amd64", "libc6:amd64", "dash", "coreutils", "libselinux1:amd64", "libpcre2-8-0:amd64",
              "libgmp10:amd64", "libacl1:amd64", "libattr1:amd64", "adduser")  # fmt: skip


def test_a_probe_and_syft_together_tell_which_packages_are_in_use(
    docker_engine: Engine, tmp_path: Path
) -> None:
    """Real packages in a real container: what the kernel says is loaded, mapped to what dpkg says is whose."""
    try:
        root = of_this_debian(*OF_OPENSSL)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a Debian 12 with openssl, to make an image of its packages")
    client = docker_engine.client()
    client.api.import_image_from_data(root, repository="shop/tls", tag="1")
    command = ["/bin/sh", "-c", "sleep 3600 | openssl enc -base64"]
    made = client.containers.create("shop/tls:1", command, name="tls", network_mode="none")
    try:
        made.start()
        register(docker_engine)
        Node.objects.create(name="host", kind="probe", address="local://", environment=environment())
        here = {
            "PLIMSOLL_SCANS": "1",
            "PLIMSOLL_SCAN_TOOLS": "syft",
            "PLIMSOLL_SCAN_FOLDER": str(tmp_path / "scans"),
        }
        with a_worker(tmp_path / "worker.log", **here):
            wait_for("the packages of the image", lambda: is_done("shop/tls:1"))
            wait_for("the probe's word", lambda: LoadedFiles.objects.filter(asset__name="tls").exists())
        job = job_of("shop/tls:1")
        assert job is not None
        use.review(timezone.now())
        seen = dict(PackageUse.objects.filter(image=job.asset_id).values_list("package__name", "path"))
        assert {"openssl", "libssl3", "libc6", "dash", "coreutils"} <= seen.keys(), seen
        assert seen["openssl"] == "/usr/bin/openssl" and "libcrypto.so" in seen["libssl3"]
        assert "libgmp10" not in seen and "adduser" not in seen
        assert ImageUse.objects.get(pk=job.asset_id).watched_since is not None
    finally:
        made.remove(force=True)
        client.images.remove("shop/tls:1", force=True)
        client.close()
