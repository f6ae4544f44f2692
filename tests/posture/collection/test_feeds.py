"""Feeds through the whole of matching: advisories open findings of stored packages, change them, and take them back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from posture.collection import feeds, matching
from posture.collection.reports import import_file
from posture.findings import tallies
from posture.findings.models import Attribution, Finding
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Advisory, Feed, Match, Package, Rematch, Scan, Vulnerability
from tests.posture.api.resources import get
from tests.posture.collection.test_reports import DIGEST, trivy, vulnerability
from tests.posture.people import person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def debian() -> Feed:
    return Feed.objects.get_or_create(name="OSV Debian", defaults={"kind": "osv", "address": "https://x"})[0]


def advisory(name: str = "DEBIAN-CVE-2026-0001", fixed: str = "3.0.2-1", **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "upstream": [name.removeprefix("DEBIAN-")],
        "details": "a flaw",
        "modified": "2026-11-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "Debian:12", "name": "openssl"},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])],
                    }
                ],
                "ecosystem_specific": {"urgency": "high"},
            }
        ],
        **changes,
    }


def archive(tmp_path: Path, *advisories: dict[str, Any]) -> Path:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as file:
        for one in advisories:
            file.writestr(f"{one['id']}.json", json.dumps(one))
    return path


def package(name: str = "libssl3", source: str = "openssl", version: str = "3.0.1-1") -> dict[str, Any]:
    return {
        "Name": name,
        "Version": version,
        "Arch": "amd64",
        "SrcName": source,
        "SrcVersion": version,
        "Identifier": {"PURL": f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12.5"},
        "Layer": {"DiffID": "sha256:2"},
    }


def hold(tmp_path: Path, *packages: dict[str, Any], found: tuple[dict[str, Any], ...] = ()) -> None:
    """The image holds these packages, as a report tells; settled as a worker would."""
    content = trivy(*found)
    content["Results"][0]["Packages"] = list(packages or (package(),))
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content))
    assert import_file(path).status in ("imported", "unchanged")
    matching.settle_wanted(100)


def load(feed: Feed, path: Path) -> Feed:
    feeds.load(feed, path, by=None)
    matching.settle_wanted(100)
    feed.refresh_from_db()
    return feed


def found() -> dict[str, str]:
    """Open vulnerabilities of the image, with the version to go to as the matcher says."""
    words = Attribution.objects.current().filter(tool=matching.TOOL, finding__closed_at__isnull=True)
    return {
        word.finding.vulnerability.key: ", ".join(word.fixed_versions)
        for word in words.select_related("finding__vulnerability")
    }


def test_an_advisory_finds_what_is_stored_already(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    assert found() == {} and not Rematch.objects.exists()
    load(debian, archive(tmp_path, advisory()))
    assert found() == {"CVE-2026-0001": "3.0.2-1"}
    finding = Finding.objects.get(kind="vulnerability")
    assert (finding.get_kind_display(), finding.severity) == ("Vulnerability", 3)
    assert (debian.entries, debian.changed, debian.failures, debian.error) == (1, 1, 0, "")
    scan = Scan.objects.get(tool=matching.TOOL)
    assert (scan.findings, scan.packages) == (1, 1)
    assert "vulnerability_scan" in Asset.objects.get(key=DIGEST).evidence


def test_a_package_finds_what_is_advised_already(tmp_path: Path, debian: Feed) -> None:
    load(debian, archive(tmp_path, advisory(), advisory("DEBIAN-CVE-2026-0002", fixed="3.0.1-1")))
    hold(tmp_path)
    assert found() == {"CVE-2026-0001": "3.0.2-1"}


def test_what_changed_is_all_that_is_read_and_what_is_gone_is_resolved(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory(), advisory("DEBIAN-CVE-2026-0002")))
    assert found().keys() == {"CVE-2026-0001", "CVE-2026-0002"}
    before = dict(Advisory.objects.values_list("name", "pk"))
    load(debian, archive(tmp_path, advisory(), advisory("DEBIAN-CVE-2026-0003", fixed="")))
    after = dict(Advisory.objects.values_list("name", "pk"))
    assert after["DEBIAN-CVE-2026-0001"] == before["DEBIAN-CVE-2026-0001"]
    assert (debian.entries, debian.changed) == (2, 2)
    assert found() == {"CVE-2026-0001": "3.0.2-1", "CVE-2026-0003": ""}
    assert Finding.objects.get(vulnerability__key="CVE-2026-0002").closed_at is not None
    assert (
        load(debian, archive(tmp_path, advisory(), advisory("DEBIAN-CVE-2026-0003", fixed=""))).changed == 0
    )


def test_a_withdrawn_advisory_takes_its_findings_back(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))
    load(debian, archive(tmp_path, advisory(withdrawn="2026-11-02T00:00:00Z")))
    assert found() == {} and not Match.objects.exists()
    assert Finding.objects.get().closed_at is not None


def test_a_withdrawn_advisory_leaves_what_another_tool_still_says(tmp_path: Path, debian: Feed) -> None:
    load(debian, archive(tmp_path, advisory("DEBIAN-CVE-2026-1001")))
    hold(tmp_path, found=(vulnerability(1),))
    finding = Finding.objects.get(vulnerability__key="CVE-2026-1001")
    assert set(finding.attributions.values_list("tool", flat=True)) == {"trivy", "plimsoll"}
    load(debian, archive(tmp_path, advisory("DEBIAN-CVE-2026-1001", withdrawn="2026-11-02T00:00:00Z")))
    finding.refresh_from_db()
    assert finding.closed_at is None


def test_a_fixed_package_is_no_longer_found(tmp_path: Path, debian: Feed) -> None:
    load(debian, archive(tmp_path, advisory()))
    hold(tmp_path)
    hold(tmp_path, package(version="3.0.2-1"))
    assert found() == {}


def test_errata_open_each_vulnerability_that_they_mend(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    both = advisory("DSA-9999-1", upstream=["CVE-2026-0001", "CVE-2026-0002"])
    load(debian, archive(tmp_path, advisory(), both))
    assert found().keys() == {"CVE-2026-0001", "CVE-2026-0002"}
    assert Finding.objects.count() == 2, "counted once, though two advisories say it"
    assert not Vulnerability.objects.filter(key__startswith="DSA").exists()


def test_a_version_that_cannot_be_compared_is_shown_and_opens_nothing(tmp_path: Path, debian: Feed) -> None:
    load(debian, archive(tmp_path, advisory()))
    hold(tmp_path, package(version="no version at all!"))
    assert found() == {}
    assert "no version" in Match.objects.get().doubt


def test_a_bad_entry_is_skipped_and_what_it_said_before_stands(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory(), advisory("DEBIAN-CVE-2026-0002")))
    path = archive(tmp_path, advisory())
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("DEBIAN-CVE-2026-0002.json", "{ broken")
    load(debian, path)
    assert debian.skipped_total == 1 and "0002" in debian.skipped[0]["where"]
    assert found().keys() == {"CVE-2026-0001", "CVE-2026-0002"}


def test_a_file_that_is_no_feed_is_refused_and_said(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(feeds.Problem, match="ZIP"):
        feeds.load(debian, bad, by=None)
    debian.refresh_from_db()
    assert debian.failures == 1 and debian.error and debian.last_success_at is not None
    assert found() == {"CVE-2026-0001": "3.0.2-1"}
    assert Entry.objects.filter(verb="load").count() == 1


@pytest.mark.parametrize("content", ['{"vulnerabilities": []}', "[]", '[{"id": 7}]'])
def test_a_file_of_something_else_takes_back_nothing(tmp_path: Path, debian: Feed, content: str) -> None:
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))
    other = tmp_path / "other.json"
    other.write_text(content)
    with pytest.raises(feeds.Problem, match="no advisory"):
        feeds.load(debian, other, by=None)
    matching.settle_wanted(100)
    debian.refresh_from_db()
    assert (debian.failures, debian.entries) == (1, 1)
    assert found() == {"CVE-2026-0001": "3.0.2-1"}


class TestUse:
    KEV = {
        "catalogVersion": "2026.11.01",
        "dateReleased": "2026-11-01T00:00:00Z",
        "vulnerabilities": [
            {
                "cveID": "CVE-2026-1001",
                "vulnerabilityName": "Flaw",
                "dateAdded": "2026-10-30",
                "dueDate": "2026-11-20",
                "knownRansomwareCampaignUse": "Known",
            }
        ],
    }

    def feed(self, kind: str) -> Feed:
        return Feed.objects.get(kind=kind)

    def points(self) -> float:
        return Finding.objects.get(vulnerability__key="CVE-2026-1001").points

    @pytest.fixture(autouse=True)
    def _feeds(self) -> None:
        feeds.sync_defaults()

    def test_an_exploited_one_weighs_more_until_it_leaves_the_catalogue(self, tmp_path: Path) -> None:
        hold(tmp_path, found=(vulnerability(1),))
        calm, load_before = self.points(), Asset.objects.get(key=DIGEST).load
        path = tmp_path / "kev.json"
        path.write_text(json.dumps(self.KEV))
        load(self.feed("kev"), path)
        assert self.points() == pytest.approx(calm * 1.2)
        assert Asset.objects.get(key=DIGEST).load > load_before
        of = Vulnerability.objects.get(key="CVE-2026-1001")
        assert (str(of.exploited_since), str(of.fix_due_at), of.is_used_by_ransomware) == (
            "2026-10-30",
            "2026-11-20",
            True,
        )
        path.write_text(json.dumps({**self.KEV, "vulnerabilities": []}))
        load(self.feed("kev"), path)
        assert self.points() == calm and Asset.objects.get(key=DIGEST).load == load_before

    def test_what_is_found_later_is_known_to_be_exploited_too(self, tmp_path: Path) -> None:
        path = tmp_path / "kev.json"
        path.write_text(json.dumps(self.KEV))
        load(self.feed("kev"), path)
        hold(tmp_path, found=(vulnerability(1),))
        assert ["threat", "known to be exploited (CISA KEV)", 1.2] in Finding.objects.get().factors

    def test_likely_ones_weigh_more_and_unlikely_ones_less(self, tmp_path: Path) -> None:
        hold(tmp_path, found=(vulnerability(1),))
        calm = self.points()
        path = tmp_path / "epss.csv"
        weighs = {0.5: 1.1, 0.01: 1.0, 0.0001: 0.85}
        for day, (score, factor) in enumerate(weighs.items(), 1):
            path.write_text(
                f"#model_version:v1,score_date:2026-11-0{day}T00:00:00+0000\ncve,epss,percentile\n"
                f"CVE-2026-1001,{score},0.9\nCVE-2020-0001,0.3,0.5\n"
            )
            feed = load(self.feed("epss"), path)
            assert self.points() == pytest.approx(calm * factor)
            assert (feed.entries, feed.data_at.day) == (2, day)
        assert Vulnerability.objects.get(key="CVE-2026-1001").epss == 0.0001


class TestFetching:
    def test_only_what_is_turned_on_and_due_is_fetched(self, debian: Feed) -> None:
        asked: list[int] = []
        assert feeds.claim_due(asked.append) == 0
        feeds.change(feed=debian, by=None, is_enabled=True)
        assert feeds.claim_due(asked.append) == 1 and asked == [debian.pk]
        assert feeds.claim_due(asked.append) == 0, "it is being fetched"
        assert Entry.objects.get(object_kind="feed").changes == {"is_enabled": [False, True]}

    def test_what_cannot_be_fetched_is_said_and_tried_again_later(self, debian: Feed) -> None:
        feeds.change(feed=debian, by=None, is_enabled=True, address="https://127.0.0.1:9/all.zip")
        feeds.fetch(debian.pk)
        debian.refresh_from_db()
        assert debian.failures == 1 and debian.error and debian.last_success_at is None
        assert debian.next_due_at is not None and debian.next_due_at > timezone.now()

    def test_one_that_is_read_just_now_is_shown_as_such(self, debian: Feed) -> None:
        client = signed_in(person())

        def shown() -> list[bool]:
            (row,) = get(client, "/feeds", search="OSV Debian")["results"]
            return [row["is_reading"], get(client, f"/feeds/{debian.pk}")["is_reading"]]

        assert shown() == [False, False]
        with feeds._held(debian.pk) as is_ours:
            assert is_ours and feeds.being_read() == {debian.pk}
            assert shown() == [True, True]
        assert shown() == [False, False]

    def test_asking_while_the_queue_is_away_is_refused_with_words(
        self, debian: Feed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(_: int) -> None:
            raise OperationalError("no broker")

        monkeypatch.setattr("posture.collection.tasks.enqueue_feed", away)
        answer = signed_in(person()).post(f"/api/v1/feeds/{debian.pk}/fetch")
        assert answer.status_code == 503 and "queue" in answer.json()["detail"]
        assert not Entry.objects.filter(verb="fetch").exists()

    def test_a_plain_address_is_refused(self, debian: Feed) -> None:
        feeds.change(feed=debian, by=None, is_enabled=True, address="http://127.0.0.1:9/all.zip")
        feeds.fetch(debian.pk)
        debian.refresh_from_db()
        assert "http://" in debian.error


def test_two_images_with_one_package_are_matched_once(tmp_path: Path, debian: Feed) -> None:
    hold(tmp_path)
    path = tmp_path / "other.json"
    content = trivy(ArtifactName="b")
    content["Metadata"]["ImageID"] = "sha256:" + "b" * 64
    content["Results"][0]["Packages"] = [package()]
    path.write_text(json.dumps(content))
    import_file(path)
    load(debian, archive(tmp_path, advisory()))
    assert Match.objects.count() == 1 and Package.objects.count() == 1
    assert Finding.objects.filter(vulnerability__key="CVE-2026-0001").count() == 2


class TestMerging:
    """A GHSA without a CVE, as a scanner reports it, and a CVE of which one learns that it is the same."""

    GHSA = "GHSA-aaaa-bbbb-cccc"

    def learn(self, tmp_path: Path, debian: Feed) -> None:
        told = advisory("DEBIAN-CVE-2026-0001", aliases=[self.GHSA])
        load(debian, archive(tmp_path, told))
        matching.follow_merged()
        tallies.fold()

    def report(self, tmp_path: Path, *ids: str) -> None:
        hold(tmp_path, found=tuple(vulnerability(0, VulnerabilityID=name) for name in ids))

    def test_what_was_two_is_one_with_the_words_of_both(self, tmp_path: Path, debian: Feed) -> None:
        self.report(tmp_path, self.GHSA)
        lonely = Finding.objects.get()
        self.learn(tmp_path, debian)
        (finding,) = Finding.objects.open()
        assert finding.vulnerability is not None and finding.vulnerability.key == "CVE-2026-0001"
        words = Attribution.objects.current().filter(finding=finding)
        assert set(words.values_list("tool", flat=True)) == {"trivy", "plimsoll"}
        assert finding.first_opened_at == lonely.first_opened_at
        assert Finding.objects.filter(closed_at__isnull=False).count() <= 1
        assert tallies.counted() == counted_anew()

    def test_the_same_report_again_finds_the_one(self, tmp_path: Path, debian: Feed) -> None:
        self.report(tmp_path, self.GHSA)
        self.learn(tmp_path, debian)
        self.report(tmp_path, self.GHSA, "CVE-2026-1009")
        keys = Finding.objects.open().values_list("vulnerability__key", flat=True)
        assert sorted(keys) == ["CVE-2026-0001", "CVE-2026-1009"]

    def test_it_is_taken_back_when_nobody_says_it_any_more(self, tmp_path: Path, debian: Feed) -> None:
        self.report(tmp_path, self.GHSA)
        self.learn(tmp_path, debian)
        self.report(tmp_path)
        load(debian, archive(tmp_path, advisory("DEBIAN-CVE-2026-0007", fixed="1")))
        assert not Finding.objects.open().exists()

    def test_two_cves_are_never_one(self, tmp_path: Path, debian: Feed) -> None:
        self.report(tmp_path, "CVE-2026-0002")
        told = advisory("DEBIAN-CVE-2026-0001", aliases=["CVE-2026-0002"])
        load(debian, archive(tmp_path, told))
        matching.follow_merged()
        assert Vulnerability.objects.filter(merged_into__isnull=False).count() == 0
        assert Vulnerability.objects.get(key="CVE-2026-0002").findings.filter(closed_at__isnull=True).exists()


def counted_anew() -> dict[Any, Any]:
    tallies.recount()
    return tallies.counted()
