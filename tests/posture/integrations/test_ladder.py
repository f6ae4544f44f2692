"""Reminders: each rung of a finding is told once, to whom it concerns, once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from posture.accounts.choices import Role
from posture.accounts.models import Team, User
from posture.base.problems import Invalid
from posture.decisions import worklist
from posture.findings.choices import Outcome
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.integrations import actions, ladder
from posture.integrations.choices import Cause, MessageState
from posture.integrations.models import Ladder, Message, Reminder, Webhook
from posture.integrations.webhooks import Target, new_key, seal
from tests.posture.collection.pulls import environment
from tests.posture.collection.test_reports import DIGEST
from tests.posture.decisions.test_decisions import run_it
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db

MORNING = datetime(2027, 3, 1, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def findings() -> Any:
    return Finding.objects.filter(kind="vulnerability").order_by("pk")


def due(finding: Finding, moment: datetime) -> None:
    Finding.objects.filter(pk=finding.pk).update(due_at=moment)


def turned_on(by: User, **fields: Any) -> Ladder:
    return actions.set_ladder(by=by, at=MORNING - DAY, is_enabled=True, **fields)


def told() -> list[tuple[str, str]]:
    """To whom, and the subject, in the order in which they were written; then they are forgotten."""
    rows = [(str(row.person or row.webhook), row.subject) for row in Message.objects.order_by("pk")]
    Message.objects.all().delete()
    return rows


@pytest.fixture
def grace() -> User:
    return person("grace", Role.ANALYST, email="grace@example.org")


@pytest.fixture
def team(ada: User, grace: User) -> Team:
    """Grace is a member, Ada the manager."""
    team = Team.objects.create(name="Web", manager=ada)
    team.members.add(grace)
    return team


def test_it_is_off_until_somebody_turns_it_on(web: Asset, ada: User) -> None:
    worklist.change(queryset=findings(), verb="assign", details={"assignee": ada}, by=ada)
    findings().update(due_at=MORNING)
    ladder.walk(MORNING)
    assert not Message.objects.exists()
    assert not Ladder.objects.exists()


def test_owner_team_and_manager_are_told_one_after_the_other_and_once(
    web: Asset, ada: User, grace: User, team: Team
) -> None:
    turned_on(ada)
    linus = person("linus", Role.ANALYST, email="linus@example.org")
    team.members.add(linus)
    one = findings()[0]
    worklist.change(
        queryset=findings().filter(pk=one.pk),
        verb="assign",
        details={"assignee": grace, "team": team},
        by=ada,
    )
    due(one, MORNING + 10 * DAY)
    said = {}
    for day in range(30):
        ladder.walk(MORNING + day * DAY)
        if news := told():
            said[day] = news
    soon, late = "1 finding is due soon", "1 finding is overdue"
    assert said == {
        7: [("grace", soon)],
        10: [("grace", late), ("linus", late)],
        17: [("ada", late)],
    }


def test_a_message_names_what_it_is_about_and_links_to_it(
    web: Asset, ada: User, grace: User, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://plimsoll.example"
    turned_on(ada)
    worklist.change(queryset=findings(), verb="assign", details={"assignee": grace}, by=ada)
    findings().update(due_at=MORNING - DAY)
    due(findings()[0], MORNING + 2 * DAY)
    ladder.walk(MORNING)
    message = Message.objects.get()
    assert (message.cause, message.state) == (Cause.REMINDER, MessageState.SHOWN)  # there is no mail server
    assert message.subject == "3 findings are overdue, 1 finding is due soon"
    assert "Yours: 4 findings" in message.text
    assert (
        "- high: CVE-2026-1002 in libssl3 3.0.1-1 on shop/web:1.0, overdue by 1 day, of grace" in message.text
    )
    assert "https://plimsoll.example/findings?owner=me&ordering=due_at" in message.text
    (rung,) = message.data["rungs"]
    assert (rung["rung"], rung["total"], len(rung["findings"])) == ("owner", 4, 4)
    assert rung["findings"][0]["asset"] == {"kind": "image", "id": web.pk, "name": "shop/web:1.0"}


def test_what_nobody_owns_is_counted_and_what_a_team_alone_owns_is_its_members(
    web: Asset, ada: User, grace: User, team: Team
) -> None:
    turned_on(ada)
    one, two, three, _ = findings()
    worklist.change(queryset=findings().filter(pk=one.pk), verb="assign", details={"team": team}, by=ada)
    due(one, MORNING + DAY)
    due(two, MORNING + DAY)
    due(three, MORNING + 4 * DAY)
    ladder.walk(MORNING)
    assert told() == [("grace", "1 finding is due soon")]
    walked = actions.ladder()
    assert (walked.reached, walked.told, walked.untold, walked.walked_at) == (2, 1, 1, MORNING)


def test_a_rung_on_which_nobody_stands_is_counted(web: Asset, ada: User) -> None:
    """A team of nobody; and one whose member was told, but that has no manager when that rung is reached."""
    turned_on(ada)
    empty, lonely = Team.objects.create(name="Empty"), Team.objects.create(name="Lonely")
    lonely.members.add(ada)
    one, two, *_ = findings()
    for finding, team in ((one, empty), (two, lonely)):
        worklist.change(
            queryset=findings().filter(pk=finding.pk), verb="assign", details={"team": team}, by=ada
        )
        due(finding, MORNING)
    ladder.walk(MORNING)
    assert (actions.ladder().reached, actions.ladder().untold) == (2, 1)
    ladder.walk(MORNING + 7 * DAY)
    assert (actions.ladder().reached, actions.ladder().untold) == (2, 2)


def test_who_is_told_at_two_rungs_reads_of_each_finding_once(web: Asset, ada: User) -> None:
    """Ada owns it, is of the team, and manages it."""
    turned_on(ada)
    team = Team.objects.create(name="Web", manager=ada)
    team.members.add(ada)
    worklist.change(queryset=findings(), verb="assign", details={"assignee": ada, "team": team}, by=ada)
    findings().update(due_at=MORNING - 20 * DAY)
    due(findings()[0], MORNING - 2 * DAY)
    ladder.walk(MORNING)
    (message,) = Message.objects.all()
    assert [(rung["rung"], rung["total"]) for rung in message.data["rungs"]] == [("manager", 3), ("team", 1)]


def test_what_is_decided_or_resolved_is_not_told(web: Asset, ada: User) -> None:
    turned_on(ada)
    worklist.change(queryset=findings(), verb="assign", details={"assignee": ada}, by=ada)
    findings().update(due_at=MORNING)
    one, two, *_ = findings()
    terms = {"outcome": Outcome.ACCEPTED, "reason": "no_fix"}
    worklist.change(queryset=findings().filter(pk=one.pk), verb="decide", details=terms, by=ada)
    Finding.objects.filter(pk=two.pk).update(closed_at=MORNING - DAY)
    ladder.walk(MORNING)
    assert told() == [("ada", "2 findings are overdue")]


def test_nobody_is_told_of_what_they_may_not_see(web: Asset, ada: User, grace: User, team: Team) -> None:
    turned_on(ada)
    grace.environments.set([environment("staging")])
    worklist.change(queryset=findings(), verb="assign", details={"assignee": grace, "team": team}, by=ada)
    findings().update(due_at=MORNING - DAY)
    ladder.walk(MORNING)
    assert told() == []
    run_it(DIGEST, "shop/web:1.0", host="beta", slug="staging")
    findings().update(due_at=MORNING - 2 * DAY)
    ladder.walk(MORNING + DAY)
    assert told() == [("grace", "4 findings are overdue")]


def test_another_due_date_begins_anew(web: Asset, ada: User) -> None:
    turned_on(ada, team_days=None, manager_days=None)
    worklist.change(queryset=findings(), verb="assign", details={"assignee": ada}, by=ada)
    one = findings()[0]
    due(one, MORNING)
    ladder.walk(MORNING)
    assert len(told()) == 1
    due(one, MORNING + 30 * DAY)  # it came back, or the deadlines changed
    for day in range(1, 40):
        ladder.walk(MORNING + day * DAY)
    assert told() == [("ada", "1 finding is due soon")]


def test_a_rung_that_is_left_out_tells_nobody(web: Asset, ada: User, grace: User, team: Team) -> None:
    turned_on(ada, owner_days=None, team_days=None, manager_days=1)
    worklist.change(queryset=findings(), verb="assign", details={"assignee": grace, "team": team}, by=ada)
    findings().update(due_at=MORNING)
    for day in range(5):
        ladder.walk(MORNING + day * DAY)
    assert told() == [("ada", "4 findings are overdue")]


def test_it_is_walked_once_a_day_at_its_hour_and_later_where_nothing_ran(web: Asset, ada: User) -> None:
    turned_on(ada)
    worklist.change(queryset=findings(), verb="assign", details={"assignee": ada}, by=ada)
    one, two, *_ = findings()
    due(one, MORNING)
    ladder.walk(MORNING - timedelta(minutes=1))
    assert told() == []
    ladder.walk(MORNING + timedelta(hours=3))
    assert len(told()) == 1
    due(two, MORNING)
    ladder.walk(MORNING + timedelta(hours=20))
    assert told() == []
    ladder.walk(MORNING + 3 * DAY)
    assert len(told()) == 1


def test_webhooks_are_told_of_their_environment_and_of_what_nobody_owns(web: Asset, ada: User) -> None:
    def hook(name: str, **fields: Any) -> Webhook:
        sealed = seal(Target(url="https://example.org/x", key=new_key()))
        return Webhook.objects.create(
            **{
                "name": name,
                "sealed": sealed,
                "origin": "https://example.org",
                "causes": ["reminder"],
                **fields,
            }
        )

    turned_on(ada)
    hook("fleet")
    hook("production", environment=environment("production"))
    hook("staging", environment=environment("staging"))
    hook("others", causes=["suspension"])
    hook("off", is_enabled=False)
    findings().update(due_at=MORNING)
    ladder.walk(MORNING)
    message = Message.objects.get(webhook__name="fleet")
    assert (message.data["untold"], message.state) == (4, MessageState.WAITING)
    assert "4 of them were told to nobody: without an owner," in message.text
    assert [whom for whom, _ in told()] == ["fleet", "production"]


@profile(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dues=st.lists(st.integers(-20, 40), min_size=4, max_size=4),
    days=st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True).map(sorted),
    rungs=st.lists(st.one_of(st.none(), st.integers(-10, 10)), min_size=3, max_size=3),
)
def test_the_highest_rung_that_is_news_is_told_once_whenever_it_is_walked(
    web: Asset, ada: User, dues: list[int], days: list[int], rungs: list[int | None]
) -> None:
    """Against each finding looked at by itself, day after day."""
    given_rungs = [rung for rung in rungs if rung is not None]
    names = ("owner_days", "team_days", "manager_days")
    ordered = iter(sorted(given_rungs))
    values = {name: None if rung is None else next(ordered) for name, rung in zip(names, rungs, strict=True)}
    Ladder.objects.all().delete()
    Reminder.objects.all().delete()
    Message.objects.all().delete()
    if not given_rungs:
        with pytest.raises(Invalid, match="at least one rung"):
            turned_on(ada, **values)
        return
    turned_on(ada, **values)
    for finding, number in zip(findings(), dues, strict=True):
        due(finding, MORNING + number * DAY)
    sealed = seal(Target(url="https://example.org/x", key=new_key()))
    Webhook.objects.get_or_create(
        name="all", defaults={"sealed": sealed, "origin": "https://example.org", "causes": ["reminder"]}
    )
    said: dict[tuple[int, str], int] = {}
    for day in days:
        ladder.walk(MORNING + day * DAY)
        for message in Message.objects.all():
            for rung in message.data["rungs"]:
                for row in rung["findings"]:
                    assert (row["id"], rung["rung"]) not in said
                    said[row["id"], rung["rung"]] = day
        Message.objects.all().delete()
    expected = {}
    numbers = dict(enumerate(values.values(), 1))
    names_of = dict(enumerate(("owner", "team", "manager"), 1))
    for finding, number in zip(findings(), dues, strict=True):
        highest = 0
        for day in days:
            level = max(
                (r for r, offset in numbers.items() if offset is not None and number + offset <= day),
                default=0,
            )
            if level > highest:
                expected[finding.pk, names_of[level]] = day
                highest = level
    assert said == expected


class TestApi:
    def test_everybody_reads_it_and_who_manages_it_sets_it(self, ada: User, grace: User) -> None:
        assert send(signed_in(grace), "GET", "/reminders").json() == {
            "is_enabled": False,
            "hour": 7,
            "owner_days": -3,
            "team_days": 0,
            "manager_days": 7,
            "walked_at": None,
            "next_at": None,
            "reached": 0,
            "told": 0,
            "untold": 0,
        }
        assert send(signed_in(grace), "PUT", "/reminders", {"is_enabled": True}).status_code == 403
        answer = send(signed_in(ada), "PUT", "/reminders", {"is_enabled": True, "hour": 6, "team_days": None})
        assert answer.status_code == 200
        assert answer.json()["next_at"].endswith("T06:00:00Z")
        entry = Entry.objects.get(object_kind="reminders")
        assert (entry.actor_name, entry.changes["team_days"]) == ("ada", [0, None])

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"owner_days": 1, "team_days": 0}, "team_days"),
            ({"owner_days": 8}, "team_days"),
            ({"team_days": None, "manager_days": -4}, "manager_days"),
            ({"hour": 24}, "hour"),
            ({"owner_days": 366}, "owner_days"),
            (
                {"is_enabled": True, "owner_days": None, "team_days": None, "manager_days": None},
                "owner_days",
            ),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_changes(self, ada: User, body: Any, field: str) -> None:
        answer = send(signed_in(ada), "PUT", "/reminders", body)
        assert answer.status_code == 400
        assert field in [error["field"] for error in answer.json()["errors"]]
        assert not Ladder.objects.exists()
