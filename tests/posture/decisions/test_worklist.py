"""What people do with findings: one or thousands, with a preview, an undo and one entry in the trail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.accounts.models import Team, User
from posture.base.problems import Conflict, Invalid
from posture.collection.reports import import_file
from posture.decisions import worklist
from posture.decisions.deadlines import Facts, Rule, due_at
from posture.decisions.models import Activity, Change, Deadline, Decision, OwnerRule
from posture.findings.choices import Outcome
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.vulnerabilities import ingest
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment
from tests.posture.collection.test_reports import DIGEST, saved, trivy, vulnerability
from tests.posture.decisions.test_decisions import exploit, finding, run_it
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def ada() -> User:
    return person()


@pytest.fixture
def client(ada: User) -> Client:
    return signed_in(ada)


@pytest.fixture
def web(tmp_path: Path) -> Asset:
    import_file(saved(tmp_path, trivy(*(vulnerability(number) for number in range(1, 6)))))
    run_it(DIGEST, "shop/web:1.0")
    return Asset.objects.get(key=DIGEST)


def vulnerabilities() -> Any:
    return Finding.objects.filter(kind="vulnerability")


def first(number: int) -> Any:
    return vulnerabilities().filter(pk__in=sorted(vulnerabilities().values_list("pk", flat=True))[:number])


def states() -> list[str]:
    client = signed_in(User.objects.get(username="ada"))
    rows = get(client, "/findings", kind="vulnerability", hidden="include")["results"]
    return sorted(row["state"] for row in rows)


def test_a_change_moves_those_that_can_and_names_the_rest(web: Asset, ada: User) -> None:
    made = worklist.change(queryset=first(2), verb="start", details={}, by=ada)
    assert (made.findings_total, states()) == (2, ["in_progress"] * 2 + ["open"] * 3)
    chosen = worklist.Selected(vulnerabilities(), "start")
    assert chosen.summary()["left_alone"] == {"in_progress": 2}
    assert (chosen.summary()["findings"], chosen.summary()["by_severity"]["high"]) == (3, 3)
    with pytest.raises(Invalid, match="None of these"):
        worklist.change(queryset=vulnerabilities().filter(work__isnull=True), verb="stop", details={}, by=ada)


def test_it_is_undone_as_a_whole_but_for_what_was_changed_since(web: Asset, ada: User) -> None:
    ids = sorted(vulnerabilities().values_list("pk", flat=True))
    team = Team.objects.create(name="Web")
    to_grace = worklist.change(
        queryset=vulnerabilities(), verb="assign", details={"assignee": person("grace"), "team": team}, by=ada
    )
    worklist.change(
        queryset=vulnerabilities().filter(pk=ids[0]), verb="assign", details={"assignee": None}, by=ada
    )
    worklist.undo(change=to_grace, by=ada)
    owners = dict(vulnerabilities().values_list("pk", "team__name"))
    assert owners == {ids[0]: "Web", **dict.fromkeys(ids[1:])}
    assert not vulnerabilities().filter(assignee__isnull=False).exists()
    with pytest.raises(Conflict, match="undone already"):
        worklist.undo(change=to_grace, by=ada)


def test_a_change_of_thousands_has_one_entry_in_the_trail(web: Asset, ada: User) -> None:
    before = Entry.objects.count()
    made = worklist.change(queryset=vulnerabilities(), verb="comment", details={"text": "Looking."}, by=ada)
    assert Entry.objects.count() == before + 1
    assert Activity.objects.filter(change=made).count() == 5
    with pytest.raises(Conflict, match="stays"):
        worklist.undo(change=made, by=ada)


def test_deciding_makes_one_decision_for_each_problem_and_place(web: Asset, ada: User) -> None:
    terms = {"outcome": Outcome.FALSE_POSITIVE, "reason": "backported"}
    made = worklist.change(queryset=first(3), verb="decide", details=terms, by=ada)
    assert Decision.objects.filter(change=made, repository="shop/web", package="libssl3").count() == 3
    assert states() == ["false_positive"] * 3 + ["open"] * 2
    worklist.undo(change=made, by=ada)
    assert states() == ["open"] * 5


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_come_one_after_the_other(web: Asset, ada: User) -> None:
    """Both say what they did, and each finding was started once."""
    done: list[int | str] = []

    def start() -> None:
        try:
            done.append(
                worklist.change(queryset=vulnerabilities(), verb="start", details={}, by=ada).findings_total
            )
        except Invalid:
            done.append("nothing left")
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, done)) == ["5", "nothing left", "nothing left"]
    assert Change.objects.count() == 1


class TestTheApi:
    def test_everything_that_matches_with_a_preview_first(self, web: Asset, client: Client) -> None:
        body = {"verb": "start", "filters": {"kind": "vulnerability", "severity": "high"}}
        told = send(client, "POST", "/finding-changes", {**body, "preview": True}).json()
        assert (told["findings"], told["assets"], told["left_alone"]) == (5, 1, {})
        assert not Change.objects.exists()
        made = send(client, "POST", "/finding-changes", body)
        assert made.status_code == 201, made.content
        assert get(client, "/findings", state="in_progress")["count"]["value"] == 5
        undone = send(client, "POST", f"/finding-changes/{made.json()['id']}/undo").json()
        assert undone["undone_at"] is not None
        assert get(client, "/findings", state="in_progress")["count"]["value"] == 0

    def test_a_preview_of_deciding_says_how_many_decisions(
        self, web: Asset, client: Client, tmp_path: Path
    ) -> None:
        exploit(tmp_path)
        terms = {"outcome": "accepted", "reason": "no_fix"}
        body = {"verb": "decide", "filters": {"kind": "vulnerability"}, "terms": terms, "preview": True}
        told = send(client, "POST", "/finding-changes", body).json()
        assert (told["decisions"], told["exploited"]) == (5, 1)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"verb": "start"}, "ids"),
            ({"verb": "start", "ids": [1], "filters": {}}, "ids"),
            ({"verb": "start", "ids": [999_999]}, "ids"),
            ({"verb": "start", "filters": {"colour": "red"}}, "filters.colour"),
            ({"verb": "start", "filters": {"severity": "worst"}}, "severity"),
            ({"verb": "decide", "filters": {}}, "terms"),
            ({"verb": "resolve", "filters": {}}, "verb"),
            ({"verb": "assign", "filters": {}, "assignee": "nobody-here"}, "assignee"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, web: Asset, client: Client, body: dict[str, Any], field: str
    ) -> None:
        answer = send(client, "POST", "/finding-changes", body)
        assert answer.status_code == 400, answer.content
        assert field in [error["field"] for error in answer.json()["errors"]]

    def test_nobody_changes_what_they_may_not_see(self, web: Asset) -> None:
        eve = signed_in(person("eve", Role.ANALYST, environments=[environment("staging")]))
        body = {"verb": "start", "ids": [finding().pk]}
        assert send(eve, "POST", "/finding-changes", body).status_code == 400
        everything = {"verb": "start", "filters": {}}
        assert send(eve, "POST", "/finding-changes", everything).json()["code"] == "nothing_to_do"
        viewer = signed_in(person("vic", Role.VIEWER))
        assert send(viewer, "POST", "/finding-changes", body).status_code == 403

    def test_who_is_limited_decides_where_they_are(self, web: Asset) -> None:
        """Without naming an environment; not of an image that lies elsewhere too."""
        eve = signed_in(person("eve", Role.ANALYST, environments=[environment("production")]))
        terms = {"outcome": "false_positive", "reason": "test_data"}
        body = {"verb": "decide", "ids": [finding().pk, finding(2).pk], "terms": terms}
        assert send(eve, "POST", "/finding-changes", {**body, "preview": True}).json()["decisions"] == 2
        assert send(eve, "POST", "/finding-changes", body).status_code == 201
        places = Decision.objects.values_list("environment__slug", "repository")
        assert list(places) == [("production", "shop/web")] * 2
        assert finding().decided is not None
        run_it(DIGEST, "shop/web:1.0", host="beta", slug="staging")
        body["ids"] = [finding(3).pk]
        for asked in (body, {**body, "preview": True}):
            answer = send(eve, "POST", "/finding-changes", asked)
            assert (answer.status_code, answer.json()["code"]) == (403, "lies_in_several")
        assert finding(3).decided is None

    def test_owners_are_shown_and_filtered_by(self, web: Asset, client: Client, ada: User) -> None:
        team = Team.objects.create(name="Web")
        team.members.add(ada)
        body = {"verb": "assign", "ids": [finding().pk], "team": "Web"}
        send(client, "POST", "/finding-changes", body)
        body = {"verb": "assign", "ids": [finding(2).pk], "assignee": "ada"}
        send(client, "POST", "/finding-changes", body)
        shown = get(client, f"/findings/{finding().pk}")
        assert (shown["team"], shown["assignee"], shown["activity"][0]["verb"]) == ("Web", None, "assign")

        def count(owner: str) -> int:
            return int(get(client, "/findings", kind="vulnerability", owner=owner)["count"]["value"])

        assert (count("team:Web"), count("ada"), count("me"), count("nobody")) == (1, 1, 2, 3)


def test_rules_give_new_findings_their_team(ada: User, tmp_path: Path) -> None:
    web, rest = Team.objects.create(name="Web"), Team.objects.create(name="Rest")
    OwnerRule.objects.create(position=1, repository="shop/web", team=web)
    OwnerRule.objects.create(position=2, team=rest)
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    run_it(DIGEST, "shop/web:1.0")
    assert finding().team == web
    of_host = Finding.objects.filter(asset__kind="host").values_list("team__name", flat=True)
    assert set(of_host) == {"Rest"}


class TestDeadlines:
    NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

    def rule(self, days: int, **changes: Any) -> Rule:
        values = {"severity": 4, "is_exposed": None, "is_exploited": None, "starts": "opened", **changes}
        return Rule(days=days, **values)

    def facts(self, **changes: Any) -> Facts:
        return Facts(**{"severity": 4, "is_exposed": False, "opened_at": self.NOW, **changes})

    def test_the_shortest_that_fits_holds(self) -> None:
        rules = [self.rule(30), self.rule(7, is_exposed=True), self.rule(2, severity=3)]
        assert due_at(rules, self.facts()) == self.NOW + timedelta(days=30)
        assert due_at(rules, self.facts(is_exposed=True)) == self.NOW + timedelta(days=7)
        assert due_at(rules, self.facts(severity=1)) is None

    def test_a_clock_that_has_not_begun_says_nothing(self) -> None:
        rules = [self.rule(3, starts="fix"), self.rule(14, is_exploited=True, starts="exploited")]
        assert due_at(rules, self.facts()) is None
        fixed = self.NOW + timedelta(days=5)
        assert due_at(rules, self.facts(fixable_since=fixed)) == fixed + timedelta(days=3)

    def test_nothing_is_late_before_it_was_there(self) -> None:
        old = self.facts(exploited_since=self.NOW - timedelta(days=900))
        assert due_at([self.rule(3, starts="exploited")], old) == self.NOW + timedelta(days=3)

    def test_they_are_set_through_the_api_and_hold_at_once(
        self, web: Asset, client: Client, tmp_path: Path
    ) -> None:
        production = environment("production")
        body = {
            "deadlines": [
                {"severity": "high", "days": 30},
                {"severity": "high", "exploited": True, "days": 3, "starts": "exploited"},
            ]
        }
        answer = send(client, "PUT", f"/environments/{production.pk}/deadlines", body)
        assert answer.status_code == 200, answer.content
        assert [one["days"] for one in answer.json()["deadlines"]] == [3, 30]
        row = get(client, f"/findings/{finding().pk}")
        assert row["deadline"]["state"] == "due"
        assert finding().due_at == finding().opened_at + timedelta(days=30)
        exploit(tmp_path)
        assert finding().due_at == finding().opened_at + timedelta(days=3)
        Finding.objects.filter(pk=finding().pk).update(due_at=timezone.now() - timedelta(hours=1))
        assert get(client, "/findings", due="overdue")["count"]["value"] == 1
        soonest = get(client, "/findings", ordering="due_at", kind="vulnerability")["results"][0]
        assert (soonest["id"], soonest["deadline"]["state"]) == (finding().pk, "overdue")
        send(client, "PUT", f"/environments/{production.pk}/deadlines", {"deadlines": []})
        assert (finding().due_at, Deadline.objects.count()) == (None, 0)

    def test_what_is_resolved_was_in_time_or_late(self, web: Asset, client: Client, tmp_path: Path) -> None:
        body = {"deadlines": [{"severity": "high", "days": 30}]}
        send(client, "PUT", f"/environments/{environment('production').pk}/deadlines", body)
        import_file(saved(tmp_path, trivy(vulnerability(1), at="2026-11-02T00:00:00Z"), "fewer.json"))
        assert get(client, f"/findings/{finding(2).pk}")["deadline"]["state"] == "met"
        Finding.objects.filter(pk=finding(3).pk).update(due_at=timezone.now() - timedelta(days=1))
        assert get(client, f"/findings/{finding(3).pk}")["deadline"]["state"] == "missed"

    def test_two_about_the_same_case_are_refused(self, client: Client) -> None:
        body = {"deadlines": [{"severity": "high", "days": 30}, {"severity": "high", "days": 7}]}
        answer = send(client, "PUT", f"/environments/{environment().pk}/deadlines", body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "deadlines"
