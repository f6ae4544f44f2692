"""A scan from the claim to the packages: what it stores, and how each way of failing shows."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from posture.accounts.choices import Role
from posture.base.problems import Conflict
from posture.collection import actions, scanning
from posture.fleet.models import Asset, Node
from posture.history.models import Entry
from posture.images import bases
from posture.images.models import Image, Presence
from posture.vulnerabilities import ingest, scan_jobs, scans
from posture.vulnerabilities.choices import ImageScanState, JobState
from posture.vulnerabilities.models import Package, PackageList, Scan, ScanJob
from scanners.connectors.registry_client import open_registry
from scanners.connectors.session import Options
from scanners.oci import Manifest
from scanners.records import Credential, Limits
from scanners.tools.slots import slot
from scanners.tools.tool import ToolLimits
from tests.images import docker_archive
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment
from tests.posture.collection.scans import (
    an_engine_with,
    an_image_that_is_held,
    held,
    host,
    image,
    job,
    scanner,
    syft_report,
    work,
)
from tests.posture.people import person, program
from tests.registries import running

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scanning_here(settings: Any, tmp_path: Path) -> None:
    settings.SCAN_FOLDER = tmp_path / "scans"
    settings.SCANS_AT_ONCE = 1
    settings.SCAN_TOOLS = ["syft"]
    settings.SCAN_SECONDS = 60.0
    # The thread that renews the lease has a connection of its own, which does not see what a test's transaction holds.
    settings.PULL_LEASE_SECONDS = 600.0
    ingest.forget()
    scanning.known.forget()


def tick() -> list[str]:
    sent: list[str] = []
    scanning.tick(lambda: sent.append("scan"))
    return sent


def left_behind(settings: Any) -> list[str]:
    return sorted(path.name for path in settings.SCAN_FOLDER.iterdir() if path.is_dir())


def test_syft_brings_the_packages_of_an_image_that_a_node_holds(tmp_path: Path, settings: Any) -> None:
    with an_image_that_is_held(tmp_path) as made:
        assert tick() == ["scan"] and work()
    done = job(made)
    assert (done.state, done.code, done.node.name) == (JobState.DONE, "", "alpha")  # type: ignore[union-attr]
    assert done.seconds and done.bytes and done.tool_version.count(".") == 2
    assert set(Package.objects.values_list("name", flat=True)) == {"openssl", "libssl3", "requests"}
    assert PackageList.objects.get().asset_id == made.pk, "whatever the report calls the image"
    made.refresh_from_db()
    assert made.evidence == ["packages"] and Asset.objects.filter(kind="image").count() == 1
    assert tick() == [] and not work(), "it is looked at once"
    assert left_behind(settings) == []


def test_the_same_found_again_changes_nothing(tmp_path: Path) -> None:
    with an_image_that_is_held(tmp_path) as made:
        tick(), work()
        before = Scan.objects.get()
        scan_jobs.ask(made.pk, timezone.now())
        assert work()
    after = Scan.objects.get()
    assert after.fingerprint == before.fingerprint and after.last_seen_at > before.last_seen_at
    assert PackageList.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("time.sleep(600)", "timed_out", "did not finish within 2 s"),
        ("print('no report at all')", "bad_report", "cannot be read"),
        (syft_report("one") + "; print('and more')", "bad_report", "cannot be read"),
        ("while True: os.write(1, b'x' * 65536)", "too_large", "larger than the limit"),
        ("open('f', 'wb').write(b'x' * (40 << 20))", "too_large", "unpacks to more"),
        ("os.kill(os.getpid(), 9)", "crashed", "signal 9"),
        ("sys.stderr.write('token=abcdef0123456789abcdef'); sys.exit(4)", "crashed", "status 4"),
        ("sys.exit(0)", "bad_report", "cannot be read"),
    ],
)
def test_a_scanner_that_fails_is_a_visible_state_with_a_next_try(
    tmp_path: Path, settings: Any, text: str, code: str, said: str
) -> None:
    settings.SCAN_PROGRAMS = {"syft": scanner(tmp_path, text)}
    settings.SCAN_SECONDS = 2.0
    settings.SCAN_IMAGE_BYTES = 16 << 20
    with an_image_that_is_held(tmp_path) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "ToolLimits", small_limits)
        tick(), work()
    failed = job(made)
    assert (failed.state, failed.code, failed.attempts) == (JobState.FAILED, code, 1), failed.reason
    assert said in failed.reason and "abcdef0123456789" not in failed.reason
    assert failed.next_try_at is not None and failed.next_try_at > timezone.now()
    assert not PackageList.objects.exists() and left_behind(settings) == []
    assert scans.states([made.pk])[made.pk][0] == ImageScanState.FAILED
    made.refresh_from_db()
    assert made.evidence == []


def small_limits(**changes: Any) -> Any:
    return ToolLimits(**{**changes, "report_bytes": 1 << 20})


def test_a_node_that_is_down_fails_the_scan_and_the_next_try_asks_another(
    tmp_path: Path, settings: Any
) -> None:
    with an_image_that_is_held(tmp_path) as made:
        Node.objects.update(consecutive_failures=1)
        held(made, host("beta", address="tcp://127.0.0.1:9"))
        tick(), work()
        failed = job(made)
        assert (failed.code, failed.node.name) == ("refused", "beta")  # type: ignore[union-attr]
        ScanJob.objects.update(next_try_at=timezone.now())
        assert work()
    assert job(made).state == JobState.DONE and job(made).node.name == "alpha"  # type: ignore[union-attr]
    assert left_behind(settings) == []


def test_an_image_that_vanished_from_the_node_is_said(tmp_path: Path) -> None:
    made, other = image("a"), image("b")
    with an_engine_with(other) as address:
        held(made, host(address=address))
        tick(), work()
    assert job(made).code == "vanished"


def test_an_image_over_the_limit_is_said(tmp_path: Path, settings: Any) -> None:
    settings.SCAN_IMAGE_BYTES = 1000
    with an_image_that_is_held(tmp_path) as made:
        tick(), work()
    assert job(made).code == "too_large"


def test_an_answer_that_is_no_image_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk" * 1000)
    made = image()
    with an_engine_with(made, tmp_path / "junk") as address:
        held(made, host(address=address))
        tick(), work()
    assert job(made).code == "unreadable" and "no tar file" in job(made).reason


def test_an_image_on_paused_nodes_only_waits_for_them(tmp_path: Path) -> None:
    with an_image_that_is_held(tmp_path) as made:
        Node.objects.update(paused=True)
        tick(), work()
    assert job(made).code == "no_source"


def test_trivy_without_a_database_reads_no_image_and_says_why(tmp_path: Path, settings: Any) -> None:
    settings.SCAN_TOOLS = ["syft", "trivy"]
    settings.SCAN_OFFLINE = True
    settings.SCAN_CACHES = {"trivy": str(tmp_path / "cache")}
    if [tool.NAME for tool in scanning.here()] != ["syft", "trivy"]:
        pytest.skip("needs Trivy beside Python or on PATH")
    with an_image_that_is_held(tmp_path) as made:
        tick(), work()
    assert job(made, "syft").state == JobState.DONE
    failed = job(made, "trivy")
    assert failed.code == "no_database" and "no vulnerability database" in failed.reason
    assert failed.next_try_at and failed.next_try_at > timezone.now() + timedelta(minutes=50)
    state, why = scans.states([made.pk])[made.pk]
    assert state == ImageScanState.PARTLY and why.startswith("trivy: Trivy has no vulnerability database")
    made.refresh_from_db()
    assert made.evidence == ["packages"], "an image without a vulnerability scan is not taken for scanned"


def test_one_tool_that_fails_leaves_the_others_word(tmp_path: Path, settings: Any) -> None:
    settings.SCAN_TOOLS = ["syft", "grype"]
    settings.SCAN_PROGRAMS = {"grype": scanner(tmp_path, "sys.exit(7)")}
    with an_image_that_is_held(tmp_path) as made:
        tick(), work()
    assert job(made, "syft").state == JobState.DONE and job(made, "grype").code == "crashed"


def test_no_scan_begins_while_the_machines_slots_are_taken(tmp_path: Path, settings: Any) -> None:
    with an_image_that_is_held(tmp_path) as made:
        tick()
        with slot(settings.SCAN_FOLDER, 1) as taken:
            assert taken is not None and not work()
            assert job(made).state == JobState.WAITING
        assert work()


def test_scans_can_be_turned_off(tmp_path: Path, settings: Any) -> None:
    settings.SCANS_AT_ONCE = 0
    with an_image_that_is_held(tmp_path) as made:
        assert tick() == [] and not ScanJob.objects.exists() and not work()
        scanning.review()
        with pytest.raises(Conflict, match="turned off"):
            actions.scan_now(image=made)


def test_a_scan_that_lost_its_claim_writes_nothing(tmp_path: Path, settings: Any) -> None:
    """Its worker was thought dead: another has the image now, and this one's report is not imported."""
    settings.PULL_LEASE_SECONDS = 0.6
    settings.SCAN_PROGRAMS = {"syft": scanner(tmp_path, f"time.sleep(2)\n{syft_report('late')}")}
    with an_image_that_is_held(tmp_path) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_jobs, "renew", lambda claim, until: False)
        tick(), work()
    assert not Package.objects.exists() and job(made).code == "cancelled"


def test_review_orders_again_what_a_newer_tool_would_see_better(tmp_path: Path) -> None:
    with an_image_that_is_held(tmp_path) as made:
        tick(), work()
    ScanJob.objects.update(tool_version="0.1.0", finished_at=timezone.now() - timedelta(days=2))
    scanning.review()
    assert job(made).state == JobState.WAITING
    ScanJob.objects.update(state=JobState.DONE, tool_version="99.0.0")
    scanning.review()
    assert job(made).state == JobState.DONE


def test_a_person_has_an_image_scanned_and_the_history_says_so(tmp_path: Path) -> None:
    with an_image_that_is_held(tmp_path) as made:
        actions.scan_now(image=made)
        assert job(made).priority == 0
        entry = Entry.objects.latest("id")
        assert (entry.verb, entry.object_kind, entry.object_name) == ("scan", "image", made.name)
        assert work()
        ScanJob.objects.update(state=JobState.RUNNING)
        actions.scan_now(image=made)
    assert Entry.objects.filter(verb="scan").count() == 1, "a scan that runs is the answer"


def test_an_image_that_nobody_holds_cannot_be_scanned() -> None:
    with pytest.raises(Conflict, match="No host holds this image"):
        actions.scan_now(image=image())


def test_without_a_scanner_a_person_is_told_what_is_missing(settings: Any) -> None:
    settings.SCAN_TOOLS = ["grype"]
    settings.SCAN_PROGRAMS = {"grype": "/nowhere/grype"}
    with pytest.raises(Conflict) as caught:
        actions.scan_now(image=image())
    assert "no program at /nowhere/grype" in caught.value.hint


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", ["shop/a:1", "sha256:aaaa", "aaaaaaaaaaaa"])
def test_the_command_scans_an_image_by_any_of_its_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with an_image_that_is_held(tmp_path):
        call_command("scan", name)
    (said,) = lines(capsys)
    assert (said["tool"], said["state"], said["packages"]) == ("syft", "done", 3)


def test_the_command_scans_an_archive_and_makes_its_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest, *_ = docker_archive(tmp_path / "image.tar")
    call_command("scan", str(tmp_path / "image.tar"))
    (said,) = lines(capsys)
    assert (said["image"], said["state"], said["packages"]) == (digest, "done", 3)
    assert Asset.objects.get(kind="image").key == digest


def test_the_command_fails_where_a_scan_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "junk.tar").write_text("junk")
    with pytest.raises(CommandError, match="1 of the scans failed"):
        call_command("scan", str(tmp_path / "junk.tar"))
    assert lines(capsys)[0]["code"] == "unreadable"
    with pytest.raises(CommandError, match="There is no image 'none:1'"):
        call_command("scan", "none:1")


def test_the_api_shows_why_an_image_is_not_scanned_and_has_it_scanned(tmp_path: Path, settings: Any) -> None:
    reader = program(person("ann", Role.ANALYST))
    settings.SCAN_PROGRAMS = {"syft": scanner(tmp_path, "sys.exit(7)")}
    with an_image_that_is_held(tmp_path) as made:
        path = f"/images/{made.pk}"
        assert get(reader, path)["scan_state"] == "none"
        tick(), work()
        shown = get(reader, path)
        assert (shown["scan_state"], shown["scan_reason"][:5]) == ("failed", "syft:")
        why = {row["evidence"]: row["why"] for row in get(reader, f"{path}/ledger")["missing"]}
        assert why["Packages"].startswith("The image's packages have not been listed. syft: Syft ended with")
        (row,) = get(reader, f"{path}/scans")
        assert (row["tool"], row["state"], row["last_seen_at"]) == ("syft", None, None)
        assert (row["job"]["state"], row["job"]["code"], row["job"]["attempts"]) == ("failed", "crashed", 1)
        assert row["job"]["next_try_at"] and row["job"]["node"]["name"] == "alpha"
        settings.SCAN_PROGRAMS = {}
        asked = reader.post(f"/api/v1{path}/scan")
        assert asked.status_code == 202 and asked.json()[0]["job"]["priority"] == 0
        work()
    (row,) = get(reader, f"{path}/scans")
    assert (row["state"], row["packages"], row["job"]["state"]) == ("done", 3, "done")
    (listed,) = get(reader, "/images")["results"]
    assert (listed["scan_state"], listed["scan_reason"]) == ("done", "")
    past = (timezone.now() - timedelta(microseconds=1)).isoformat()
    assert get(reader, path, as_of=past)["scan_state"] is None


def test_only_who_may_control_pulls_and_see_the_image_has_it_scanned(tmp_path: Path) -> None:
    with an_image_that_is_held(tmp_path) as made:
        path = f"/api/v1/images/{made.pk}/scan"
        assert program(person("vic", Role.VIEWER)).post(path).status_code == 403
        limited = person("bob", Role.ANALYST)
        limited.environments.set([environment("elsewhere")])
        assert program(limited).post(path).status_code == 404
        assert program(person("ann", Role.ANALYST)).post("/api/v1/images/999999/scan").status_code == 404
    assert not ScanJob.objects.exists() and not Entry.objects.filter(verb="scan").exists()


def test_an_image_shows_the_images_that_it_is_built_on_the_nearest_first() -> None:
    on = host()
    layers = [f"sha256:{number}" for number in range(5)]
    made = {}
    for name, mine in {
        "a": layers,
        "b": layers[:1],
        "c": layers[:3],
        "d": layers[1:2],
        "e": layers[:2] + ["x"],
    }.items():
        made[name] = held(image(name), on)
        Image.objects.filter(pk=made[name].pk).update(layer_digests=mine)
    shown = get(program(person("ann")), f"/images/{made['a'].pk}")["base"]
    assert (shown["name"], shown["digest"]) == ("", "")
    assert [(row["id"], row["layers"]) for row in shown["images"]] == [(made["c"].pk, 3), (made["b"].pk, 1)]


def test_the_base_that_an_images_labels_name_is_told() -> None:
    labels = {"org.opencontainers.image.base.name": "docker.io/library/debian:12"}
    assert bases.told({"Config": {"Labels": labels}}) == {"name": "docker.io/library/debian:12", "digest": ""}
    for document in (None, {}, {"Config": None}, {"Config": {"Labels": []}}, [1]):
        assert bases.told(document) == {"name": "", "digest": ""}


def test_an_image_whose_engines_cannot_be_asked_is_read_from_its_registry(tmp_path: Path) -> None:
    """A real image of a real package database, pushed by skopeo to a real registry, which no host lets us have."""
    docker_archive(tmp_path / "image.tar")
    with running(tmp_path / "registry") as registry:
        subprocess.run(
            [
                "skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false",
                f"docker-archive:{tmp_path / 'image.tar'}", f"docker://{registry.host}/shop/web:1.0",
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        with open_registry(
            registry.address,
            Credential(),
            Limits(seconds=30),
            Options(allow_plaintext=True),
            is_cancelled=lambda: False,
        ) as opened:
            manifest = opened.manifest("shop/web", "1.0")
        assert isinstance(manifest, Manifest)
        made = image(key=manifest.config.digest)
        by = host(address="unix:///nowhere.sock")
        held(made, by)
        Presence.objects.update(repo_digests=[f"{registry.host}/shop/web@{manifest.digest}"])
        Node.objects.update(paused=True)
        Node.objects.create(
            name="hub",
            kind="registry",
            address=registry.address,
            environment=environment(),
            allow_plaintext=True,
        )
        tick(), work()
    done = job(made)
    assert (done.state, done.code, done.node.name) == (JobState.DONE, "", "hub"), done.reason  # type: ignore[union-attr]
    assert set(Package.objects.values_list("name", flat=True)) == {"openssl", "libssl3", "requests"}
