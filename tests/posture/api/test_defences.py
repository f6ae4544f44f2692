"""The kernel defence matrix through the API: rows, cells, groups, differences, and the evidence behind them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.defences.models import Defence
from posture.fleet.models import Asset, Node
from scanners.defences.mechanisms import CONTAINER, HOST
from scanners.defences.mitigation import RULES
from tests.posture.api.fleet import Fleet, containers
from tests.posture.api.resources import get
from tests.posture.collection.probes import confined, document, probe_pulled
from tests.posture.collection.pulls import write
from tests.posture.people import person, program

pytestmark = pytest.mark.django_db


def of_host(fleet: Fleet, name: str) -> Asset:
    return Asset.objects.get(kind="host", name=name)


def probe_again(name: str, **changes: Any) -> None:
    """Another pull of a host's probe, that finds this changed."""
    said = document(
        *[
            confined(made.id, manager="docker", process__seccomp="filter" if number == 0 else "disabled")
            for number, made in enumerate(containers(name, {"beta": 3, "gamma": 2}[name])[:-1])
        ],
        docker={"engine_id": f"engine-{name}"},
        host__name=name,
        host__id=f"machine-{name}",
        **changes,
    )
    write(Node.objects.get(name=f"{name}-host"), probe_pulled(said))


def test_a_row_has_a_cell_for_every_mechanism(fleet: Fleet, admin: Client) -> None:
    rows = get(admin, "/host-defences", ordering="name")["results"]
    assert [row["name"] for row in rows] == ["beta", "gamma"]
    assert set(rows[0]["defences"]) == {mechanism.id for mechanism in HOST}
    cell = rows[0]["defences"]["lockdown"]
    assert cell["state"] == "enforcing"
    item = get(admin, f"/defences/{cell['id']}")
    assert (item["mechanism"], item["state"], item["asset"]["name"]) == ("lockdown", "enforcing", "beta")
    assert item["evidence"] == ["lockdown is integrity"] and item["why"] and item["remediation"]
    assert item["check"] == "kernel.lockdown" and item["since"] == cell["since"]
    confined_rows = get(admin, "/container-defences", host=of_host(fleet, "beta").pk)["results"]
    assert len(confined_rows) == 2 and set(confined_rows[0]["defences"]) == {m.id for m in CONTAINER}


def test_rows_are_found_by_the_states_in_them(fleet: Fleet, admin: Client) -> None:
    probe_again("gamma", kernel__lockdown="none")
    assert [row["name"] for row in get(admin, "/host-defences", absent="lockdown")["results"]] == ["gamma"]
    assert [row["name"] for row in get(admin, "/host-defences", enforcing="lockdown")["results"]] == ["beta"]
    unfiltered = get(admin, "/container-defences", absent="seccomp-filter")["results"]
    assert unfiltered and all(row["defences"]["seccomp-filter"]["state"] == "absent" for row in unfiltered)
    facets = {facet["name"]: facet for facet in get(admin, "/host-defences/facets")["facets"]}
    absent = {value["value"]: value["count"]["value"] for value in facets["absent"]["values"]}
    assert absent["lockdown"] == 1


def test_the_past_shows_the_matrix_as_it_was(fleet: Fleet, admin: Client) -> None:
    then = timezone.now().isoformat()
    probe_again("gamma", kernel__lockdown="none", kernel__release="6.99.0")
    now = {row["name"]: row for row in get(admin, "/host-defences")["results"]}
    before = {row["name"]: row for row in get(admin, "/host-defences", as_of=then)["results"]}
    assert now["gamma"]["defences"]["lockdown"]["state"] == "absent"
    assert before["gamma"]["defences"]["lockdown"]["state"] == "enforcing"
    assert now["gamma"]["kernel_release"] == "6.99.0" != before["gamma"]["kernel_release"]
    groups = get(admin, "/host-defences/groups", as_of=then)
    lockdown = next(m for m in groups[0]["mechanisms"] if m["mechanism"] == "lockdown")
    assert lockdown["states"]["enforcing"] == 2 and lockdown["states"]["absent"] == 0
    # A link to a cell outlives the cell.
    assert get(admin, f"/defences/{before['gamma']['defences']['lockdown']['id']}")["state"] == "enforcing"


def test_groups_count_every_asset_once_for_each_mechanism(fleet: Fleet, admin: Client) -> None:
    probe_again("gamma", kernel__lockdown="none")
    by_environment = get(admin, "/host-defences/groups", by="environment")
    assert {group["label"]: group["assets"] for group in by_environment} == {"Production": 1, "Staging": 1}
    for group in by_environment:
        for mechanism in group["mechanisms"]:
            assert sum(mechanism["states"].values()) == group["assets"]
        # What a group is called in the answer is what the filter takes.
        rows = get(admin, "/host-defences", environment=group["group"])["results"]
        assert len(rows) == group["assets"]
    (everything,) = get(admin, "/container-defences/groups")
    assert everything["assets"] == get(admin, "/container-defences")["count"]["value"]
    assert admin.get("/api/v1/host-defences/groups?by=mood").status_code == 400


def test_where_hosts_differ_is_told_apart_from_what_was_not_measured(fleet: Fleet, admin: Client) -> None:
    alike = get(admin, "/host-defences/divergence")
    assert [host["name"] for host in alike["hosts"]] == ["beta", "gamma"] and alike["differences"] == []
    probe_again(
        "gamma",
        kernel__lockdown="none",
        kernel__tainted=None,
        security_modules__order=None,
        not_measured={"/security_modules/order": "/sys/kernel/security is not mounted"},
    )
    told = {one["pointer"]: one for one in get(admin, "/host-defences/divergence")["differences"]}
    lockdown = told["/kernel/lockdown"]
    assert lockdown["is_different"]
    values = {each["value"]: [host["name"] for host in each["hosts"]] for each in lockdown["values"]}
    assert values == {"integrity": ["beta"], "none": ["gamma"]}
    order = told["/security_modules/order"]
    assert not order["is_different"]
    assert order["not_measured"][0]["value"] == "/sys/kernel/security is not mounted"
    assert [host["name"] for host in order["not_measured"][0]["hosts"]] == ["gamma"]
    one = get(admin, "/host-defences/divergence", environment="staging")
    assert one["hosts_total"] == 1 and not any(each["is_different"] for each in one["differences"])
    assert admin.get("/api/v1/host-defences/divergence?mood=1").status_code == 400


def test_the_export_has_a_column_for_every_mechanism(fleet: Fleet, admin: Client) -> None:
    answer = admin.get("/api/v1/host-defences/export?ordering=name")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["name"] for row in rows] == ["beta", "gamma"]
    assert {f"defences.{mechanism.id}.state" for mechanism in HOST} <= rows[0].keys()
    assert rows[0]["defences.lockdown.state"] == "enforcing"


def test_what_the_probe_said_is_readable_part_by_part(fleet: Fleet, admin: Client) -> None:
    then = timezone.now().isoformat()
    probe_again(
        "beta",
        is_root=False,
        packages={"manager": "dpkg", "installed": [["bash", "5.2", "amd64", ""]]},
        not_measured={"/audit/rules": "needs root"},
    )
    beta = of_host(fleet, "beta")
    said = get(admin, f"/hosts/{beta.pk}/probe")
    assert (said["is_root"], said["packages"]) == (False, {"manager": "dpkg", "count": 1})
    assert said["not_measured"] == [{"pointer": "/audit/rules", "reason": "needs root"}]
    assert "containers" not in said["document"] and said["document"]["kernel"]["lockdown"] == "integrity"
    packages = get(admin, f"/hosts/{beta.pk}/packages")
    assert packages == [{"name": "bash", "version": "5.2", "architecture": "amd64", "source": ""}]
    assert get(admin, f"/hosts/{beta.pk}/probe", as_of=then)["is_root"] is True
    row = get(admin, "/container-defences", host=beta.pk)["results"][0]
    of_container = get(admin, f"/containers/{row['id']}/probe")
    assert of_container["manager"] == "docker" and of_container["document"]["process"]
    alpha = of_host(fleet, "alpha")
    assert admin.get(f"/api/v1/hosts/{alpha.pk}/probe").status_code == 404
    assert admin.get(f"/api/v1/hosts/{beta.pk}/probe?mood=1").status_code == 400


def test_what_is_of_other_environments_is_not_told(fleet: Fleet) -> None:
    viewer = person("vera", Role.VIEWER)
    viewer.environments.set([fleet.staging])
    client = program(viewer)
    beta = of_host(fleet, "beta")
    for path in (f"/hosts/{beta.pk}/probe", f"/hosts/{beta.pk}/packages"):
        assert client.get(f"/api/v1{path}").status_code == 404
    cell = Defence.objects.filter(asset=beta).first()
    assert cell is not None and client.get(f"/api/v1/defences/{cell.pk}").status_code == 404
    assert [host["name"] for host in get(client, "/host-defences/divergence")["hosts"]] == ["gamma"]
    (group,) = get(client, "/host-defences/groups", by="environment")
    assert (group["label"], group["assets"]) == ("Staging", 1)


def test_every_mechanism_says_what_it_blunts_and_by_how_much(admin: Client) -> None:
    told = {mechanism["id"]: mechanism for mechanism in get(admin, "/mechanisms")}
    assert list(told) == [mechanism.id for mechanism in (*HOST, *CONTAINER)]
    assert sum(len(mechanism["rules"]) for mechanism in told.values()) == len(RULES)
    assert all(mechanism["blunts"] and mechanism["why"] for mechanism in told.values())
    assert admin.get("/api/v1/mechanisms?mood=1").status_code == 400
