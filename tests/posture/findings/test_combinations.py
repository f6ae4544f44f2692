"""Toxic combinations: every example of every rule, and the pull, report or feed that makes or breaks one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from posture.accounts.models import User
from posture.collection.reports import import_file
from posture.decisions import actions
from posture.findings.combinations import rule as vocabulary
from posture.findings.combinations.catalogue.secret_in_public_image import is_public
from posture.findings.combinations.registry import rules
from posture.findings.combinations.rule import Facts, Rule
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.risk import loads
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Vulnerability
from scanners.checks.registry import CATALOGUE
from scanners.records import PublishedPort
from tests.posture.api.resources import get
from tests.posture.collection.test_reports import DIGEST, saved, trivy, vulnerability
from tests.posture.decisions.test_decisions import exploit, run_it
from tests.posture.people import person, signed_in

OPEN = PublishedPort(container_port=80, protocol="tcp", host_ip="0.0.0.0", host_port=8080)


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(rule, facts, id=f"{rule.id}-{number}")
        for rule in rules().values()
        for number, facts in enumerate(getattr(rule, kind))
    ]


@pytest.mark.parametrize(("rule", "facts"), examples("bad"))
def test_no_rule_holds_by_flaws_without_entrance_or_power(rule: Rule, facts: Facts) -> None:
    powerless = facts.failing.difference(vocabulary.POWERS)
    shut = msgspec.structs.replace(facts, published=(), is_privileged=False, failing=powerless)
    assert not facts.flaws or rule.judge(shut) is None


def test_what_rules_ask_of_containers_is_read_for_them() -> None:
    asked = {slug for kind in ("good", "bad") for case in examples(kind) for slug in case.values[1].failing}
    assert asked <= vocabulary.ASKED <= {check.id for check in CATALOGUE}


@pytest.mark.parametrize(("rule", "facts"), examples("good"))
def test_what_is_bearable_is_no_finding(rule: Rule, facts: Facts) -> None:
    assert rule.judge(facts) is None


@pytest.mark.parametrize(("rule", "facts"), examples("bad"))
def test_what_comes_together_shows_its_path(rule: Rule, facts: Facts) -> None:
    [evidence] = rule.judge(facts) or ("",)
    assert " → " in evidence and (facts.container in evidence or facts.image in evidence)


def test_rules_speak_of_checks_that_there_are() -> None:
    known = {check.id for check in CATALOGUE}
    named = {value for name, value in vars(vocabulary).items() if name.isupper() and isinstance(value, str)}
    assert named and named <= known
    assert len(rules()) >= 6 and all(rule.good and rule.bad and rule.remediation for rule in rules().values())


@pytest.mark.parametrize(
    ("image", "public"),
    [
        ("nginx:1", True),
        ("shop/web:1", True),
        ("ghcr.io/shop/web", True),
        ("registry.example:5000/web", False),
        ("localhost/web", False),
        ("10.0.0.1/web", False),
    ],
)
def test_which_registry_is_public(image: str, public: bool) -> None:
    assert is_public(image) is public


def combined() -> dict[str, str]:
    """Open combinations by rule, with their evidence."""
    found = Finding.objects.open().filter(kind="combination")
    return {finding.key: finding.evidence[0] for finding in found}


@pytest.mark.django_db
class TestTheWholeOfIngest:
    @pytest.fixture
    def ada(self) -> User:
        return person()

    def test_the_last_link_makes_it_and_any_link_breaks_it(self, tmp_path: Path) -> None:
        import_file(saved(tmp_path, trivy(vulnerability(1))))
        run_it(DIGEST, "registry.example/shop/web:1.0", privileged=True, published_ports=(OPEN,))
        assert combined() == {}
        exploit(tmp_path)  # a feed adds the last link
        path = combined()["reachable-exploited-with-power"]
        assert "0.0.0.0:8080" in path and "CVE-2026-1001" in path and path.endswith("privileged → alpha")
        loaded = Asset.objects.get(kind="host").load
        run_it(DIGEST, "registry.example/shop/web:1.0", privileged=True)  # a pull takes one out
        assert combined() == {}
        assert Asset.objects.get(kind="host").load < loaded
        run_it(DIGEST, "registry.example/shop/web:1.0", privileged=True, published_ports=(OPEN,))
        assert Finding.objects.get(kind="combination", key="reachable-exploited-with-power").times_opened == 2
        import_file(saved(tmp_path, trivy(at="2026-11-02T00:00:00Z"), "mended.json"))  # a report takes it out
        assert combined() == {}

    def test_what_is_decided_not_to_be_there_is_no_link(self, ada: User, tmp_path: Path) -> None:
        exploit(tmp_path)
        import_file(saved(tmp_path, trivy(vulnerability(1))))
        run_it(DIGEST, "registry.example/shop/web:1.0", privileged=True, published_ports=(OPEN,))
        assert combined()
        actions.make(
            by=ada,
            outcome="false_positive",
            reason="backported",
            vulnerability=Vulnerability.objects.get(key="CVE-2026-1001"),
        )
        assert "reachable-exploited-with-power" not in combined()

    def test_it_is_a_finding_like_any_other(self, ada: User, tmp_path: Path) -> None:
        exploit(tmp_path)
        import_file(saved(tmp_path, trivy(vulnerability(1))))
        run_it(DIGEST, "registry.example/shop/web:1.0", privileged=True, published_ports=(OPEN,))
        client = signed_in(ada)
        [row] = get(client, "/findings", kind="combination")["results"]
        assert row["title"] == "Reachable, exploited, and with power over the host"
        assert (row["severity"], row["asset"]["kind"]) == ("critical", "container")
        shown = get(client, f"/findings/{row['id']}")
        assert "Anybody who reaches the port" in shown["rationale"]
        assert "upgrade the package" in shown["remediation"]
        facet = {
            value["value"]: value["count"]["value"]
            for facet in get(client, "/findings/facets")["facets"]
            if facet["name"] == "kind"
            for value in facet["values"]
        }
        assert facet["combination"] == 1
        rows = get(client, "/findings", asset_kind="container", limit=200)["results"]
        assert row["id"] in [one["id"] for one in rows]
        assert row["id"] not in [one["id"] for one in get(client, "/findings", asset_kind="image")["results"]]

    def test_the_load_counts_it_once(self, tmp_path: Path) -> None:
        exploit(tmp_path)
        import_file(saved(tmp_path, trivy(vulnerability(1))))
        run_it(DIGEST, "registry.example/shop/web:1.0", privileged=True, published_ports=(OPEN,))
        before = {asset.pk: asset.load for asset in Asset.objects.all()}
        loads.recompute(list(before), timezone.now())
        assert {asset.pk: asset.load for asset in Asset.objects.all()} == before
