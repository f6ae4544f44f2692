"""Times to remediate, deadlines that were met, and what is left of what was there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from posture.accounts.choices import Role
from posture.accounts.models import Team
from posture.decisions import actions
from posture.decisions.deadline_actions import set_deadlines
from posture.findings.models import Finding, OpenInterval
from posture.findings.settle import set_owner
from posture.trends import counting
from posture.vulnerabilities.models import Vulnerability
from scanners.records import Severity
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment
from tests.posture.collection.test_reports import DIGEST
from tests.posture.people import person, signed_in
from tests.posture.trends.conftest import BEGIN, Clock
from tests.posture.trends.test_trends import report, run

pytestmark = pytest.mark.django_db


def asked(client: Client, path: str, clock: Clock, days: int = 40, **parameters: Any) -> dict[str, Any]:
    begin = (clock.moment - timedelta(days=days)).date().isoformat()
    return get(client, path, **{"from": begin, "to": clock.moment.date().isoformat(), **parameters})


def due_in(days: int, slug: str = "production") -> None:
    severity = int(Severity.HIGH)
    set_deadlines(
        environment=environment(slug),
        deadlines=[{"severity": severity, "is_exposed": None, "is_exploited": None, "days": days, "starts": "opened"}],
        by=None,
    )  # fmt: skip


def times(told: dict[str, Any]) -> tuple[Any, ...]:
    return told["resolved"], told["mean_days"], told["median_days"], told["p90_days"]


class TestTimes:
    def test_each_time_that_it_was_open_counts_from_when_it_opened_or_came_back(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        report(tmp_path, 1, at=clock.moment)
        clock.pass_(days=2)
        report(tmp_path, 1, at=clock.moment, Severity="LOW")  # another severity is no other time
        clock.pass_(days=2)
        report(tmp_path, at=clock.moment)
        clock.pass_(days=1)
        report(tmp_path, 1, at=clock.moment)
        clock.pass_(days=10)
        report(tmp_path, at=clock.moment)
        told = asked(signed_in(person()), "/remediation", clock, by="severity")
        assert times(told["total"]) == pytest.approx((2, 7.0, 7.0, 9.4))
        assert [(one["from_days"], one["to_days"], one["resolved"]) for one in told["total"]["distribution"]] == [
            (0, 1, 0), (1, 7, 1), (7, 15, 1), (15, 30, 0), (30, 90, 0), (90, 180, 0), (180, None, 0),
        ]  # fmt: skip
        assert [(one["key"], one["resolved"]) for one in told["groups"]] == [("high", 1), ("low", 1)]
        assert [day["resolved"] for day in told["days"]] == [1, 1]

    def test_what_was_not_resolved_in_the_span_is_not_in_it(self, clock: Clock, tmp_path: Path) -> None:
        report(tmp_path, 1, at=clock.moment)
        clock.pass_(days=1)
        report(tmp_path, at=clock.moment)
        clock.pass_(days=3)
        told = asked(signed_in(person()), "/remediation", clock, days=2)
        assert times(told["total"]) == (0, None, None, None)
        assert told["groups"] == [] and told["days"] == []

    def test_an_image_counts_where_it_lay_on_that_day_and_once_in_the_total(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        report(tmp_path, 1, 2, at=clock.moment)
        run("alpha", "production", DIGEST)
        run("beta", "staging", DIGEST)
        clock.pass_(days=1)
        report(tmp_path, 2, at=clock.moment)
        clock.pass_(days=1)
        run("alpha", "production")
        clock.pass_(days=1)
        report(tmp_path, at=clock.moment)
        ada = signed_in(person())
        told = asked(ada, "/remediation", clock, by="environment")
        of_image = {one["key"]: one["resolved"] for one in told["groups"]}
        containers = Finding.objects.resolved().filter(kind="failed_check").count()
        assert (of_image["staging"], of_image["production"] - containers) == (2, 1)
        assert told["total"]["resolved"] == 2 + containers
        alone = asked(ada, "/remediation", clock, environment="staging")
        assert alone["total"]["resolved"] == 2 and alone["environment"]["slug"] == "staging"
        eve = signed_in(person("eve", Role.VIEWER, environments=[environment("staging")]))
        seen = asked(eve, "/remediation", clock, by="environment")
        assert [(one["key"], one["resolved"]) for one in seen["groups"]] == [("staging", 2)]
        assert seen["total"]["resolved"] == 2

    def test_replacing_an_image_resolves_what_it_had_in_its_environment(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        report(tmp_path, 1, 2, at=clock.moment)
        run("alpha", "production", DIGEST)
        clock.pass_(days=1)
        run("alpha", "production")
        assert not Finding.objects.open().filter(kind="vulnerability").exists()
        ada = signed_in(person())
        told = asked(ada, "/remediation", clock, by="environment")
        assert {one["key"] for one in told["groups"]} == {"production"}
        assert told["groups"][0]["resolved"] == told["total"]["resolved"] >= 2
        counting.catch_up(clock.moment)
        days = asked(ada, "/trends", clock, days=1, environment="production")["days"]
        assert days[-1]["resolved"] == told["total"]["resolved"]

    def test_by_team_those_without_one_are_told_apart(self, clock: Clock, tmp_path: Path) -> None:
        shop = Team.objects.create(name="Shop")
        report(tmp_path, 1, 2, 3, at=clock.moment)
        first = Finding.objects.filter(vulnerability__key="CVE-2026-1001").get()
        set_owner([first.pk], team_id=shop.pk)
        clock.pass_(days=1)
        report(tmp_path, 3, at=clock.moment)
        counting.catch_up(clock.moment)
        ada = signed_in(person())
        told = asked(ada, "/remediation", clock, by="team")
        assert [(one["key"], one["name"], one["resolved"]) for one in told["groups"]] == [
            (str(shop.pk), "Shop", 1),
            ("none", "No team", 1),
        ]
        day = asked(ada, "/trends", clock, days=0, by="team")["days"][-1]
        assert {name: group["resolved"] for name, group in day["groups"].items()} == {
            "Shop": 1,
            "No team": 1,
        }
        shop.delete()
        day = asked(ada, "/trends", clock, days=0, by="team")["days"][-1]
        assert set(day["groups"]) == {"No team", "Former teams"} and day["resolved"] == 2


class TestDeadlines:
    def test_met_missed_and_overdue_are_by_the_deadline_of_that_time(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        due_in(5)
        report(tmp_path, 1, 2, 3, at=clock.moment)
        run("alpha", "production", DIGEST)
        clock.pass_(days=3)
        report(tmp_path, 2, 3, at=clock.moment)  # 1 is in time
        clock.pass_(days=1)
        report(tmp_path, 1, 2, 3, at=clock.moment)  # and comes back, with a clock of its own
        clock.pass_(days=4)
        before = clock.moment
        clock.pass_(hours=1)
        report(tmp_path, 1, 3, at=clock.moment)  # 2 is late
        due_in(50)  # what was resolved stays as it was
        ada = signed_in(person())
        told = asked(ada, "/remediation", clock, by="kind")
        group = next(one for one in told["groups"] if one["key"] == "vulnerability")
        assert (group["met"], group["missed"], group["overdue"]) == (1, 1, 0)
        assert [(day["met"], day["missed"]) for day in told["days"]] == [(1, 0), (0, 1)]
        assert OpenInterval.objects.filter(due_at=BEGIN + timedelta(days=5)).count() >= 2
        then = asked(
            ada, "/remediation", clock, by="kind", to=(before - timedelta(days=1)).date().isoformat()
        )
        assert [one["overdue"] for one in then["groups"] if one["key"] == "vulnerability"] == [1]

    def test_a_decided_finding_is_not_overdue_while_it_is_decided(self, clock: Clock, tmp_path: Path) -> None:
        due_in(2)
        report(tmp_path, 1, 2, at=clock.moment)
        run("alpha", "production", DIGEST)
        clock.pass_(days=4)
        day = clock.moment.date().isoformat()
        ada = person()

        def overdue(**parameters: Any) -> int:
            groups = asked(signed_in(ada), "/remediation", clock, by="kind", **parameters)["groups"]
            return next(one["overdue"] for one in groups if one["key"] == "vulnerability")

        assert overdue() == 2
        clock.pass_(days=1)
        one = Vulnerability.objects.get(key="CVE-2026-1001")
        actions.make(by=ada, outcome="false_positive", reason="backported", vulnerability=one)
        assert (overdue(), overdue(to=day)) == (1, 2)


class TestBurnDown:
    def test_what_is_left_of_the_beginning_is_told_apart_from_what_came(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        report(tmp_path, 1, 2, 3, 4, at=clock.moment)
        clock.pass_(days=1)
        ada = person()
        start = clock.moment
        report(tmp_path, 2, 3, 4, 5, at=clock.moment)
        clock.pass_(days=1)
        actions.make(
            by=ada,
            outcome="false_positive",
            reason="backported",
            vulnerability=Vulnerability.objects.get(key="CVE-2026-1002"),
            expires_at=clock.moment + timedelta(hours=30),
        )
        clock.pass_(days=1)
        report(tmp_path, 1, 2, 5, at=clock.moment)  # 1 comes back, 3 and 4 go
        clock.pass_(days=1)
        actions.end_due(clock.moment)
        while counting.catch_up(clock.moment, most=50) > 1:
            pass
        client = signed_in(ada)
        told = get(client, "/burn-down", **{"from": start.date().isoformat()})
        assert told["beginning"] == 4
        assert [(day["left"], day["open"]) for day in told["days"]] == [(3, 4), (2, 3), (1, 2), (2, 3)]
        assert told["per_day"] == 0.5
        assert told["clear_on"] == (clock.moment + timedelta(days=4)).date().isoformat()
        none = get(
            client, "/burn-down", **{"from": start.date().isoformat(), "severity": "critical", "team": "none"}
        )
        assert none["beginning"] == 0 and none["clear_on"] is None

    def test_it_says_when_the_last_one_went(self, clock: Clock, tmp_path: Path) -> None:
        report(tmp_path, 1, at=clock.moment)
        clock.pass_(days=2)
        report(tmp_path, at=clock.moment)
        gone = clock.moment.date()
        clock.pass_(days=3)
        told = get(signed_in(person()), "/burn-down", **{"from": (gone - timedelta(days=1)).isoformat()})
        assert [day["left"] for day in told["days"]] == [1, 0, 0, 0, 0]
        assert told["clear_on"] == gone.isoformat()

    def test_an_image_that_leaves_an_environment_is_left_there_no_more(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        report(tmp_path, 1, 2, at=clock.moment)
        run("alpha", "production", DIGEST)
        run("beta", "staging", DIGEST)
        clock.pass_(days=1)
        start = clock.moment.date().isoformat()
        clock.pass_(days=1)
        run("alpha", "production")
        clock.pass_(days=1)
        report(tmp_path, 2, at=clock.moment)
        ada = signed_in(person())

        def left(**parameters: str) -> list[int]:
            told = get(ada, "/burn-down", **{"from": start, "kind": "vulnerability", **parameters})
            return [told["beginning"], *(day["left"] for day in told["days"])]

        assert left() == [2, 2, 2, 1]
        assert left(environment="production") == [2, 2, 0, 0]
        assert left(environment="staging") == [2, 2, 2, 1]


class TestAnnotations:
    def test_decisions_are_marked_when_they_begin_and_when_they_end(
        self, clock: Clock, tmp_path: Path
    ) -> None:
        report(tmp_path, 1, 2, at=clock.moment)
        ada = person()
        for number, place in ((1, None), (2, environment("production"))):
            actions.make(
                by=ada,
                outcome="accepted",
                reason="low_impact",
                vulnerability=Vulnerability.objects.get(key=f"CVE-2026-100{number}"),
                environment=place,
                expires_at=clock.moment + timedelta(days=number),
            )
        clock.pass_(days=1, hours=1)
        actions.end_due(clock.moment)
        told = asked(signed_in(ada), "/annotations", clock)
        assert [(event["state"], event["title"]) for event in told["events"]] == [
            ("active", "Accepted risk: CVE-2026-1001"),
            ("active", "Accepted risk: CVE-2026-1002"),
            ("expired", "Accepted risk: CVE-2026-1001"),
        ]
        assert told["total"] == 3 and told["events"][2]["because"]
        eve = signed_in(person("eve", Role.VIEWER, environments=[environment("staging")]))
        assert asked(eve, "/annotations", clock)["total"] == 2, "not that of another environment"
        assert asked(signed_in(ada), "/annotations", clock, environment="staging")["total"] == 2


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/remediation", "by=colour", "by"),
        ("/remediation", "from=soon", "from"),
        ("/remediation", "environment=nowhere", "environment"),
        ("/remediation", "severity=high", "severity"),
        ("/burn-down", "severity=worst", "severity"),
        ("/burn-down", "kind=crime", "kind"),
        ("/burn-down", "team=17", "team"),
        ("/burn-down", "team=me", "team"),
        ("/burn-down", "from=2024-01-01", "from"),
        ("/annotations", "to=never", "to"),
    ],
)
def test_what_is_wrong_is_named(path: str, query: str, field: str) -> None:
    answer = signed_in(person()).get(f"/api/v1{path}?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
