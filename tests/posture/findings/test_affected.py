"""Are we affected: by advisories, by reports, by package; now and then; for everybody no more than they may see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.collection import matching
from posture.collection.reports import import_file
from posture.fleet.models import Asset
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Feed, PackageList
from scanners.checks.examples import container, image
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_feeds import advisory, archive, hold, load, package
from tests.posture.collection.test_reports import DIGEST, trivy, vulnerability
from tests.posture.people import person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


@pytest.fixture
def debian() -> Feed:
    return Feed.objects.get_or_create(name="OSV Debian", defaults={"kind": "osv", "address": "https://x"})[0]


@pytest.fixture
def client() -> Client:
    return signed_in(person())


def run_it() -> None:
    """Production runs the image in two containers."""
    running = [container(id=f"c{number}" * 16, image_id=DIGEST) for number in (1, 2)]
    write(node("alpha", environment("production")), pulled(running, [image(id=DIGEST)]))


def ask(client: Client, q: str, **parameters: Any) -> dict[str, Any]:
    answer: dict[str, Any] = get(client, "/affected", q=q, **parameters)
    return answer


def test_what_only_an_advisory_knows_is_found_where_it_runs(
    tmp_path: Path, debian: Feed, client: Client
) -> None:
    run_it()
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))
    for name in ("CVE-2026-0001", "cve-2026-0001", "DEBIAN-CVE-2026-0001"):
        answer = ask(client, name)
        assert (answer["about"], answer["known"], answer["advisories"]) == ("vulnerability", True, 1)
        assert answer["vulnerability"]["key"] == "CVE-2026-0001"
        assert [(one["name"], one["fixed_version"]) for one in answer["packages"]] == [("libssl3", "3.0.2-1")]
        assert (answer["images_total"], answer["containers_total"], answer["hosts_total"]) == (1, 2, 1)
        assert [one["slug"] for one in answer["environments"]] == ["production"]
    Feed.objects.update_or_create(
        name="FIRST EPSS",
        defaults={"kind": "epss", "address": "https://x", "last_success_at": timezone.now()},
    )
    feeds = ask(client, "CVE-2026-0001")["feeds"]
    assert [one["name"] for one in feeds] == ["OSV Debian"], "what tells of likelihoods tells of no package"


def test_what_only_a_report_says_is_found_also_without_a_list_of_packages(
    tmp_path: Path, client: Client
) -> None:
    content = trivy(vulnerability(1))
    del content["Results"][0]["Packages"]
    path = tmp_path / "r.json"
    path.write_text(json.dumps(content))
    import_file(path)
    PackageList.objects.all().delete()
    assert ask(client, "CVE-2026-1001")["images_total"] == 1
    (package,) = ask(client, "CVE-2026-1001")["packages"]
    answer = ask(client, package["name"])
    assert (answer["known"], answer["images_total"], answer["packages_total"]) == (True, 1, 1)
    assert ask(client, package["name"], versions="<0")["images_total"] == 0


def test_what_only_a_report_says_is_shown_to_who_may_see_the_image(tmp_path: Path) -> None:
    run_it()
    content = trivy(vulnerability(1))
    del content["Results"][0]["Packages"]
    path = tmp_path / "r.json"
    path.write_text(json.dumps(content))
    import_file(path)
    PackageList.objects.all().delete()
    for name, seen in (("production", 1), ("staging", 0)):
        sam = person(name, Role.VIEWER)
        sam.environments.set([environment(name)])
        answer = ask(signed_in(sam), "CVE-2026-1001")
        assert (answer["images_total"], answer["packages_total"]) == (seen, seen)


def test_what_nothing_tells_of_is_not_called_unaffected(client: Client) -> None:
    answer = ask(client, "CVE-2099-12345")
    assert (answer["known"], answer["images_total"]) == (False, 0)
    assert not ask(client, "no-such-package")["known"]


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ({"q": "libssl3"}, True),
        ({"q": "openssl"}, True),
        ({"q": "openssl", "ecosystem": "npm"}, False),
        ({"q": "libssl3", "versions": "<3.0.2-1"}, True),
        ({"q": "libssl3", "versions": ">=3.0.1-1,<3.0.1-2"}, True),
        ({"q": "libssl3", "versions": "<3.0.1-1"}, False),
        ({"q": "libssl3", "versions": "<3.0.1~rc1-1"}, False),
        ({"q": "pkg:deb/debian/libssl3"}, True),
        ({"q": "pkg:deb/debian/libssl3@3.0.1-1"}, True),
        ({"q": "pkg:deb/debian/libssl3@0:3.0.1-1"}, True),
        ({"q": "pkg:deb/debian/libssl3@3.0.2-1"}, False),
        ({"q": "pkg:deb/ubuntu/libssl3"}, False),
    ],
)
def test_packages_are_found_by_name_and_version(
    asked: dict[str, str], held: bool, tmp_path: Path, client: Client
) -> None:
    hold(tmp_path)
    answer = ask(client, **asked)
    assert answer["about"] == "package"
    assert (answer["images_total"], answer["packages_total"]) == ((1, 1) if held else (0, 0))


def test_a_version_that_cannot_be_compared_is_said(tmp_path: Path, client: Client) -> None:
    hold(tmp_path, package(version="?"))
    answer = ask(client, "libssl3", versions="<9")
    assert answer["images_total"] == 0
    assert [one["name"] for one in answer["undecidable"]] == ["libssl3"]


def test_the_past_is_asked_of_what_was_held_then(tmp_path: Path, client: Client) -> None:
    hold(tmp_path)
    then = timezone.now()
    PackageList.objects.update(opened_at=then - timedelta(days=2), closed_at=then - timedelta(days=1))
    Asset.objects.update(first_seen_at=then - timedelta(days=2))
    hold(tmp_path, package("zlib1g", "zlib", "1.2"))
    moment = (then - timedelta(days=1, hours=1)).isoformat()
    assert ask(client, "libssl3")["images_total"] == 0
    assert ask(client, "libssl3", as_of=moment)["images_total"] == 1
    assert ask(client, "zlib1g", as_of=moment)["images_total"] == 0


def test_nobody_learns_of_other_environments(tmp_path: Path, debian: Feed) -> None:
    run_it()
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))
    sam = person("sam", Role.VIEWER)
    sam.environments.set([environment("staging")])
    for q in ("CVE-2026-0001", "libssl3"):
        answer = ask(signed_in(sam), q)
        assert (answer["images_total"], answer["packages_total"], answer["hosts_total"]) == (0, 0, 0)
        assert answer["packages"] == answer["environments"] == []


def test_an_environment_is_asked_of_alone(
    tmp_path: Path, debian: Feed, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    run_it()
    there = pulled([container(image_id=DIGEST)], [image(id=DIGEST)], engine_id="engine-2", name="beta")
    write(node("beta", environment("staging")), there)
    environment("empty")
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))

    def numbers(client: Client, **where: Any) -> tuple[int, int, int, list[str]]:
        found = ask(client, "CVE-2026-0001", **where)
        places = [place["slug"] for place in found["environments"]]
        return found["images_total"], found["containers_total"], found["hosts_total"], places

    assert numbers(client) == (1, 3, 2, ["production", "staging"])
    assert numbers(client, environment="production") == (1, 2, 1, ["production"])
    assert numbers(client, environment=f"staging,{environment().pk}") == (1, 3, 2, ["production", "staging"])
    for nowhere in ("empty", "unheard-of"):
        assert numbers(client, environment=nowhere) == (0, 0, 0, [])
    sam = person("sam", Role.VIEWER)
    sam.environments.set([environment("staging")])
    assert numbers(signed_in(sam), environment="production,staging") == (1, 1, 1, ["staging"])
    assert numbers(signed_in(sam), environment="production") == (0, 0, 0, [])
    with pytest.raises(CommandError, match="1 images"):
        call_command("affected", "CVE-2026-0001", environment=["staging"])
    assert json.loads(capsys.readouterr().out)["containers_total"] == 1
    call_command("affected", "CVE-2026-0001", environment=["empty"])
    with pytest.raises(CommandError, match="no environment “nowhere”"):
        call_command("affected", "CVE-2026-0001", environment=["empty", "nowhere"])


def test_a_question_that_makes_no_sense_is_answered_so(client: Client) -> None:
    for query, field in (
        ("", "q"),
        ("?q=", "q"),
        ("?q=pkg:nothing", "q"),
        ("?q=openssl&versions=>>1", "versions"),
        ("?q=openssl&versions=1,,2", "versions"),
        ("?q=CVE-2026-0001&versions=<2", "versions"),
        ("?q=x&colour=red", "colour"),
        ("?q=x&environment=%00", "environment"),
        ("?q=" + "x" * 501, "q"),
    ):
        response = client.get(f"/api/v1/affected{query}")
        assert response.status_code == 400, query
        assert response.json()["errors"][0]["field"] == field, query


def test_the_command_answers_by_its_exit_code_too(
    tmp_path: Path, debian: Feed, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(tmp_path)
    load(debian, archive(tmp_path, advisory()))
    with pytest.raises(CommandError, match="1 images") as found:
        call_command("affected", "CVE-2026-0001")
    assert found.value.returncode == 1
    assert json.loads(capsys.readouterr().out)["images_total"] == 1
    with pytest.raises(CommandError) as unknown:
        call_command("affected", "CVE-2099-0001")
    assert unknown.value.returncode == 2
    call_command("affected", "libssl3", versions="<1")
    with pytest.raises(CommandError, match="--as-of"):
        call_command("affected", "x", as_of="yesterday")
    assert matching.TOOL == "plimsoll"
