"""Loads are kept as findings change; a recount proves that they equal the sum of what is there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from posture.collection.reports import import_file
from posture.findings import tallies
from posture.findings.models import Finding, Tally
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.risk.models import Load
from posture.risk.recount import recount
from scanners.checks.examples import container, image
from scanners.records import AssetKind
from tests.posture.collection.pulls import node, pulled, write
from tests.posture.collection.test_reports import DIGEST, saved, trivy, vulnerability

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> Asset:
    running = [container(id="c" * 64, privileged=True, image_id=DIGEST), container(id="d" * 64)]
    write(node("alpha"), pulled(running, [image(id=DIGEST)]))
    return Asset.objects.get(kind=AssetKind.HOST)


def run(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("recount", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_what_pulls_wrote_equals_a_recount(host: Asset) -> None:
    told = run()
    assert (told["assets"], told["assets_differing"], told["vulnerabilities_differing"]) == (4, 0, 0)
    assert told["mended"] is False and not Entry.objects.filter(object_kind="loads").exists()


def test_a_load_that_somebody_wrote_is_found_named_and_mended(host: Asset) -> None:
    right = (host.load, host.energy)
    Asset.objects.filter(pk=host.pk).update(load=1.0, energy=1.0)
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("recount", stdout=out)
    assert refused.value.returncode == 1
    (difference,) = json.loads(out.getvalue())["differences"]
    assert (difference["asset_id"], difference["name"]) == (host.pk, host.name)
    assert difference["numbers"]["load"] == [1.0, right[0]]
    assert run("--mend")["mended"]
    host.refresh_from_db()
    assert (host.load, host.energy) == right
    assert Load.objects.current().get(asset=host).load == right[0]
    assert Entry.objects.filter(object_kind="loads", verb="mended").count() == 1
    assert run()["assets_differing"] == 0


def test_a_finding_that_vanished_is_missed_on_its_container_and_its_host(host: Asset) -> None:
    Finding.objects.filter(asset__kind=AssetKind.CONTAINER).latest("points").delete()
    names = {one.kind for one in recount().differences}
    assert names == {"container"}, "the host is the sum of what its members say"
    recount(mend=True)
    assert recount().differences == []


def test_an_interval_that_says_something_else_than_the_present_is_found(host: Asset) -> None:
    Load.objects.current().filter(asset=host).update(energy=5.0)
    assert [one.asset_id for one in recount().differences] == [host.pk]
    recount(mend=True)
    assert recount().differences == []


def test_counts_of_vulnerabilities_are_recounted_too(host: Asset, tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    assert run()["vulnerabilities_differing"] == 0, "what waits to be counted is no difference"
    tallies.fold()
    Tally.objects.filter(environments__isnull=True, vulnerability__key="CVE-2026-1001").update(images=7)
    with pytest.raises(CommandError):
        run()
    assert run("--mend")["vulnerabilities_differing"] == 1
    assert run()["vulnerabilities_differing"] == 0
