"""Uploads: taken in at once, read once, followed to their end; nothing of a bad one is lost in silence."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.base.problems import Conflict, Problem
from posture.collection import uploads
from posture.collection.choices import UploadSource, UploadState
from posture.collection.models import Upload, UploadPart
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.vulnerabilities import ingest
from scanners.checks.examples import image
from scanners.records import AssetKind
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_reports import DIGEST, trivy, vulnerability
from tests.posture.people import person, program, signed_in

pytestmark = pytest.mark.django_db
REPORTS = Path(__file__).parents[2] / "data" / "reports"
DOCKER_BENCH = REPORTS / "docker-bench" / "version-1.3.6.json"


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids that were handed to the workers; nobody is listening."""
    ids: list[int] = []
    monkeypatch.setattr("posture.collection.tasks.enqueue_upload", ids.append)
    return ids


def report(*found: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps(trivy(*(found or (vulnerability(1),)), **changes)).encode()


def read(content: bytes, name: str = "report.json", **fields: Any) -> Upload:
    """An upload that a worker has read."""
    upload = uploads.accept([content], name=name, source=UploadSource.UPLOAD, by=None, **fields)
    uploads.run(upload.pk)
    upload.refresh_from_db()
    return upload


def post(client: Client, content: bytes, query: str = "", kind: str = "application/json") -> Any:
    return client.generic("POST", f"/api/v1/uploads{query}", data=content, content_type=kind)


class TestReading:
    def test_what_came_of_a_report_is_on_the_upload_and_its_content_is_gone(self) -> None:
        upload = read(report(vulnerability(1), vulnerability(2)))
        assert (upload.state, upload.reader) == ("imported", "Trivy JSON")
        assert (upload.images, upload.findings, upload.opened) == (1, 2, 2)
        assert upload.started_at is not None and upload.finished_at is not None
        assert Finding.objects.count() == 2
        assert not UploadPart.objects.exists()

    def test_the_same_file_again_says_so_and_writes_nothing_but_when_it_was_told(self) -> None:
        read(report())
        findings = list(Finding.objects.values())
        again = read(report())
        assert (again.state, again.images, again.findings, again.opened) == ("unchanged", 1, 1, 0)
        assert list(Finding.objects.values()) == findings

    def test_an_older_report_again_is_read_when_another_was_told_meanwhile(self) -> None:
        read(report(vulnerability(1)))
        assert read(report(vulnerability(2))).resolved == 1
        again = read(report(vulnerability(1)))
        assert (again.state, again.reopened, again.resolved) == ("imported", 1, 1)

    def test_a_report_that_differs_in_its_time_only_is_not_read(self, monkeypatch: Any) -> None:
        read(report(at="2026-11-01T00:00:00Z"))

        def unread(*args: object) -> Iterator[None]:
            pytest.fail("it was read")
            yield

        monkeypatch.setattr("posture.collection.reports.subjects", unread)
        assert read(report(at="2026-11-02T00:00:00Z")).state == "unchanged"
        shown = Asset.objects.get(key=DIGEST).scans.get()
        assert shown.told_at is not None and shown.told_at.isoformat() == "2026-11-02T00:00:00+00:00"

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            (b"\x00\xff\xfe garbage", "No reader knows this format"),
            (b'{"hello": "world"}', "No reader knows this format"),
            ('{"SchemaVersion": 2'.encode("utf-16"), "No reader knows this format"),
            (gzip.compress(b""), "empty"),
            (gzip.compress(report())[:60], "cannot be unpacked"),
        ],
    )
    def test_what_cannot_be_read_fails_with_a_reason(self, content: bytes, error: str) -> None:
        upload = read(content)
        assert upload.state == "failed" and error in upload.error
        assert not UploadPart.objects.exists()

    def test_gzip_and_zip_are_unpacked_and_what_is_no_report_is_skipped(self) -> None:
        assert read(gzip.compress(report()), "report.json.gz").state == "imported"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.json", report())
            archive.writestr(
                "b.json", report(vulnerability(2), ArtifactName="b").replace(b"a" * 64, b"b" * 64)
            )
            archive.writestr("notes.txt", "nothing")
            archive.writestr("inner.zip", b"PK\x03\x04 more")
        upload = read(packed.getvalue(), "all.zip")
        assert (upload.state, upload.images, upload.opened, upload.skipped_total) == ("partial", 2, 1, 2)
        assert {one["where"] for one in upload.skipped} == {"notes.txt", "inner.zip"}

    @pytest.mark.parametrize("pack", ["gzip", "zip"])
    def test_a_bomb_is_refused_before_it_is_unpacked(self, pack: str, tmp_path: Path) -> None:
        bomb = b" " * (600 << 20)
        if pack == "gzip":
            content = gzip.compress(bomb, 9)
        else:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("bomb.json", bomb)
            content = packed.getvalue()
        upload = read(content)
        assert upload.state == "failed" and "unpacks to more than" in upload.error

    def test_a_report_that_breaks_off_keeps_what_was_whole(self) -> None:
        whole = report(*(vulnerability(number) for number in range(50)))
        upload = read(whole[: len(whole) * 2 // 3])
        assert upload.state == "partial" and upload.skipped_total == 1
        assert 0 < Finding.objects.count() < 50


class TestAbout:
    def test_a_host_is_told_what_docker_bench_found(self) -> None:
        write(node("alpha"), pulled())
        host = Asset.objects.get(kind="host")
        assert "names no host" in read(DOCKER_BENCH.read_bytes()).error
        upload = read(DOCKER_BENCH.read_bytes(), about=host)
        assert upload.state in ("imported", "partial") and upload.opened > 0
        found = Finding.objects.filter(asset=host, kind="reported_check")
        assert found.count() == upload.opened
        assert set(found.values_list("environment", flat=True)) == {host.environment_id}
        assert read(DOCKER_BENCH.read_bytes(), about=host).state in ("unchanged", "partial")

    def test_a_report_about_another_image_is_refused(self) -> None:
        read(report())
        about = Asset.objects.get(key=DIGEST)
        upload = read(report(vulnerability(3)).replace(b"a" * 64, b"c" * 64), about=about)
        assert upload.state == "failed" and "not about" in upload.error
        assert not Asset.objects.filter(key__contains="cccc").exists()


class TestReach:
    def test_who_sees_some_environments_says_nothing_of_images_elsewhere(self) -> None:
        write(node("alpha", environment("production")), pulled(images=[image(id=DIGEST)]))
        sam = person("sam", Role.ANALYST)
        sam.environments.set([environment("staging")])
        upload = uploads.accept([report()], name="r", source=UploadSource.UPLOAD, by=sam)
        uploads.run(upload.pk)
        upload.refresh_from_db()
        assert upload.state == "failed" and "none of your environments" in upload.error
        assert not Finding.objects.filter(kind="vulnerability").exists()

    def test_others_uploads_are_not_theirs_to_see(self, sent: list[int]) -> None:
        sam = person("sam", Role.ANALYST)
        sam.environments.set([environment("staging")])
        theirs = uploads.accept([b"{}"], name="r", source=UploadSource.UPLOAD, by=person("ada"))
        client = signed_in(sam)
        assert get(client, "/uploads")["results"] == []
        assert client.get(f"/api/v1/uploads/{theirs.pk}").status_code == 404
        assert client.post(f"/api/v1/uploads/{theirs.pk}/cancel").status_code == 404


class TestApi:
    def test_a_body_is_taken_in_and_answered_at_once(
        self, sent: list[int], django_capture_on_commit_callbacks: Any
    ) -> None:
        client = program(person())
        with django_capture_on_commit_callbacks(execute=True):
            answer = post(client, report(), "?name=web.json")
        assert answer.status_code == 202
        said = answer.json()
        assert (said["state"], said["file_name"], said["size_bytes"]) == ("queued", "web.json", len(report()))
        assert sent == [said["id"]]
        uploads.run(said["id"])
        shown = get(client, f"/uploads/{said['id']}")
        assert (shown["state"], shown["opened"], shown["uploaded_by"]) == ("imported", 1, "ada")
        entry = Entry.objects.get(verb="upload")
        assert entry.object_name == "web.json" and entry.changes["sha256"][1] == said["digest"]

    def test_a_form_is_taken_in(self, sent: list[int]) -> None:
        client = signed_in(person())
        file = SimpleUploadedFile("../../web.json", report())
        answer = client.post("/api/v1/uploads", {"file": file})
        assert answer.status_code == 202 and answer.json()["file_name"] == "web.json"

    def test_what_it_is_about_and_who_cancelled_is_shown(self, sent: list[int]) -> None:
        write(node("alpha", environment()), pulled([], [image(id=DIGEST)]))
        client = signed_in(person())
        told = Asset.objects.get(key=DIGEST)
        said = post(client, report(), f"?image={DIGEST}").json()
        assert said["about"] == {"kind": "image", "id": told.pk, "name": told.name}
        Upload.objects.update(state=UploadState.RUNNING)
        assert client.post(f"/api/v1/uploads/{said['id']}/cancel").json()["state"] == "running"
        assert get(client, f"/uploads/{said['id']}")["cancel_requested"] is True

    def test_how_large_a_file_may_be_is_known_before_it_is_sent(self, settings: Any) -> None:
        settings.UPLOAD_MAX_BYTES = 12
        assert get(signed_in(person()), "/meta")["upload_max_bytes"] == 12

    def test_what_is_wrong_is_said(self, sent: list[int], settings: Any) -> None:
        client = signed_in(person())
        assert "empty" in post(client, b"").json()["detail"]
        assert "nope" in post(client, b"{}", "?nope=1").json()["errors"][0]["field"]
        assert "image" in post(client, b"{}", "?image=sha256:no").json()["detail"]
        assert post(client, b"{}", "?host=x").status_code == 400
        assert client.post("/api/v1/uploads", {"nothing": "1"}).status_code == 400
        settings.UPLOAD_MAX_BYTES = 10
        answer = post(client, b"x" * 11)
        assert answer.status_code == 413 and "gzip" in answer.json()["hint"]
        assert not Upload.objects.exists() and not UploadPart.objects.exists()
        assert not Entry.objects.filter(verb="upload").exists()

    def test_viewers_and_readers_may_not_send(self, sent: list[int]) -> None:
        assert post(signed_in(person("vic", Role.VIEWER)), b"{}").status_code == 403
        assert post(program(person("ann", Role.ANALYST), scope="read"), b"{}").status_code == 403

    def test_a_queued_upload_is_cancelled_and_an_ended_one_is_not(self, sent: list[int]) -> None:
        client = signed_in(person())
        pk = post(client, report()).json()["id"]
        assert client.post(f"/api/v1/uploads/{pk}/cancel").json()["state"] == "cancelled"
        assert client.post(f"/api/v1/uploads/{pk}/cancel").status_code == 409
        uploads.run(pk)
        assert not Finding.objects.exists()


class TestWorkers:
    def test_a_lost_message_is_sent_again_after_a_while(self) -> None:
        upload = uploads.accept([report()], name="r", source=UploadSource.UPLOAD, by=None)
        sent: list[int] = []
        uploads.send(upload, sent.append)
        assert uploads.reap(sent.append) == 0
        Upload.objects.update(sent_at=timezone.now() - uploads.SENT_AGAIN_AFTER * 2)
        assert uploads.reap(sent.append) == 1
        assert sent == [upload.pk, upload.pk]

    def test_a_running_upload_that_nobody_holds_is_sent_again_and_not_for_ever(self) -> None:
        upload = uploads.accept([report()], name="r", source=UploadSource.UPLOAD, by=None)
        for attempt in range(uploads.ATTEMPTS):
            Upload.objects.update(state=UploadState.RUNNING, attempts=attempt + 1)
            sent: list[int] = []
            uploads.reap(sent.append)
            assert sent == [upload.pk]
        uploads.run(upload.pk)
        upload.refresh_from_db()
        assert upload.state == "failed" and "3 times" in upload.error

    @pytest.mark.django_db(transaction=True)
    def test_what_another_worker_holds_is_left_alone(self) -> None:
        upload = uploads.accept([report()], name="r", source=UploadSource.UPLOAD, by=None)
        Upload.objects.update(state=UploadState.RUNNING)
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [uploads._LOCKS, upload.pk])
            uploads.run(upload.pk)
            sent: list[int] = []
            assert uploads.reap(sent.append) == 0
        finally:
            other.close()
        assert uploads.reap(sent.append) == 1  # its connection is gone, and with it the lock
        uploads.run(upload.pk)
        upload.refresh_from_db()
        assert upload.state == "imported"

    def test_a_running_one_stops_after_the_image_that_it_reads(self) -> None:
        upload = uploads.accept([report()], name="r", source=UploadSource.UPLOAD, by=None)
        upload.state = UploadState.RUNNING
        upload.save()
        Upload.objects.update(cancel_requested=False)
        order = uploads._order(upload)
        assert order.is_alive(1)
        uploads.cancel(upload=upload, by=None)
        assert not order.is_alive(2)
        with pytest.raises(Conflict):
            uploads.end(upload, UploadState.CANCELLED)
            uploads.cancel(upload=upload, by=None)


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path, settings: Any) -> Path:
        settings.DROP_FOLDER = tmp_path / "drop"
        settings.DROP_FOLDER.mkdir()
        return settings.DROP_FOLDER

    def drop(self, folder: Path, name: str, content: bytes, age: float = 60) -> Path:
        path = folder / name
        path.write_bytes(content)
        os.utime(path, (time.time() - age, time.time() - age))
        return path

    def test_what_is_whole_is_taken_in_once(self, folder: Path) -> None:
        self.drop(folder, "web.json", report())
        self.drop(folder, "empty.json", b"")
        self.drop(folder, "growing.json", b"{", age=0)
        self.drop(folder, "copying.part", report())
        self.drop(folder, ".hidden", report())
        (folder / "link.json").symlink_to("/etc/passwd")
        sent: list[int] = []
        assert uploads.take_from_folder(sent.append) == 2
        assert uploads.take_from_folder(sent.append) == 0
        found = {one.file_name: one for one in Upload.objects.all()}
        assert found.keys() == {"web.json", "empty.json"}
        assert found["empty.json"].state == "failed" and sent == [found["web.json"].pk]
        assert (folder / "taken" / f"{found['web.json'].pk}-web.json").read_bytes() == report()
        left = {path.name for path in folder.iterdir() if path.is_file()}
        assert left == {"growing.json", "copying.part", ".hidden"} | {"link.json"} - (
            {"link.json"} if not (folder / "link.json").is_file() else set()
        )

    def test_a_crash_between_taking_and_putting_aside_loses_nothing(self, folder: Path) -> None:
        self.drop(folder, "web.json", report())
        (folder / "taking").mkdir()
        (folder / "web.json").rename(folder / "taking" / "web.json")
        sent: list[int] = []
        assert uploads.take_from_folder(sent.append) == 1 and len(sent) == 1

    def test_without_a_folder_nothing_happens(self, settings: Any) -> None:
        settings.DROP_FOLDER = Path("/nonexistent")
        assert uploads.take_from_folder(lambda _: None) == 0


def test_nothing_of_a_too_large_file_is_kept(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1024
    with pytest.raises(Problem, match="1024 bytes"):
        uploads.accept((b"x" * 512 for _ in range(9)), name="r", source=UploadSource.UPLOAD, by=None)
    assert not Upload.objects.exists()


def test_an_image_is_named_by_digest_or_name() -> None:
    read(report())
    user = person()
    found = Asset.objects.get(key=DIGEST)
    assert uploads.about_named(user, image=DIGEST, host=None) == found
    assert uploads.about_named(user, image="shop/web:1.0", host=None) == found
    assert uploads.about_named(user, image="", host=None) is None
    assert found.kind == AssetKind.IMAGE
    with pytest.raises(Problem, match="no host 7"):
        uploads.about_named(user, image="", host=7)
