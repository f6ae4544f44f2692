"""`as_of`: lists and items as they were at a past moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from posture.collection.reports import import_file
from posture.decisions import actions as decisions
from posture.findings import past_tallies, tallies
from posture.findings.models import CountedMoment
from posture.fleet.models import Asset
from posture.vulnerabilities.models import Vulnerability
from scanners.records import ContainerFacts
from tests.posture.api.fleet import DIGESTS, Fleet, containers, images, launch
from tests.posture.api.resources import PAST, RESOURCES, get, walk
from tests.posture.collection.pulls import pulled, write
from tests.posture.collection.test_reports import saved, trivy, vulnerability

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def moments(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[datetime, datetime, Fleet]]:
    """(before anything, before alpha changed, the fleet): alpha's first container is now unprivileged, its last gone."""
    with django_db_blocker.unblock():
        before = timezone.now()
        fleet = launch()
        for number in range(5):  # about nothing that is there
            decisions.make(
                by=None,
                outcome="accepted",
                reason="low_impact",
                finding_kind="secret",
                finding_key=f"key-{number}",
                expires_at=timezone.now() + timedelta(days=number + 1) if number % 2 else None,
            )
        middle = timezone.now()
        left = [mended(container) for container in containers("alpha", 4)[:-1]]
        write(
            fleet.alpha,
            pulled(left, images("web", "db"), engine_id="engine-alpha", name="alpha", swarm_state="inactive"),
        )
        connection.close()
    yield before, middle, fleet
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


def mended(container: ContainerFacts) -> ContainerFacts:
    return msgspec.structs.replace(container, privileged=False)


def written(moment: datetime) -> str:
    return moment.isoformat()


@pytest.mark.parametrize("name", [name for name in PAST if name not in ("environments", "checks")])
def test_before_the_first_pull_there_was_nothing(
    name: str, moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    page = get(admin, f"/{name}", as_of=written(moments[0]))
    assert (page["results"], page["count"]["value"]) == ([], 0)


def test_before_the_first_pull_environments_were_empty(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    rows = get(admin, "/environments", as_of=written(moments[0]))["results"]
    assert rows
    for row in rows:
        assert (row["load"]["measured"], row["hosts"], row["containers"]) == (False, 0, 0)
        assert set(row["open_findings"].values()) == {0}


def test_before_the_first_pull_checks_had_judged_nothing(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    rows = walk(admin, "/checks", as_of=written(moments[0]))
    assert rows and all(set(row["counts"].values()) == {0} for row in rows)
    check = "docker.container.not-privileged"
    then, now = get(admin, f"/checks/{check}", as_of=written(moments[1])), get(admin, f"/checks/{check}")
    assert then["failing"] > now["failing"] > 0


@pytest.mark.parametrize(("name", "ordering"), [(n, o) for n in PAST for o in RESOURCES[n].orderings])
def test_small_pages_give_the_whole_past_once(
    name: str, ordering: str, moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    at = written(moments[1])
    whole = [row["id"] for row in walk(admin, f"/{name}", as_of=at, ordering=ordering, limit=200)]
    assert whole
    limit = max(2, len(whole) // 8)
    assert [row["id"] for row in walk(admin, f"/{name}", as_of=at, ordering=ordering, limit=limit)] == whole


def test_a_container_is_shown_as_it_was(moments: tuple[datetime, datetime, Fleet], admin: Client) -> None:
    pk = Asset.objects.get(name="alpha-app-000").pk
    then = get(admin, f"/containers/{pk}", as_of=written(moments[1]))
    now = get(admin, f"/containers/{pk}")
    assert (then["privileged"], now["privileged"]) == (True, False)
    assert then["load"]["load"] > now["load"]["load"] > 0
    assert sum(then["severity_counts"].values()) > sum(now["severity_counts"].values())


def test_what_is_gone_was_there(moments: tuple[datetime, datetime, Fleet], admin: Client) -> None:
    names = {row["name"] for row in walk(admin, "/containers")}
    then = {row["name"] for row in walk(admin, "/containers", as_of=written(moments[1]))}
    gone = walk(admin, "/containers", gone="true")
    assert then - names == {"alpha-app-003"}
    assert [row["name"] for row in gone] == ["alpha-app-003"]
    assert gone[0]["gone_at"] is not None
    assert get(admin, f"/containers/{gone[0]['id']}")["name"] == "alpha-app-003"


def test_findings_were_open_then_and_are_resolved_now(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    asked = {"check": "docker.container.not-privileged", "asset": Asset.objects.get(name="alpha-app-000").pk}
    assert walk(admin, "/findings", **asked) == []
    then = walk(admin, "/findings", **asked, as_of=written(moments[1]))
    assert [(row["state"], row["closed_at"]) for row in then] == [("open", None)]
    resolved = walk(admin, "/findings", **asked, state="resolved")
    assert [row["state"] for row in resolved] == ["resolved"]
    assert walk(admin, "/findings", **asked, state="resolved", as_of=written(moments[1])) == []
    assert len(walk(admin, "/findings", **asked, state="open,resolved")) == 1


def test_check_results_are_those_of_the_moment(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    asked = {"check": "docker.container.not-privileged", "asset": Asset.objects.get(name="alpha-app-000").pk}
    outcomes = [
        [row["outcome"] for row in walk(admin, "/check-results", **asked, **past)]
        for past in ({}, {"as_of": written(moments[1])})
    ]
    assert outcomes == [["pass"], ["fail"]]


def test_the_counts_of_a_host_are_its_members_too(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    pk = Asset.objects.get(name="beta").pk
    now = get(admin, f"/hosts/{pk}")
    then = get(admin, f"/hosts/{pk}", as_of=written(moments[1]))
    assert then["severity_counts"] == now["severity_counts"], "nothing changed on beta"
    assert then["load"] == now["load"]
    assert (then["containers_total"], then["images_total"]) == (now["containers_total"], now["images_total"])


@pytest.mark.parametrize("environment", [None, "production", "staging", "production,staging"])
def test_vulnerabilities_are_counted_as_the_findings_of_then(
    environment: str | None, moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    """Then nothing was decided; now one of them is hidden everywhere."""
    narrowed = {"environment": environment} if environment else {}
    row = get(admin, "/vulnerabilities", search="CVE-2026-1002")["results"][0]
    decided = Vulnerability.objects.get(pk=row["id"])
    decisions.make(by=None, outcome="false_positive", reason="test_data", vulnerability=decided)
    tallies.fold()
    assert "CVE-2026-1002" not in {one["key"] for one in walk(admin, "/vulnerabilities", **narrowed)}
    at = written(moments[1])
    rows = {one["key"]: one for one in walk(admin, "/vulnerabilities", as_of=at, limit=200, **narrowed)}
    findings = walk(admin, "/findings", kind="vulnerability", as_of=at, limit=200, **narrowed)
    assert set(rows) == {one["vulnerability"]["key"] for one in findings} and "CVE-2026-1002" in rows
    for key, told in rows.items():
        of = [one for one in findings if one["vulnerability"]["key"] == key]
        assert (told["findings"], told["images"]) == (len(of), len({one["asset"]["id"] for one in of}))
        assert {name: n for name, n in told["severity_counts"].items() if n} == {
            name: sum(one["severity"] == name for one in of) for name in {one["severity"] for one in of}
        }
    item = get(admin, f"/vulnerabilities/{row['id']}", as_of=at)
    assert {package["name"] for package in item["packages"]} == {"libtool0", "libweb2"}
    assert get(admin, f"/vulnerabilities/{row['id']}")["packages"] == []
    facets = {
        f["name"]: f["values"] for f in get(admin, "/vulnerabilities/facets", as_of=at, **narrowed)["facets"]
    }
    for value in facets["severity"]:
        counted = get(admin, "/vulnerabilities", as_of=at, severity=value["value"], **narrowed)["count"]
        assert counted == value["count"]


def test_what_was_not_known_to_be_exploited_then_is_not_shown_as_such(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    at = written(moments[1])
    tomorrow = (moments[1] + timedelta(days=1)).date()
    Vulnerability.objects.filter(key="CVE-2026-1002").update(exploited_since=tomorrow)
    assert {row["key"] for row in walk(admin, "/vulnerabilities", exploited="true")} == {
        "CVE-2026-1001",
        "CVE-2026-1002",
    }
    rows = walk(admin, "/vulnerabilities", as_of=at, ordering="-exploited_since")
    assert [row["key"] for row in rows if row["exploited_since"]] == ["CVE-2026-1001"] == [rows[0]["key"]]
    assert {row["key"] for row in walk(admin, "/vulnerabilities", as_of=at, exploited="true")} == {
        "CVE-2026-1001"
    }


def test_a_moment_is_counted_once_and_anew_when_it_had_just_passed(
    moments: tuple[datetime, datetime, Fleet], admin: Client
) -> None:
    first = past_tallies.counted(moments[1])
    assert past_tallies.counted(moments[1]) == first
    CountedMoment.objects.filter(pk=first.pk).update(counted_at=first.counted_at - timedelta(minutes=2))
    again = past_tallies.counted(moments[1])
    assert again.pk != first.pk
    CountedMoment.objects.filter(pk=again.pk).update(at=moments[1] - timedelta(days=3))
    assert past_tallies.counted(moments[1] - timedelta(days=3)).pk == again.pk
    CountedMoment.objects.filter(pk=again.pk).update(counted_at=again.counted_at - timedelta(days=2))
    past_tallies.counted(moments[1])
    assert not CountedMoment.objects.filter(pk=again.pk).exists()


def test_packages_are_those_that_images_held_then(
    moments: tuple[datetime, datetime, Fleet], admin: Client, tmp_path: Any
) -> None:
    """A later report says that another version is in web instead."""
    at = written(timezone.now())
    about = trivy()["Metadata"] | {"ImageID": DIGESTS["web"], "RepoTags": ["shop/web:1.0"]}
    import_file(
        saved(tmp_path, trivy(vulnerability(700, "libnew"), at="2026-11-20T00:00:00Z", Metadata=about))
    )
    then = {row["name"]: row for row in walk(admin, "/packages", as_of=at)}
    now = {row["name"]: row for row in walk(admin, "/packages")}
    assert set(now) - set(then) == {"libnew"}
    assert now["libweb1"]["findings"]["value"] == 0 and now["libweb1"]["severity"] is None
    assert then["libweb1"]["findings"]["value"] == 1 and then["libweb1"]["severity"] == "high"
    item = get(admin, f"/packages/{then['libweb1']['id']}", as_of=at)
    assert [one["vulnerability"]["key"] for one in item["vulnerabilities"]] == ["CVE-2026-1001"]
    assert get(admin, f"/packages/{then['libweb1']['id']}")["vulnerabilities"] == []
    open_then = walk(admin, "/packages", as_of=at, has_findings="true")
    assert "libweb1" in {row["name"] for row in open_then}


@pytest.mark.parametrize("name", PAST)
def test_the_future_is_refused(name: str, admin: Client) -> None:
    response = admin.get(f"/api/v1/{name}", {"as_of": written(timezone.now() + timedelta(hours=1))})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "as_of"


def test_lists_without_a_past_say_so(admin: Client) -> None:
    response = admin.get("/api/v1/nodes", {"as_of": "2026-01-01T00:00:00Z"})
    assert response.status_code == 400


def test_the_past_cannot_be_changed(moments: tuple[datetime, datetime, Fleet], admin: Client) -> None:
    for path in ("/decisions", "/decisions/preview", "/environments"):
        answer = admin.post(f"/api/v1{path}?as_of=2020-01-01T00:00:00Z", {}, content_type="application/json")
        assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, ["as_of"]), (
            path
        )
