"""What a pull leaves in the tables: right findings, nothing twice, nothing when nothing changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from posture.compliance.choices import NUMBER
from posture.compliance.models import CheckResult, Tally
from posture.findings.models import Finding, OpenInterval
from posture.fleet.models import Asset, ContainerState, HostState
from posture.images.models import Image, Presence
from posture.risk import formula, ledger, loads
from posture.risk.models import Load
from scanners.checks.examples import container, image
from scanners.records import AssetKind, Outcome
from tests.posture.collection.pulls import environment, node, pulled, write

pytestmark = pytest.mark.django_db

WEB = container(id="c" * 64, name="web", image_id="sha256:" + "a" * 64, privileged=True, user="")
DB = container(id="d" * 64, name="db", image_id="sha256:" + "a" * 64)
BASE = image(id="sha256:" + "a" * 64, references=("app:1.0",), in_use_references=("app:1.0",))


def rows_written() -> int:
    """Rows inserted, updated and deleted by this transaction so far, in all tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
        )
        return int(cursor.fetchone()[0])


def open_checks(name: str) -> set[str]:
    return set(Finding.objects.open().filter(asset__name=name).values_list("key", flat=True))


def test_records_become_hosts_containers_images_results_findings_and_loads() -> None:
    write(node(), pulled([WEB, DB], [BASE]))
    assert HostState.objects.current().count() == 1
    assert ContainerState.objects.current().count() == 2
    assert Image.objects.count() == 1
    assert Presence.objects.current().get().references == ["app:1.0"]
    assert "docker.container.not-privileged" in open_checks("web")
    assert "docker.container.not-privileged" not in open_checks("db")
    host = Asset.objects.get(kind=AssetKind.HOST)
    web = Asset.objects.get(name="web")
    assert host.load is not None and web.load is not None and host.load >= web.load > 0
    assert 0 < host.coverage < 1 and host.band is not None and host.band > host.load


def test_an_unchanged_pull_writes_no_row_at_all() -> None:
    alpha = node()
    write(alpha, pulled([WEB, DB], [BASE]))
    before = rows_written()
    write(alpha, pulled([WEB, DB], [BASE]))
    assert rows_written() == before


def test_mending_one_thing_resolves_exactly_its_findings_and_breaking_it_again_reopens_them() -> None:
    alpha = node()
    write(alpha, pulled([WEB, DB], [BASE]))
    before = open_checks("web")
    mended = container(id=WEB.id, name="web", image_id=WEB.image_id, privileged=False, user="")
    write(alpha, pulled([mended, DB], [BASE]))
    after = open_checks("web")
    assert after < before and "docker.container.not-privileged" in before - after
    write(alpha, pulled([WEB, DB], [BASE]))
    assert open_checks("web") == before
    again = Finding.objects.get(asset__name="web", key="docker.container.not-privileged")
    assert again.times_opened == 2 and again.intervals.count() == 2
    assert Finding.objects.filter(asset__name="web").count() == len(before)


def test_as_of_shows_the_past_of_containers_results_and_findings() -> None:
    alpha = node()
    write(alpha, pulled([WEB], [BASE]))
    then = timezone.now()
    mended = container(id=WEB.id, name="web", image_id=WEB.image_id, privileged=False, user="1000")
    write(alpha, pulled([mended], [BASE]))
    assert ContainerState.objects.as_of(then).get().privileged is True
    assert ContainerState.objects.as_of(None).get().privileged is False
    key = "docker.container.not-privileged"
    past = CheckResult.objects.as_of(then).get(asset__name="web", check_definition__slug=key)
    now = CheckResult.objects.as_of(None).get(asset__name="web", check_definition__slug=key)
    assert (past.outcome, now.outcome) == (NUMBER[Outcome.FAIL], NUMBER[Outcome.PASS])
    assert Finding.objects.open(then).filter(key=key).exists()
    assert Finding.objects.resolved(None).filter(key=key).exists()
    assert not Finding.objects.open(then - timedelta(days=1)).exists()


def test_a_container_that_is_gone_leaves_no_open_finding_and_no_present_result() -> None:
    alpha = node()
    write(alpha, pulled([WEB, DB], [BASE]))
    write(alpha, pulled([DB], [BASE]))
    web = Asset.objects.get(name="web")
    assert web.gone_at is not None and web.load is None
    assert not Finding.objects.open().filter(asset=web).exists()
    assert not OpenInterval.objects.filter(finding__asset=web, closed_at__isnull=True).exists()
    assert not CheckResult.objects.current().filter(asset=web).exists()
    assert not Load.objects.current().filter(asset=web).exists()


def test_a_container_that_was_listed_but_could_not_be_read_stays_as_it_was() -> None:
    alpha = node()
    write(alpha, pulled([WEB, DB], [BASE]))
    before = open_checks("web")
    write(alpha, pulled([DB], [BASE], also_listed=[WEB.id]))
    assert open_checks("web") == before and Asset.objects.get(name="web").gone_at is None


def test_a_list_that_could_not_be_read_makes_nobody_disappear() -> None:
    alpha = node()
    write(alpha, pulled([WEB, DB], [BASE]))
    write(alpha, pulled([], [BASE], is_listed=False))
    assert ContainerState.objects.current().count() == 2


def test_a_container_that_returns_keeps_its_identity() -> None:
    alpha = node()
    write(alpha, pulled([WEB], [BASE]))
    write(alpha, pulled([], [BASE]))
    write(alpha, pulled([WEB], [BASE]))
    assert Asset.objects.filter(kind=AssetKind.CONTAINER).count() == 1
    web = Asset.objects.get(name="web")
    assert web.gone_at is None and web.load is not None
    assert Finding.objects.open().filter(asset=web).exists()


def test_an_image_is_one_row_for_the_fleet_and_judged_by_all_its_names() -> None:
    write(node("alpha"), pulled([], [BASE]))
    other = image(id=BASE.id, references=("app:latest",), in_use_references=("app:latest",))
    write(node("beta"), pulled([], [other], engine_id="engine-2", name="beta"))
    assert Image.objects.count() == 1 and Presence.objects.current().count() == 2


def test_an_image_that_no_host_holds_any_more_is_gone() -> None:
    alpha, beta = node("alpha"), node("beta")
    write(alpha, pulled([], [BASE]))
    write(beta, pulled([], [BASE], engine_id="engine-2", name="beta"))
    write(alpha, pulled([], []))
    assert Asset.objects.get(kind=AssetKind.IMAGE).gone_at is None
    write(beta, pulled([], [], engine_id="engine-2", name="beta"))
    assert Asset.objects.get(kind=AssetKind.IMAGE).gone_at is not None


def test_machines_cloned_with_one_engine_identity_stay_two_hosts() -> None:
    write(node("alpha"), pulled([WEB], [BASE]))
    beta = node("beta")
    write(beta, pulled([WEB], [BASE], name="beta"))
    write(beta, pulled([WEB], [BASE], name="beta"))
    assert sorted(Asset.objects.filter(kind=AssetKind.HOST).values_list("name", flat=True)) == [
        "alpha",
        "beta",
    ]
    assert ContainerState.objects.current().count() == 2


def test_two_addresses_of_one_engine_are_one_host() -> None:
    write(node("alpha"), pulled([WEB], [BASE]))
    write(node("alpha-by-tcp"), pulled([WEB], [BASE]))
    assert Asset.objects.filter(kind=AssetKind.HOST).count() == 1
    assert ContainerState.objects.current().count() == 1


def test_loads_equal_a_recount_of_the_ledger() -> None:
    alpha = node(in_=environment("cards", data_classes=["cardholder"]))
    write(alpha, pulled([WEB, DB], [BASE]))
    write(alpha, pulled([DB], [BASE]))
    write(alpha, pulled([WEB, DB], [BASE]))
    for asset in Asset.objects.present():
        energies = [formula.energy(p) for p in ledger.findings_behind(asset).values_list("points", flat=True)]
        assert asset.load == pytest.approx(formula.load(sum(energies)), abs=1e-9)
        opened = ledger.of_asset(asset)
        assert sum(line["share"] for line in opened["lines"]) + opened["rest"] == pytest.approx(
            asset.load, abs=1e-9
        )
    assert loads.recompute(Asset.objects.present().values_list("pk", flat=True), timezone.now()) == []


def test_tallies_equal_a_recount_of_the_results() -> None:
    alpha = node()
    for containers in ([WEB, DB], [DB], [WEB, DB], [WEB]):
        write(alpha, pulled(containers, [BASE]))
    counted: dict[tuple[int, int | None, int], int] = {}
    for row in CheckResult.objects.current().values_list(
        "check_definition_id", "asset__environment_id", "outcome"
    ):
        counted[row] = counted.get(row, 0) + 1
    stored = {
        (t.check_definition_id, t.environment_id, t.outcome): t.assets
        for t in Tally.objects.exclude(assets=0)
    }
    assert stored == counted


def test_a_changed_image_weighs_on_every_host_that_runs_it() -> None:
    alpha, beta = node("alpha"), node("beta")
    write(alpha, pulled([DB], [BASE]))
    write(beta, pulled([DB], [BASE], engine_id="engine-2", name="beta"))
    before = Asset.objects.get(kind=AssetKind.HOST, name="alpha").load
    # The image gets a name that fails a check; only beta was pulled, alpha runs it too.
    worse = image(id=BASE.id, references=("app:latest",), in_use_references=("app:latest",), user="")
    write(beta, pulled([DB], [worse], engine_id="engine-2", name="beta"))
    after = Asset.objects.get(kind=AssetKind.HOST, name="alpha").load
    assert before is not None and after is not None and after > before
