"""The demo fleet: a story with the dates of its days, the same every time, and gone without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from posture.collection.demo import build
from posture.collection.demo.remove import remove
from posture.collection.demo.story import FLAWS, PACKAGES, PROJECTS, Story
from posture.decisions.models import Decision
from posture.findings.models import Finding, OpenInterval
from posture.fleet.models import Asset, Node
from posture.risk import loads
from posture.trends import counting
from posture.trends.models import CountedDay
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Vulnerability
from tests.posture.api.resources import get, walk
from tests.posture.collection.pulls import node
from tests.posture.people import person, program

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


def tell(hosts: int = 6, days: int = 30, seed: int = 1) -> None:
    build.Telling(Story(hosts=hosts, days=days, seed=seed), NOW, lambda said: None).run()


def told() -> dict[str, Any]:
    """What the story left, without numbers of rows."""
    findings = Finding.objects.values_list(
        "asset__key", "kind", "key", "severity", "points", "first_opened_at", "closed_at", "decided", "due_at"
    )
    assets = Asset.objects.values_list("kind", "key", "name", "load", "first_seen_at", "gone_at")
    # A vulnerability's finding names its package by number.
    return {
        "findings": sorted((str((a, k, key.split(" ")[0], *rest))) for a, k, key, *rest in findings),
        "assets": sorted(map(str, assets)),
        "decisions": sorted(map(str, Decision.objects.values_list("outcome", "state", "created_at"))),
    }


def test_the_tables_of_the_story_agree() -> None:
    """What is fixed, is fixed by a version that there is; what a project holds, is a package that is known."""
    for flaw in FLAWS:
        assert flaw.fixed is None or flaw.fixed in PACKAGES[flaw.package].versions, flaw.key
    for project in PROJECTS:
        assert set(project.packages) <= PACKAGES.keys()
    assert any(flaw.exploited for flaw in FLAWS) and any(flaw.fixed is None for flaw in FLAWS)


@pytest.mark.django_db
class TestTheStory:
    def test_it_has_the_dates_of_its_days_and_ends_now(self) -> None:
        tell()
        first = NOW - timedelta(days=30)
        opened = OpenInterval.objects.order_by("opened_at").values_list("opened_at", flat=True)
        assert first <= opened[0] and opened.last() <= NOW
        assert OpenInterval.objects.filter(closed_at__isnull=False).exists()
        assert Finding.objects.filter(kind="vulnerability", closed_at__isnull=False).exists()
        assert {asset.kind for asset in Asset.objects.all()} >= {"host", "container", "image"}
        assert Vulnerability.objects.filter(exploited_since__isnull=False).exists()
        states = set(Decision.objects.values_list("state", flat=True))
        assert {"active", "awaiting_approval"} <= states, states
        assert Finding.objects.filter(decided__isnull=False).exists()
        assert CountedDay.objects.count() >= 30
        # Kept step by step, and what a recount says.
        before = {asset.pk: asset.load for asset in Asset.objects.present()}
        loads.recompute(list(before), NOW)
        after = {asset.pk: asset.load for asset in Asset.objects.present()}
        assert after.keys() == before.keys()
        assert all(after[pk] == pytest.approx(load) for pk, load in before.items())

    def test_a_day_that_was_counted_while_it_was_told_is_counted_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = build.Telling._scan

        def counts_meanwhile(self: build.Telling, day: int) -> None:
            begun(self, day)
            if day == 3:
                counting.catch_up(NOW)

        monkeypatch.setattr(build.Telling, "_scan", counts_meanwhile)
        tell()
        for day in CountedDay.objects.all():
            stood = Finding.objects.on_the_worklist(
                min(NOW, datetime.combine(day.day, datetime.max.time(), UTC))
            )
            assert sum(row.open for row in day.counts.filter(environment=None)) == stood.count(), day

    def test_any_day_of_it_can_be_looked_at(self) -> None:
        tell()
        client = program(person())
        day = (NOW - timedelta(days=15)).isoformat()
        then = walk(client, "/findings", limit=200, kind="vulnerability", as_of=day)
        now = walk(client, "/findings", limit=200, kind="vulnerability")
        assert then and {row["id"] for row in then} != {row["id"] for row in now}
        assert all(row["opened_at"] <= day for row in then)

    def test_the_same_arguments_tell_the_same_story(self) -> None:
        tell(days=15)
        first = told()
        remove()
        tell(days=15)
        again = told()
        assert again == first
        remove()
        tell(days=15, seed=2)
        assert told() != first

    def test_no_worker_pulls_it_and_it_does_not_go_stale(self) -> None:
        tell(days=10)
        Node.objects.filter(is_demo=True).update(next_due_at=timezone.now() - timedelta(days=1))
        assert not Node.objects.due().exists()
        build.keep_alive(timezone.now())
        assert not any(row.is_stale for row in Node.objects.filter(state="healthy"))
        assert get(program(person()), "/meta")["demo"] is True

    def test_it_is_removed_without_a_trace(self) -> None:
        kept = {"history_entry", "accounts_user", "compliance_check", "vulnerabilities_package", "vulnerabilities_feed",
                "vulnerabilities_vulnerability", "vulnerabilities_alias",
                "fleet_document", "images_judgedpolicy", "compliance_tally"}  # fmt: skip

        def rows() -> dict[str, int]:
            return {
                model._meta.db_table: model._default_manager.count()
                for model in apps.get_models()
                if model._meta.managed and model._meta.db_table not in kept
            }

        node("real")  # and its environment
        before = rows()
        tell(days=12)
        assert rows() != before
        gone = remove()
        assert gone["nodes"] == 6
        after = rows()
        assert {
            table: (after[table], number) for table, number in before.items() if after[table] != number
        } == {}


@pytest.mark.django_db
class TestTheCommand:
    def test_it_builds_once_and_removes(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("demo", hosts=4, days=10)
        with pytest.raises(CommandError, match="already"):
            call_command("demo", hosts=4, days=10)
        call_command("demo", remove=True)
        assert "removed 4 nodes" in capsys.readouterr().out
        with pytest.raises(CommandError, match="no demo fleet"):
            call_command("demo", remove=True)

    @pytest.mark.parametrize("options", [{"hosts": 0}, {"days": 5}, {"hosts": 1_000_000}])
    def test_sizes_have_limits(self, options: dict[str, int]) -> None:
        with pytest.raises(CommandError, match=r"give a number from"):
            call_command("demo", **options)
