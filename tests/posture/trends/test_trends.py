"""Days counted from the intervals, the lists of any past moment, and what changed between two."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.collection.actions import reweigh_environment
from posture.collection.reports import import_file
from posture.decisions import actions
from posture.decisions.choices import DecisionState
from posture.decisions.models import Decision, Verdict
from posture.findings import tallies
from posture.findings.models import Finding, OpenInterval
from posture.fleet.actions import update_environment
from posture.fleet.models import Environment, Node
from posture.images.models import Presence
from posture.risk.models import Load
from posture.risk.recount import recount
from posture.risk.reweigh import reweigh_vulnerabilities
from posture.trends import burn_down, changes, counting, remediation
from posture.trends.models import CountedDay, DailyCount, DailyLoad
from posture.vulnerabilities.models import Vulnerability
from scanners.checks.examples import container, image
from tests.posture.api.resources import get, walk
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_reports import DIGEST, saved, trivy, vulnerability
from tests.posture.people import person, program, signed_in
from tests.posture.trends.conftest import BEGIN, Clock

pytestmark = pytest.mark.django_db


def report(tmp_path: Path, *numbers: int, at: datetime, **changes: Any) -> None:
    said = trivy(*(vulnerability(number, **changes) for number in numbers), at=at.isoformat())
    import_file(saved(tmp_path, said, f"{at:%Y%m%dT%H%M%S}.json"))


def counts(day: date, slug: str | None = None) -> dict[str, int]:
    rows = DailyCount.objects.filter(day__day=day, kind="vulnerability", environment__slug=slug)
    if slug is None:
        rows = DailyCount.objects.filter(day__day=day, kind="vulnerability", environment__isnull=True)
    total: Counter[str] = Counter()
    for row in rows:
        for name in ("opened", "reopened", "resolved", "open", "decided"):
            total[name] += getattr(row, name)
    return dict(+total)


def test_what_opens_resolves_and_comes_back_is_counted_on_its_day(clock: Clock, tmp_path: Path) -> None:
    report(tmp_path, 1, 2, at=clock.moment)
    clock.pass_(days=1)
    report(tmp_path, 1, at=clock.moment)
    clock.pass_(days=1)
    report(tmp_path, 1, 2, 3, at=clock.moment)
    clock.pass_(days=1)
    report(tmp_path, 1, 2, 3, at=clock.moment, Severity="LOW")  # only the severity is another
    assert counting.catch_up(clock.moment) == 4
    day = BEGIN.date()
    assert counts(day) == {"opened": 2, "open": 2}
    assert counts(day + timedelta(days=1)) == {"resolved": 1, "open": 1}
    assert counts(day + timedelta(days=2)) == {"opened": 1, "reopened": 1, "open": 3}
    assert counts(day + timedelta(days=3)) == {"open": 3}
    assert counting.catch_up(clock.moment) == 0
    clock.pass_(minutes=11)
    assert counting.catch_up(clock.moment) == 1  # today again, and no other


def test_what_comes_and_goes_several_times_on_a_day_counts_each_time(clock: Clock, tmp_path: Path) -> None:
    for numbers in [(1,), (), (1,), (), (1,)]:
        report(tmp_path, *numbers, at=clock.moment)
        clock.pass_(hours=1)
    counting.catch_up(clock.moment)
    assert counts(BEGIN.date()) == {"opened": 1, "resolved": 2, "reopened": 2, "open": 1}


def test_an_image_counts_in_each_environment_that_held_it_then(clock: Clock, tmp_path: Path) -> None:
    report(tmp_path, 1, at=clock.moment)
    run("alpha", "production", DIGEST)
    clock.pass_(days=1)
    run("beta", "staging", DIGEST)
    clock.pass_(days=1)
    run("alpha", "production")
    counting.catch_up(clock.moment)
    day = BEGIN.date()
    held = [
        [slug for slug in ("production", "staging") if counts(day + timedelta(days=number), slug)]
        for number in range(3)
    ]
    assert held == [["production"], ["production", "staging"], ["staging"]]
    assert counts(day + timedelta(days=1)) == {"open": 1}  # the fleet counts it once


def test_what_is_committed_after_midnight_is_not_lost_to_the_day_before(clock: Clock, tmp_path: Path) -> None:
    report(tmp_path, 1, at=clock.moment)
    day, midnight = BEGIN.date(), datetime(2026, 8, 2, tzinfo=UTC)
    clock.moment = midnight + timedelta(seconds=10)
    counting.catch_up(clock.moment)  # while a report that was begun before midnight is still being written
    clock.moment = midnight - timedelta(seconds=5)
    report(tmp_path, 1, 2, at=clock.moment)
    clock.moment = midnight + counting.SETTLED - timedelta(seconds=1)
    counting.catch_up(clock.moment)
    assert counts(day) == {"opened": 2, "open": 2}, "counted again until everything has long been written"
    clock.moment = midnight + counting.SETTLED + counting.FRESH
    counting.catch_up(clock.moment)
    clock.pass_(days=1)
    assert day not in counting.missing(clock.moment), "and then once for good"


def run(name: str, slug: str, *digests: str, count: int = 1, **changes: Any) -> None:
    """A pull of this host, that runs `count` containers of each image."""
    of_node = Node.objects.filter(name=name).first() or node(name, environment(slug))
    running = [
        container(id=f"{name}{digest[7:9]}{number}".ljust(64, "0"), name=f"{name}-{digest[7:9]}-{number}",
                  image_id=digest, image_reference="shop/web:1.0", **changes)
        for digest in digests
        for number in range(count)
    ]  # fmt: skip
    held = [
        image(id=digest, references=("shop/web:1.0",), in_use_references=("shop/web:1.0",))
        for digest in digests
    ]
    write(of_node, pulled(running, held, engine_id=f"engine-{name}", name=name))


class TestThePast:
    """Twenty snapshots of a generated history, taken as it grew, against the same lists and ledgers as of then."""

    LISTS = (
        "findings", "hosts", "containers", "images", "environments", "decisions", "checks", "vulnerabilities", "packages",
    )  # fmt: skip
    EVERYTHING = {
        "findings": {"hidden": "include"},
        "decisions": {"state": ",".join(DecisionState.values)},
    }
    LEDGERS = ("hosts", "containers", "images", "environments")
    NOT_OF_THEN = {
        # Known only now: what the formula, tools, people or other assets say today.
        "findings": ("agreement", "fix", "fixed_versions", "use", "times_opened", "words", "assignee",
                     "team", "deadline", "asset", "host", "environment", "vulnerability", "package", "state"),
        "hosts": ("last_seen_at", "node", "gone_at", "containers_total"),
        "containers": ("last_seen_at", "gone_at", "host"),
        "images": ("last_seen_at", "gone_at", "layers", "scan_state", "name"),
        "environments": (),
        "decisions": ("vulnerability",),
        "checks": (),
        "vulnerabilities": ("fixed_in", "agreement", "in_use", "epss", "epss_percentile", "severities"),
        "packages": (),
    }  # fmt: skip

    def snapshot(self, client: Client, **parameters: Any) -> dict[str, dict[int, Any]]:
        shown: dict[str, dict[int, Any]] = {}
        tallies.fold()
        for name in self.LISTS:
            rows = walk(client, f"/{name}", limit=200, **self.EVERYTHING.get(name, {}), **parameters)
            shown[name] = {
                row["id"]: {
                    key: value
                    for key, value in row.items()
                    if key not in self.NOT_OF_THEN[name]
                    and (name == "vulnerabilities" or not key.endswith("_counts"))
                }
                | ({"state": self.kept(row["state"])} if name == "findings" else {})
                for row in rows
            }
        for name in self.LEDGERS:
            shown[f"ledgers of {name}"] = {
                pk: self.ledger(client.get(f"/api/v1/{name}/{pk}/ledger", parameters).json())
                for pk in shown[name]
            }
        told = get(client, "/actions", limit=50, **parameters)
        shown["actions"] = {
            row["key"]: {
                name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()
            }
            for row in told["results"]
        }
        return shown

    @staticmethod
    def ledger(told: dict[str, Any]) -> dict[str, Any]:
        """What a ledger says, but for what is known of the present alone. Its lines add up to the load at any moment."""
        lines = told["lines"]
        assert sum(line["share"] for line in lines) + told["rest"] == pytest.approx(
            told["load"] or 0.0, abs=1e-9
        )
        for line in lines:
            if "finding" in line:
                del line["finding"]["deadline"]
        lines.sort(
            key=lambda line: (-line["share"], line["asset"]["id"], line.get("finding", {}).get("id", 0))
        )
        return {name: value for name, value in told.items() if name != "missing"}

    @staticmethod
    def kept(state: str) -> str:
        """Whether it was open, hidden by what, or resolved: what people worked on is not kept for the past."""
        return "open" if state in ("open", "reopened", "in_progress", "awaiting_approval") else state

    def live_a_day(self, chance: random.Random, clock: Clock, tmp_path: Path, by: User) -> None:
        if chance.random() < 0.7:
            numbers = sorted(chance.sample(range(1, 13), chance.randint(0, 9)))
            report(tmp_path, *numbers, at=clock.moment, Severity=chance.choice(["HIGH", "CRITICAL", "LOW"]))
        clock.pass_(hours=1)
        for name, slug in (("alpha", "production"), ("beta", "staging")):
            clock.pass_(minutes=1)
            if chance.random() < 0.6:
                held = [DIGEST] if chance.random() < 0.8 else []
                run(name, slug, *held, count=chance.randint(1, 3), privileged=chance.random() < 0.3)
        clock.pass_(hours=1)
        known = list(Vulnerability.objects.order_by("pk"))
        self.change_what_points_rest_on(chance, clock, known)
        if known and chance.random() < 0.4:
            outcome, reason = chance.choice(
                [("false_positive", "test_data"), ("not_applicable", "test_data"), ("accepted", "low_impact")]
            )
            actions.make(
                by=by,
                outcome=outcome,
                reason=reason,
                vulnerability=chance.choice(known),
                repository=chance.choice(["", "shop/web"]),
                expires_at=clock.moment + timedelta(days=chance.randint(1, 9)),
            )
        active = list(Decision.objects.active().order_by("pk"))
        if active and chance.random() < 0.3:
            actions.withdraw(decision=chance.choice(active), by=by)
        actions.end_due(clock.moment)

    @staticmethod
    def change_what_points_rest_on(chance: random.Random, clock: Clock, known: list[Vulnerability]) -> None:
        if known and chance.random() < 0.4:
            one = chance.choice(known)
            Vulnerability.objects.filter(pk=one.pk).update(epss=chance.choice([0.0001, 0.02, 0.5]))
            reweigh_vulnerabilities([one.pk], clock.moment)
        if chance.random() < 0.2:
            place = Environment.objects.get(slug="production")
            classes = chance.choice([[], ["personal"], ["cardholder"]])
            update_environment(environment=place, line=float(chance.randint(50, 200)), data_classes=classes)
            reweigh_environment(environment=place)

    @pytest.mark.parametrize("seed", [1, 2])
    def test_every_list_shows_what_it_showed_then(self, seed: int, clock: Clock, tmp_path: Path) -> None:
        chance, ada = random.Random(seed), person()
        client = program(ada)  # a session would not last so long
        days = 45
        taken = set(chance.sample(range(days), 20))
        snapshots: dict[datetime, dict[str, dict[int, Any]]] = {}
        for day in range(days):
            clock.moment = BEGIN + timedelta(days=day)
            self.live_a_day(chance, clock, tmp_path, ada)
            clock.pass_(hours=1)
            if day in taken:
                snapshots[clock.moment] = self.snapshot(client)
            clock.pass_(hours=1)
        assert len(snapshots) == 20 and any(snap["findings"] for snap in snapshots.values())
        for moment, then in snapshots.items():
            now = self.snapshot(client, as_of=moment.isoformat())
            for name in then:
                assert now[name].keys() == then[name].keys(), (moment, name)
                for pk, row in then[name].items():
                    assert now[name][pk] == row, (moment, name, pk)
        self.trends_equal_a_recount(clock)
        for place in (None, Environment.objects.get(slug="production")):
            begin = clock.moment - timedelta(days=chance.randint(5, 40))
            self.times_equal_a_recount(begin, clock.moment, place)
            self.what_is_left_equals_a_recount(begin, clock.moment, place)
        assert recount().differences == []

    def trends_equal_a_recount(self, clock: Clock) -> None:
        while counting.catch_up(clock.moment, most=50) > 1:
            pass
        for day in CountedDay.objects.order_by("day"):
            end = min(
                datetime.combine(day.day, datetime.min.time(), UTC) + timedelta(days=1),
                clock.moment + timedelta(microseconds=1),
            )
            stood = OpenInterval.objects.as_of(end - timedelta(microseconds=1))
            open_then = set(stood.values_list("finding", flat=True))
            hidden = set(
                Verdict.objects.as_of(end - timedelta(microseconds=1)).values_list("finding", flat=True)
            )
            rows = DailyCount.objects.filter(day=day, environment__isnull=True)
            assert sum(row.open for row in rows) == len(open_then - hidden), day
            assert sum(row.decided for row in rows) == len(open_then & hidden), day
            begin = datetime.combine(day.day, datetime.min.time(), UTC)
            opened = Finding.objects.filter(first_opened_at__gte=begin, first_opened_at__lt=end).count()
            assert sum(row.opened for row in rows) == opened, day
            loads = Load.objects.as_of(end - timedelta(microseconds=1)).filter(asset__kind="host")
            energies = [row.energy for row in loads if row.load is not None]
            fleet = DailyLoad.objects.filter(day=day, environment__isnull=True).first()
            if energies:
                assert fleet is not None and fleet.load == pytest.approx(
                    (sum(energies) / len(energies)) ** 0.25
                )
        # Opened and reopened less resolved is what the open ones moved by.
        before = 0
        for day in CountedDay.objects.order_by("day"):
            rows = list(DailyCount.objects.filter(day=day, environment__isnull=True))
            after = sum(row.open + row.decided for row in rows)
            moved = sum(row.opened + row.reopened - row.resolved for row in rows)
            assert after - before == moved, day
            before = after

    @staticmethod
    def lies_in(finding: Finding, place: Environment | None, since: datetime, until: datetime) -> bool:
        """Whether its asset lay there at any time from `since` to `until`, both included."""
        if place is None or finding.environment_id is not None:
            return place is None or finding.environment_id == place.pk
        held = Presence.objects.filter(image=finding.asset_id, host__environment=place, opened_at__lte=until)
        return held.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=since)).exists()

    def times_equal_a_recount(self, begin: datetime, end: datetime, place: Environment | None) -> None:
        """Times to remediate, told from the intervals of one finding after the other."""
        days = []
        for finding in Finding.objects.prefetch_related("intervals"):
            begun: datetime | None = None
            before: datetime | None = None
            for interval in sorted(finding.intervals.all(), key=lambda one: one.opened_at):
                if before != interval.opened_at:
                    begun = interval.opened_at
                before = interval.closed_at
                follows = finding.intervals.filter(opened_at=before).exists()
                if before is None or follows or not begin <= before <= end:
                    continue
                day = before.replace(hour=0, minute=0, second=0, microsecond=0)
                if self.lies_in(finding, place, day, day + timedelta(days=1) - timedelta(microseconds=1)):
                    assert begun is not None
                    days.append((before - begun) / timedelta(days=1))
        ids = [place.pk] if place else None
        told = remediation.of(begin, end + timedelta(microseconds=1), ids, by="kind")
        assert told["total"]["resolved"] == len(days) > 0
        assert told["total"]["mean_days"] == pytest.approx(sum(days) / len(days))
        for bucket in told["total"]["distribution"]:
            low, high = bucket["from_days"], bucket["to_days"] or 10_000
            assert bucket["resolved"] == sum(low <= one < high for one in days), bucket
        for number in ("resolved", "met", "missed", "overdue"):
            assert sum(group[number] for group in told["groups"]) == told["total"][number]

    def what_is_left_equals_a_recount(
        self, begin: datetime, end: datetime, place: Environment | None
    ) -> None:
        def there(moment: datetime) -> set[int]:
            on_it = Finding.objects.on_the_worklist(moment)
            return {one.pk for one in on_it if self.lies_in(one, place, moment, moment)}

        start = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        first = there(start)
        asked = burn_down.Asked(environment_ids=(place.pk,) if place else None)
        told = burn_down.of(start.date(), end.date(), end, asked)
        assert told["beginning"] == len(first) > 0
        for day in told["days"]:
            midnight = datetime.combine(day["day"] + timedelta(days=1), datetime.min.time(), UTC)
            then = there(min(midnight - timedelta(microseconds=1), end))
            assert day["left"] == len(first & then), day
            assert day["open"] == len(then), day


class TestTheApi:
    def test_gaps_are_null_and_days_are_in_their_order(self, clock: Clock, tmp_path: Path) -> None:
        report(tmp_path, 1, at=clock.moment)
        run("alpha", "production", DIGEST)
        clock.pass_(days=2)
        counting.count_day(BEGIN.date(), clock.moment)
        client = signed_in(person())
        days = get(
            client, "/trends", **{"from": "2026-08-01", "to": "2026-08-02", "environment": "production"}
        )["days"]
        assert [
            (day["day"], day["is_counted"] if "is_counted" in day else day["open"] is not None)
            for day in days
        ] == [
            ("2026-08-01", True),
            ("2026-08-02", False),
        ]
        assert days[0]["groups"]["high"]["open"] >= 1
        assert (days[0]["line"], days[1]["load"], days[1]["open"]) == (100.0, None, None)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("from=yesterday", "from"),
            ("from=2026-03-01&to=2026-01-01", "from"),
            ("from=2020-01-01", "from"),
            ("by=colour", "by"),
            ("environment=nowhere", "environment"),
            ("colour=red", "colour"),
        ],
    )
    def test_what_is_wrong_is_named(self, query: str, field: str) -> None:
        answer = signed_in(person()).get(f"/api/v1/trends?{query}")
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_who_sees_a_part_asks_for_one_of_it(self) -> None:
        places = [environment(slug) for slug in ("production", "staging", "payments")]
        eve = signed_in(person("eve", Role.VIEWER, environments=places[:2]))
        assert eve.get("/api/v1/trends").status_code == 400
        assert eve.get("/api/v1/trends?environment=staging").status_code == 200
        assert eve.get("/api/v1/trends?environment=payments").status_code == 400
        sam = signed_in(person("sam", Role.VIEWER, environments=places[:1]))
        assert get(sam, "/trends")["environment"]["slug"] == "production"

    def test_what_changed_between_two_moments(self, clock: Clock, tmp_path: Path) -> None:
        ada = person()
        report(tmp_path, 1, 2, at=clock.moment)
        run("alpha", "production", DIGEST)
        clock.pass_(days=1)
        begin = clock.moment
        clock.pass_(hours=1)
        report(tmp_path, 2, 3, at=clock.moment)
        actions.make(
            by=ada,
            outcome="false_positive",
            reason="backported",
            vulnerability=Vulnerability.objects.get(key="CVE-2026-1002"),
        )
        run("beta", "staging")
        clock.pass_(hours=1)
        told = get(signed_in(ada), "/changes", **{"from": begin.isoformat(), "to": clock.moment.isoformat()})

        def titles(what: str) -> list[str]:
            return [
                row["title"].split(" ")[0] for row in told[what]["rows"] if row["title"].startswith("CVE")
            ]

        assert (titles("opened"), titles("resolved"), titles("decided")) == (
            ["CVE-2026-1003"],
            ["CVE-2026-1001"],
            ["CVE-2026-1002"],
        )
        assert [row["title"] for row in told["new_assets"]["rows"]] == ["beta"]
        assert told["gone_assets"]["total"]["value"] == 0
        eve = signed_in(person("eve", Role.VIEWER, environments=[environment("staging")]))
        told = get(eve, "/changes", **{"from": begin.isoformat(), "to": clock.moment.isoformat()})
        assert titles("opened") == [] and told["new_assets"]["total"]["value"] == 1

    def test_all_that_changed_is_reached_page_by_page_and_exported(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        begin = clock.moment
        clock.pass_(hours=1)
        for number in range(5):
            run(f"host-{number}", "production" if number % 2 else "staging")
            clock.pass_(minutes=1)
        report(tmp_path, *range(1, 8), at=clock.moment)
        run("host-1", "production", DIGEST)
        clock.pass_(hours=1)
        report(tmp_path, *range(1, 5), at=clock.moment)
        clock.pass_(hours=1)
        span = {"from": begin.isoformat(), "to": clock.moment.isoformat()}
        ada = signed_in(person())
        told = get(ada, "/changes", **span)
        assert told["opened"]["total"]["value"] > 7 and told["resolved"]["total"]["value"] == 3
        for what in changes.WHAT:
            rows = walk(ada, f"/changes/{what}", limit=2, **span)
            assert (len(rows), rows[:50]) == (told[what]["total"]["value"], told[what]["rows"]), what
            answer = ada.get(f"/api/v1/changes/{what}/export", {"format": "jsonl", **span})
            assert answer.headers["Content-Disposition"].startswith('attachment; filename="changes-')
            assert [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()] == rows
        eve = signed_in(person("eve", Role.VIEWER, environments=[environment("staging")]))
        seen = {row["asset"]["name"] for row in walk(eve, "/changes/new_assets", **span)}
        assert seen == {"host-0", "host-2", "host-4"}
        assert walk(eve, "/changes/resolved", **span) == [], "the image lies in production only"

    @pytest.mark.parametrize(
        ("path", "field"),
        [
            ("/changes?to=2026-01-01T00:00:00Z", "from"),
            ("/changes?from=2026-01-01", "from"),
            ("/changes?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
            ("/changes/opened?from=2026-01-02T00:00:00Z&to=soon", "to"),
            ("/changes/opened?from=2026-01-01T00:00:00Z&environment=nowhere", "environment"),
            ("/changes/opened?from=2026-01-01T00:00:00Z&colour=red", "colour"),
            ("/changes/opened?from=2026-01-01T00:00:00Z&cursor=x", "cursor"),
        ],
    )
    def test_what_is_wrong_with_a_span_is_named(self, path: str, field: str) -> None:
        answer = signed_in(person()).get(f"/api/v1{path}")
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_another_way_to_change_is_not_found(self) -> None:
        ada = signed_in(person())
        assert ada.get("/api/v1/changes/painted?from=2026-01-01T00:00:00Z").status_code == 404
