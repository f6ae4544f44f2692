"""Moving, weighing again, forgetting and going stale: what reaches past one app."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from posture.base.problems import Conflict
from posture.collection import actions, freshness
from posture.compliance.models import CheckResult, Tally
from posture.findings.models import Finding
from posture.fleet.choices import PullState, PullTrigger
from posture.fleet.models import Asset, ContainerState, Environment, HostState, Node, Pull
from posture.history.models import Entry
from posture.images.models import Presence
from posture.risk import formula, ledger
from posture.risk.models import Load
from scanners.checks.examples import container, image
from scanners.records import AssetKind
from tests.posture.collection.pulls import environment, node, pulled, write

pytestmark = pytest.mark.django_db

BASE = image(id="sha256:" + "a" * 64, references=("app:1.0",), in_use_references=("app:1.0",))
WEB = container(id="c" * 64, name="web", image_id=BASE.id, privileged=True, user="")


def pulled_node() -> Node:
    alpha = node()
    write(alpha, pulled([WEB], [BASE]))
    Node.objects.filter(pk=alpha.pk).update(last_success_at=timezone.now())
    alpha.refresh_from_db()
    return alpha


def tallies() -> dict[int | None, int]:
    totals: dict[int | None, int] = {}
    for environment_id, assets in Tally.objects.values_list("environment_id", "assets"):
        totals[environment_id] = totals.get(environment_id, 0) + assets
    return {key: value for key, value in totals.items() if value}


def assert_loads_equal_a_recount() -> None:
    for asset in Asset.objects.present():
        points = ledger.findings_behind(asset).values_list("points", flat=True)
        assert asset.load == pytest.approx(formula.load(sum(map(formula.energy, points))), abs=1e-9)


def test_a_node_that_moves_takes_its_host_containers_findings_and_tallies_along() -> None:
    alpha = pulled_node()
    cards = Environment.objects.create(slug="cards", name="Cards", data_classes=["cardholder"])
    before = tallies()
    web = Finding.objects.filter(asset__name="web").earliest("points")
    alpha.environment = cards
    alpha.save(update_fields=["environment"])
    actions.move_node(node=alpha, environment=cards)
    after = tallies()
    assert (
        after[cards.pk] == sum(v for k, v in before.items() if k is not None) and after[None] == before[None]
    )
    assert not Asset.objects.filter(environment__slug="production").exists()
    moved = Finding.objects.get(pk=web.pk)
    assert moved.environment == cards and moved.points == pytest.approx(min(web.points * 1.1, 100))
    assert_loads_equal_a_recount()


def test_data_classes_weigh_at_once_and_a_pull_afterwards_changes_nothing_more() -> None:
    alpha = pulled_node()
    production = environment()
    production.data_classes = ["personal"]
    production.save()
    assert actions.reweigh_environment(environment=production) > 0
    assert_loads_equal_a_recount()
    points = dict(Finding.objects.values_list("pk", "points"))
    alpha.refresh_from_db()
    write(Node.objects.select_related("environment").get(pk=alpha.pk), pulled([WEB], [BASE]))
    assert dict(Finding.objects.values_list("pk", "points")) == points


def test_forgetting_a_node_ends_the_present_and_keeps_the_past() -> None:
    alpha = pulled_node()
    then = timezone.now()
    actions.delete_node(node=alpha, by=None)
    assert not Asset.objects.present().exists()
    for model in (HostState, ContainerState, CheckResult, Presence, Load):
        assert not model.objects.current().exists(), model
    assert not Finding.objects.open().exists() and tallies() == {}
    assert HostState.objects.as_of(then).count() == 1 and Finding.objects.open(then).exists()
    assert Entry.objects.filter(object_kind="node", verb="deleted").exists()


def test_forgetting_one_of_two_addresses_of_a_host_keeps_the_host() -> None:
    pulled_node()
    second = node("alpha-by-tcp")
    write(second, pulled([WEB], [BASE]))
    actions.delete_node(node=second, by=None)
    assert Asset.objects.present().filter(kind=AssetKind.HOST).count() == 1


def test_stale_evidence_no_longer_counts_towards_coverage_until_the_next_pull() -> None:
    alpha = pulled_node()
    host = Asset.objects.get(kind=AssetKind.HOST)
    assert freshness.expire() == 0
    Node.objects.filter(pk=alpha.pk).update(last_success_at=timezone.now() - timedelta(days=1))
    assert freshness.expire() == 1 and freshness.expire() == 0
    stale = Asset.objects.get(pk=host.pk)
    assert stale.coverage < host.coverage and stale.band is not None and host.band is not None
    assert stale.band > host.band and stale.load == host.load
    assert Asset.objects.get(name="web").coverage == 0
    alpha.refresh_from_db()
    write(alpha, pulled([WEB], [BASE]))
    again = Asset.objects.get(pk=host.pk)
    assert (again.coverage, again.band) == (host.coverage, host.band)


def test_a_queued_pull_is_cancelled_at_once_and_an_ended_one_cannot_be() -> None:
    alpha = node()
    pull = Pull.objects.create(node=alpha, trigger=PullTrigger.PERSON)
    assert actions.cancel_pull(pull=pull, by=None).state == PullState.CANCELLED
    with pytest.raises(Conflict):
        actions.cancel_pull(pull=pull, by=None)


def test_an_active_pull_cannot_be_retried() -> None:
    pull = Pull.objects.create(node=node(), trigger=PullTrigger.PERSON)
    with pytest.raises(Conflict):
        actions.retry_pull(pull=pull, by=None)
