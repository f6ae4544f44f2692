"""Next best actions: what is predicted is what happens; and what would be if."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.collection.actions import delete_node
from posture.collection.reports import import_file
from posture.findings import settle
from posture.findings.models import Finding
from posture.fleet.models import Asset, Node
from posture.risk import fixes, formula, loads
from posture.risk.scope import Scope
from posture.vulnerabilities import ingest
from scanners.checks.examples import container, image
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_reports import saved, trivy, vulnerability
from tests.posture.decisions.test_decisions import decide, exploit
from tests.posture.people import person, send, signed_in

pytestmark = pytest.mark.django_db
WEB, DB = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def fleet(tmp_path: Path) -> None:
    """Production runs web on two hosts and db on one of them, staging runs web."""
    for name, digest, numbers in (("web", WEB, range(1, 6)), ("db", DB, range(4, 9))):
        found = [
            vulnerability(
                number,
                package="libssl3" if number % 2 else "zlib1g",
                Severity="CRITICAL" if number == 1 else "HIGH",
                Status="affected" if number == 8 else "fixed",
                FixedVersion="" if number == 8 else "3.0.2-1",
            )
            for number in numbers
        ]
        said = trivy(*found, ArtifactName=f"shop/{name}:1.0")
        said["Metadata"] |= {"ImageID": digest, "RepoTags": [f"shop/{name}:1.0"]}
        import_file(saved(tmp_path, said, f"{name}.json"))
    for host, slug, digests in (
        ("alpha", "production", (WEB, DB)),
        ("beta", "production", (WEB,)),
        ("gamma", "staging", (WEB,)),
    ):
        run(host, slug, *digests)


def run(host: str, slug: str, *digests: str) -> None:
    of_node = Node.objects.filter(name=host).first() or node(host, environment(slug))
    names = {WEB: "shop/web:1.0", DB: "shop/db:1.0"}
    write(
        of_node,
        pulled(
            [
                container(id=f"{host}{digest[7]}{number}".ljust(64, "0"), name=f"{host}-{number}",
                          image_id=digest, image_reference=names[digest], privileged=digest == DB,
                          labels={"com.docker.compose.project": "shop"})
                for digest in digests
                for number in (1, 2)
            ],
            [image(id=digest, references=(names[digest],), in_use_references=(names[digest],)) for digest in digests],
            engine_id=f"engine-{host}",
            name=host,
        ),
    )  # fmt: skip


def load_of(slug: str | None) -> float:
    hosts = Asset.objects.present().filter(kind="host")
    if slug is not None:
        hosts = hosts.filter(environment__slug=slug)
    load = formula.group_load(list(hosts.values_list("energy", flat=True)))
    assert load is not None
    return load


def resolve(ids: list[int]) -> None:
    at = timezone.now()
    assets = set(Finding.objects.filter(pk__in=ids).values_list("asset", flat=True))
    settle.resolve(ids, at)
    loads.roll_up(assets, at)


@pytest.mark.parametrize("slug", [None, "production"])
@pytest.mark.parametrize("place", range(6))
def test_what_is_predicted_is_what_happens(fleet: None, slug: str | None, place: int) -> None:
    ids = None if slug is None else (environment(slug).pk,)
    told = fixes.best(Scope(environment_ids=ids))
    assert told["load"] == pytest.approx(load_of(slug), abs=1e-9)
    action = told["actions"][place]
    assert len(action["finding_ids"]) == action["findings"]
    resolve(action["finding_ids"])
    assert load_of(slug) == pytest.approx(action["to"], abs=1e-9)


def test_the_best_comes_first_and_an_image_weighs_on_each_host_that_runs_it(fleet: None) -> None:
    actions = fixes.best(Scope(environment_ids=None))["actions"]
    assert [a["fall"] for a in actions] == sorted((a["fall"] for a in actions), reverse=True)
    upgrades = {(a["place"], a["package"]): a for a in actions if a["sort"] == "upgrade"}
    assert set(upgrades) == {
        ("shop/web", "libssl3"), ("shop/web", "zlib1g"), ("shop/db", "libssl3"), ("shop/db", "zlib1g"),
    }  # fmt: skip
    assert upgrades["shop/web", "libssl3"]["findings"] == 3
    assert upgrades["shop/web", "libssl3"]["versions"] == ["3.0.2-1"]
    assert upgrades["shop/db", "zlib1g"]["findings"] == 2  # what cannot be mended is no part of a fix


def test_at_a_past_moment_they_are_those_of_then(fleet: None, tmp_path: Path) -> None:
    """Whatever happened since: fixes, points that changed, decisions, hosts that came and went."""
    scope, production = Scope(environment_ids=None), Scope(environment_ids=(environment("production").pk,))
    then, there = fixes.best(scope), fixes.best(production)
    moment = timezone.now()
    resolve(then["actions"][0]["finding_ids"])
    exploit(tmp_path, 4)
    decide(person(), 5)
    delete_node(node=Node.objects.get(name="beta"), by=None)
    run("delta", "production", DB)
    now = fixes.best(scope)
    assert [a["fall"] for a in now["actions"]] != [a["fall"] for a in then["actions"]]
    for of, before in ((scope, then), (production, there)):
        assert close(fixes.best(of, at=moment)) == close(before)
    before_all = moment - timedelta(days=1)
    assert (fixes.best(scope, at=before_all)["load"], fixes.best(scope, at=before_all)["actions"]) == (
        None,
        [],
    )
    told = get(signed_in(person("eve")), "/actions", as_of=moment.isoformat())
    assert [row["fall"] for row in told["results"]] == pytest.approx([a["fall"] for a in then["actions"]])


def close(told: dict[str, Any]) -> dict[str, Any]:
    """The same with numbers that a sum in another order does not change."""
    names = ("from", "to", "fall")
    return {
        "load": round(told["load"], 6),
        "hosts": told["hosts"],
        "actions": [a | {name: round(a[name], 6) for name in names} for a in told["actions"]],
    }


def test_what_if_says_what_happens_and_changes_nothing(fleet: None) -> None:
    client = signed_in(person())
    ids = list(Finding.objects.filter(asset__key=WEB, kind="vulnerability").values_list("pk", flat=True))
    told = send(client, "POST", "/what-if", {"findings": ids, "lines": {"production": 10}}).json()
    of = {row["environment"]["slug"]: row for row in told["environments"]}
    before = load_of("production")
    assert of["production"]["before"] == pytest.approx(before)
    assert (of["production"]["line_before"], of["production"]["line_after"]) == (100.0, 10.0)
    assert (of["production"]["hosts"], of["production"]["above_after"]) == (2, 2)
    assert told["hosts_total"] == 3
    assert load_of("production") == before
    resolve(ids)
    assert load_of("production") == pytest.approx(of["production"]["after"], abs=1e-9)
    assert load_of("staging") == pytest.approx(of["staging"]["after"], abs=1e-9)


class TestTheApi:
    @pytest.fixture
    def client(self) -> Client:
        return signed_in(person())

    def test_each_action_leads_to_its_findings(self, fleet: None, client: Client) -> None:
        told = get(client, "/actions", environment="production")
        assert told["hosts"] == 2
        for action in told["results"]:
            rows = get(client, "/findings", limit=200, **action["filters"])["results"]
            assert sorted(row["id"] for row in rows) == sorted(action["finding_ids"]), action["title"]

    def test_a_part_of_the_fleet_is_all_there_is_for_who_sees_only_that(self, fleet: None) -> None:
        sam = signed_in(person("sam", Role.VIEWER, environments=[environment("staging")]))
        told = get(sam, "/actions")
        assert told["hosts"] == 1 and told["load"] == pytest.approx(load_of("staging"))
        assert all("shop/db" not in action["title"] for action in told["results"])
        assert sam.get("/api/v1/actions?environment=production").status_code == 400
        other = Finding.objects.filter(asset__key=DB).values_list("pk", flat=True)[0]
        assert send(sam, "POST", "/what-if", {"findings": [other]}).status_code == 400

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"findings": [999_999]}, "findings"),
            ({"findings": "all"}, "findings"),
            ({"lines": {"nowhere": 5}}, "lines"),
            ({"lines": {"production": 0}}, "lines"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, fleet: None, client: Client, body: dict[str, Any], field: str
    ) -> None:
        answer = send(client, "POST", "/what-if", body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"].startswith(field)

    def test_an_empty_fleet_has_nothing_to_do(self, client: Client) -> None:
        assert get(client, "/actions")["results"] == []
