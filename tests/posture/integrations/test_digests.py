"""Digests: when they go out, and that they say what their owner's Today says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.collection import digests as writing
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.integrations.choices import Cause, Frequency
from posture.integrations.digests import next_time
from posture.integrations.models import Digest, Message, Webhook
from posture.integrations.webhooks import Target, new_key, seal
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment
from tests.posture.decisions.test_decisions import decide
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2027, 3, 5, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "after", "then"),
    [
        (Frequency.DAILY, FRIDAY, "2027-03-05T07:00"),
        (Frequency.DAILY, FRIDAY + timedelta(minutes=30), "2027-03-06T07:00"),
        (Frequency.WORKING_DAYS, FRIDAY, "2027-03-05T07:00"),
        (Frequency.WORKING_DAYS, FRIDAY + timedelta(hours=1), "2027-03-08T07:00"),
        (Frequency.WEEKLY, FRIDAY, "2027-03-08T07:00"),
        (Frequency.WEEKLY, datetime(2027, 3, 8, 7, 0, tzinfo=UTC), "2027-03-15T07:00"),
    ],
)
def test_when_it_is_due(frequency: str, after: datetime, then: str) -> None:
    assert next_time(frequency, 7, after).isoformat().startswith(then)


def subscribed(user: User, **fields: Any) -> Digest:
    answer = send(signed_in(user), "POST", "/digests", {"frequency": "daily", "hour": 7, **fields})
    assert answer.status_code == 201, answer.content
    return Digest.objects.get(pk=answer.json()["id"])


def hook(name: str = "chat") -> Webhook:
    sealed = seal(Target(url="https://example.org/x", key=new_key()))
    return Webhook.objects.create(name=name, sealed=sealed, origin="https://example.org")


def test_nobody_has_one_unasked(web: Asset, ada: User) -> None:
    assert writing.send_due(timezone.now() + timedelta(days=8)) == 0
    assert not Digest.objects.exists()


def test_it_goes_out_at_its_time_once_and_tells_what_is_new_since_the_last(web: Asset, ada: User) -> None:
    digest = subscribed(ada)
    assert writing.send_due(digest.next_at - timedelta(seconds=1)) == 0
    assert (writing.send_due(digest.next_at), writing.send_due(digest.next_at)) == (1, 0)
    first = Message.objects.get()
    assert (first.person, first.cause) == (ada, Cause.DIGEST)
    at = digest.next_at + timedelta(days=1)
    assert writing.send_due(at) == 1
    second = Message.objects.exclude(pk=first.pk).get()
    assert (second.data["from"], second.data["to"]) == (digest.next_at.isoformat(), at.isoformat())
    assert writing.send_due(at + timedelta(days=5)) == 1  # nothing ran meanwhile: one, not five
    digest.refresh_from_db()
    assert digest.next_at == (at + timedelta(days=6))


def test_it_says_what_today_says(web: Asset, ada: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://plimsoll.example"
    now = timezone.now()
    decide(ada)
    one, two, three = Finding.objects.on_the_worklist().filter(kind="vulnerability").order_by("pk")
    Finding.objects.filter(pk=one.pk).update(due_at=now - timedelta(days=1))
    Finding.objects.filter(pk__in=[two.pk, three.pk]).update(due_at=now + timedelta(days=1))
    message = writing.write(subscribed(ada), timezone.now())
    told, client = message.data, signed_in(ada)
    changes = get(client, "/changes", **{"from": told["from"], "to": told["to"]})
    for what in ("opened", "reopened", "resolved"):
        assert told["findings"][what]["total"] == changes[what]["total"]
        assert told["findings"][what]["rows"] == changes[what]["rows"][:5]
    assert told["overdue"] == get(client, "/findings", due="overdue")["count"]["value"] == 1
    assert told["due_within_a_week"] == get(client, "/findings", due="week")["count"]["value"] == 2
    (place,) = get(client, "/environments")["results"]
    assert told["environments"] == [
        {
            "name": place["name"],
            "load": place["load"]["load"],
            "line": place["line"],
            "coverage": place["load"]["coverage"],
            "hosts": place["hosts"],
            "hosts_above_line": place["hosts_above_line"],
        }
    ]
    actions = get(client, "/actions", limit="5")["results"]
    assert [row["title"] for row in told["actions"]] == [row["title"] for row in actions]
    assert told["nodes"]["nodes"] == get(client, "/freshness")["nodes"]
    for words in (
        "Overdue: 1. Due within a week: 2.",
        "Production: ",
        "https://plimsoll.example/today",
        "New, the",
    ):
        assert words in message.text
    assert message.subject.endswith(" new findings, 1 overdue")


def test_it_is_narrowed_to_an_environment_and_to_what_its_owner_sees(web: Asset, ada: User) -> None:
    environment("staging")
    staging = writing.write(subscribed(ada, environment="staging"), timezone.now())
    assert staging.subject == "Staging: 0 new findings, 0 overdue"
    assert staging.data["url"] == "/today?environment=staging"
    grace = person("grace", Role.VIEWER, email="grace@example.org", environments=[environment("staging")])
    hers = writing.write(subscribed(grace), timezone.now())
    assert hers.data["findings"]["opened"]["total"]["value"] == 0
    assert [place["name"] for place in hers.data["environments"]] == ["Staging"]
    assert "CVE" not in hers.text and "shop/web" not in hers.text
    answer = send(signed_in(grace), "POST", "/digests", {"environment": "production"})
    assert answer.json()["errors"][0]["field"] == "environment"


def test_who_sees_the_same_shares_the_gathering_and_nobody_else(
    web: Asset, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging, production = environment("staging"), environment("production")
    people = [person(name, Role.VIEWER, email=f"{name}@example.org") for name in ("bo", "cy", "di", "ed")]
    for one, places in zip(people, ([staging], [staging], [staging, production], [production]), strict=True):
        one.environments.set(places)
    gathered, asked = writing.gathered, []
    monkeypatch.setattr(writing, "gathered", lambda digest, at: asked.append(digest) or gathered(digest, at))
    for one in (ada, *people):
        subscribed(User.objects.get(pk=one.pk))
    assert writing.send_due(timezone.now() + timedelta(days=2)) == 5
    assert len(asked) == 4
    told = {message.person.username: message.data for message in Message.objects.all() if message.person}
    assert told["bo"] == told["cy"]
    for name, user in (("bo", people[0]), ("di", people[2]), ("ed", people[3]), ("ada", ada)):
        seen = get(signed_in(user), "/environments")["results"]
        assert {place["name"] for place in told[name]["environments"]} == {row["name"] for row in seen}


def test_what_takes_long_goes_on_with_the_next_tick(
    web: Asset, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BUSY_SECONDS", -1.0)
    subscribed(ada)
    at = timezone.now() + timedelta(days=2)
    assert writing.send_due(at) == 0
    monkeypatch.setattr(writing, "BUSY_SECONDS", 30.0)
    assert writing.send_due(at) == 1


def test_who_may_not_have_it_any_more_is_sent_nothing(web: Asset, ada: User) -> None:
    hook()
    to_hook, own = subscribed(ada, webhook="chat"), subscribed(ada, environment="production")
    ada.environments.set([environment("staging")])
    User.objects.filter(pk=ada.pk).update(role=Role.ANALYST)
    at = timezone.now() + timedelta(days=2)
    assert writing.send_due(at) == 0
    assert not Message.objects.exists()
    for digest in (to_hook, own):
        digest.refresh_from_db()
        assert digest.next_at > at
        assert (
            send(signed_in(User.objects.get(pk=ada.pk)), "POST", f"/digests/{digest.pk}/send").status_code
            == 403
        )
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert writing.send_due(at + timedelta(days=2)) == 0


def test_none_goes_to_a_webhook_that_is_off(web: Asset, ada: User) -> None:
    webhook = hook()
    digest = subscribed(ada, webhook="chat")
    Webhook.objects.filter(pk=webhook.pk).update(is_enabled=False)
    assert writing.send_due(digest.next_at) == 0
    answer = send(signed_in(ada), "POST", f"/digests/{digest.pk}/send")
    assert (answer.status_code, answer.json()["code"]) == (403, "digest_refused")
    assert not Message.objects.exists()


class TestApi:
    def test_each_has_their_own(self, web: Asset, ada: User) -> None:
        hook()
        grace = person("grace", Role.VIEWER, email="grace@example.org")
        subscribed(grace)
        digest = subscribed(ada, webhook="chat")
        rows = send(signed_in(grace), "GET", "/digests").json()["results"]
        assert [(row["owner"], row["webhook"], row["hour"]) for row in rows] == [("grace", None, 7)]
        assert len(send(signed_in(ada), "GET", "/digests").json()["results"]) == 2
        assert send(signed_in(grace), "DELETE", f"/digests/{digest.pk}").status_code == 404
        hers = rows[0]["id"]
        assert send(signed_in(ada), "PATCH", f"/digests/{hers}", {"hour": 8}).status_code == 403
        assert send(signed_in(ada), "POST", f"/digests/{hers}/send").status_code == 403
        assert send(signed_in(grace), "PATCH", f"/digests/{hers}", {"hour": 8}).json()["hour"] == 8
        assert send(signed_in(grace), "POST", f"/digests/{hers}/send").status_code == 202
        assert Message.objects.get().person == grace
        assert send(signed_in(ada), "DELETE", f"/digests/{hers}").status_code == 204
        verbs = list(Entry.objects.filter(object_kind="digest").order_by("pk").values_list("verb", flat=True))
        assert verbs == ["created", "created", "changed", "deleted"]

    def test_webhooks_are_for_who_manages_them(self, web: Asset, ada: User) -> None:
        hook()
        grace = person("grace", Role.ANALYST, email="grace@example.org")
        answer = send(signed_in(grace), "POST", "/digests", {"webhook": "chat"})
        assert (answer.status_code, answer.json()["code"]) == (403, "webhook_refused")
        own = subscribed(grace)
        answer = send(signed_in(grace), "PATCH", f"/digests/{own.pk}", {"webhook": "chat"})
        assert answer.status_code == 403
        assert Digest.objects.get(pk=own.pk).webhook is None

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"frequency": "hourly"}, "frequency"),
            ({"hour": 24}, "hour"),
            ({"hour": -1}, "hour"),
            ({"environment": "nowhere"}, "environment"),
            ({"webhook": "nothing"}, "webhook"),
            ({"frequency": "weekly"}, "environment"),  # there is one of this kind already
        ],
    )
    def test_what_is_wrong_is_named(self, ada: User, body: Any, field: str) -> None:
        subscribed(ada)
        answer = send(signed_in(ada), "POST", "/digests", body)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert Digest.objects.count() == 1


def test_a_digest_of_nothing_is_a_digest(ada: User) -> None:
    message = writing.write(subscribed(ada), timezone.now())
    assert message.subject == "0 new findings, 0 overdue"
    assert "Of 0 nodes, 0 stale and 0 failing." in message.text
