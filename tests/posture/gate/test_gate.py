"""The gate from the outside: stored images, reports and SBOMs in hand, policies of environments, trials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from posture.accounts.choices import Role
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.gate.models import GateDecision, GatePolicy
from posture.history.models import Entry
from posture.vulnerabilities import ingest
from posture.vulnerabilities.choices import Use
from posture.vulnerabilities.models import Feed, KnownExploited
from scanners.checks.examples import container, image
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_feeds import advisory, archive, hold, load, package
from tests.posture.collection.test_reports import DIGEST, trivy, vulnerability
from tests.posture.people import person, program, send, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def client() -> Client:
    return program(person())


def ask(client: Client, image: str = DIGEST, **body: Any) -> dict[str, Any]:
    answer = send(client, "POST", "/gate", {"image": image, **body})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def ask_with(client: Client, document: Any, query: str = "") -> Any:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.generic("POST", f"/api/v1/gate{query}", content, "application/octet-stream")


def rules(answer: dict[str, Any]) -> list[str]:
    return [reason["rule"] for reason in answer["reasons"]]


def set_policy(client: Client, **fields: Any) -> None:
    answer = send(client, "POST", "/gate-policies", fields)
    assert answer.status_code == 200, answer.content


def test_a_stored_image_is_judged_by_its_environments_policy(tmp_path: Path, client: Client) -> None:
    running = [container(id="c" * 64, image_id=DIGEST)]
    write(node("alpha", environment("production")), pulled(running, [image(id=DIGEST)]))
    hold(tmp_path, found=(vulnerability(1),))
    environment("staging")
    assert ask(client)["allowed"]
    set_policy(client, environment="production", refuse_severity="high", only_fixable=True)
    answer = ask(client, environment="production")
    assert (answer["allowed"], rules(answer)) == (False, ["refuse_severity"])
    assert "fixed in 3.0.2-1" in answer["reasons"][0]["examples"][0]
    assert ask(client, environment="staging")["allowed"]
    set_policy(client, refuse_severity="low")
    assert rules(ask(client, environment="staging")) == ["refuse_severity"], "the policy for every one"
    assert GateDecision.objects.count() == 4
    kept = client.get(f"/api/v1/gate-decisions/{answer['id']}").json()
    assert kept["policy"]["refuse_severity"] == "high" and kept["asked_by"] == "ada"


def test_what_holds_without_a_policy_can_be_read(client: Client) -> None:
    said = client.get("/api/v1/gate-policies/default").json()
    assert (said["refuse_severity"], said["refuse_exploited"], said["require_scan"]) == (None, True, True)
    assert send(client, "POST", "/gate-policies", {}).json().items() >= said.items(), "as a new policy begins"


def test_an_image_that_nothing_looked_into_is_refused(client: Client) -> None:
    write(node("alpha"), pulled(images=[image(id=DIGEST)]))
    assert rules(ask(client)) == ["require_scan"]


def test_what_was_watched_and_not_seen_in_use_is_left_out_where_the_policy_says_so(
    tmp_path: Path, client: Client
) -> None:
    hold(tmp_path, found=(vulnerability(1),))
    set_policy(client, refuse_severity="high", only_in_use=True)
    assert rules(ask(client)) == ["refuse_severity"], "not measured is not unused"
    Finding.objects.update(use=Use.NOT_SEEN)
    assert ask(client)["allowed"]
    set_policy(client, only_in_use=False)
    assert rules(ask(client)) == ["refuse_severity"]


def test_an_image_without_a_trusted_signature_is_refused_where_one_is_demanded(
    tmp_path: Path, client: Client
) -> None:
    hold(tmp_path)
    environment("production")
    set_policy(client, environment="production", require_signature=True)
    answer = ask(client, environment="production")
    assert rules(answer) == ["require_signature"]
    assert "not measured" in answer["reasons"][0]["text"]
    assert ask(client)["allowed"], "nobody demands it everywhere"


def test_a_report_in_hand_is_judged_and_not_kept(client: Client) -> None:
    set_policy(client, refuse_severity="high")
    answer = ask_with(client, trivy(vulnerability(1)), "?name=report.json").json()
    assert (answer["allowed"], rules(answer), answer["digest"]) == (False, ["refuse_severity"], DIGEST)
    assert ask_with(client, trivy(vulnerability(1, Severity="LOW"))).json()["allowed"]
    assert not Finding.objects.exists() and not Asset.objects.filter(kind="image").exists()


def test_what_a_report_finds_is_known_to_be_exploited(client: Client) -> None:
    KnownExploited.objects.create(
        name="CVE-2026-1001", title="x", added_on="2026-10-01", is_used_by_ransomware=False
    )
    assert rules(ask_with(client, trivy(vulnerability(1, Severity="LOW"))).json()) == ["refuse_exploited"]


def test_a_list_of_packages_is_judged_by_the_advisories(tmp_path: Path, client: Client) -> None:
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "container", "name": "web", "version": DIGEST}},
        "components": [
            {
                "type": "library",
                "name": "openssl",
                "version": "3.0.1-1",
                "purl": "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12",
            }
        ],
    }
    set_policy(client, refuse_severity="high")
    assert rules(ask_with(client, sbom).json()) == ["require_scan"], "no advisories, no answer"
    feed = Feed.objects.get_or_create(name="OSV Debian", defaults={"kind": "osv", "address": "https://x"})[0]
    load(feed, archive(tmp_path, advisory()))
    answer = ask_with(client, sbom).json()
    assert rules(answer) == ["refuse_severity"]
    assert "CVE-2026-0001 in openssl 3.0.1-1 (high, fixed in 3.0.2-1)" in answer["reasons"][0]["examples"]
    sbom["components"][0]["purl"] = "pkg:deb/debian/openssl@3.0.2-1?arch=amd64&distro=debian-12"
    sbom["components"][0]["version"] = "3.0.2-1"
    assert ask_with(client, sbom).json()["allowed"]


def test_what_cannot_be_judged_whole_is_not_judged(client: Client) -> None:
    whole = json.dumps(trivy(*(vulnerability(number) for number in range(50)))).encode()
    for content, said in (
        (b"", "empty"),
        (b"nothing", "No reader"),
        (whole[: len(whole) // 2], "cannot be read"),
    ):
        answer = ask_with(client, content)
        assert answer.status_code == 400 and said in answer.json()["detail"]
    assert ask_with(client, trivy(), "?environment=nowhere").status_code == 400
    assert ask_with(client, trivy(), "?color=red").status_code == 400
    assert send(client, "POST", "/gate", {"image": "sha256:none"}).status_code == 400
    assert not GateDecision.objects.exists()


def test_who_may_ask_and_who_may_set(tmp_path: Path) -> None:
    hold(tmp_path)
    assert send(signed_in(person("vic", Role.VIEWER)), "POST", "/gate", {"image": DIGEST}).status_code == 403
    analyst = signed_in(person("ann", Role.ANALYST))
    assert send(analyst, "POST", "/gate-policies", {"refuse_severity": "high"}).status_code == 403
    sam = person("sam", Role.ADMINISTRATOR)
    sam.environments.set([environment("staging")])
    limited = signed_in(sam)
    assert send(limited, "POST", "/gate", {"image": DIGEST}).status_code == 400, "not theirs to know"
    environment("production")
    for body in ({}, {"environment": None}, {"environment": "production"}):
        assert send(limited, "POST", "/gate-policies", {"refuse_severity": "high", **body}).status_code == 400
    assert send(limited, "POST", "/gate-policies", {"environment": "staging"}).status_code == 200


def test_every_change_of_a_policy_is_in_the_history(client: Client) -> None:
    set_policy(client, refuse_severity="high")
    set_policy(client, refuse_severity="critical")
    set_policy(client, refuse_severity="critical")
    policy = GatePolicy.objects.get()
    assert client.delete(f"/api/v1/gate-policies/{policy.pk}").status_code == 204
    found = [
        (one.verb, one.changes) for one in Entry.objects.filter(object_kind="gate policy").order_by("pk")
    ]
    assert found == [
        ("create", {"refuse_severity": [None, 3]}),
        ("change", {"refuse_severity": [3, 4]}),
        ("delete", {}),
    ]


def test_a_policy_is_tried_on_what_is_there(tmp_path: Path, client: Client) -> None:
    for letter, found in (("a", (vulnerability(1),)), ("b", ())):
        content = trivy(*found, ArtifactName=letter)
        content["Metadata"] |= {"ImageID": "sha256:" + letter * 64, "RepoTags": [letter]}
        content["Results"][0]["Packages"] = [package()]
        (tmp_path / "r.json").write_text(json.dumps(content))
        from posture.collection.reports import import_file

        import_file(tmp_path / "r.json")
    answer = send(client, "POST", "/gate-policies/trial", {"refuse_severity": "high"}).json()
    assert (answer["images"], answer["refused_total"], answer["by_rule"]) == (2, 1, {"refuse_severity": 1})
    assert [one["name"] for one in answer["refused"]] == ["a"]
    answer = send(client, "POST", "/gate-policies/trial", {"refuse_severity": "high", "images": 1}).json()
    assert (answer["images"], answer["refused_total"]) == (1, 0)
    assert not GatePolicy.objects.exists() and not GateDecision.objects.exists()
