"""A seeded fleet hangs together as a pulled one does: what it measures at size is what people would have."""

from __future__ import annotations

import msgspec
import pytest
from django.utils import timezone

from posture.collection.seeding import NotEmpty, seed
from posture.compliance.choices import NUMBER
from posture.compliance.models import CheckResult
from posture.defences.divergence import of as divergence
from posture.defences.models import Defence
from posture.findings import tallies
from posture.findings.models import Finding
from posture.fleet.ingest import read_documents
from posture.fleet.models import Asset, ContainerProbe, HostProbe, Node
from posture.risk import loads
from scanners.defences import assess
from scanners.defences.mechanisms import CONTAINER, HOST
from scanners.host import HostFacts
from scanners.records import AssetKind, Outcome


def seeded() -> None:
    seed(hosts=90, containers=300, images=20, findings=40, say=lambda text: None)


# One test, because to make the fleet takes longer than to look at it.
@pytest.mark.django_db(transaction=True)
def test_a_seeded_fleet_hangs_together() -> None:
    seeded()
    probes = {probe.asset_id: probe for probe in HostProbe.objects.current().select_related("asset", "node")}
    assert len(probes) > 20  # which ones depends on their ids
    assert not Node.objects.due().exists()

    of_hosts: dict[int, list[tuple]] = {}
    cells = Defence.objects.current().values_list("asset", "mechanism", "state", "evidence")
    for asset_id, *cell in cells.filter(asset__kind=AssetKind.HOST):
        of_hosts.setdefault(asset_id, []).append(tuple(cell))
    documents = read_documents([probe.fingerprint for probe in probes.values()])
    for asset_id, probe in probes.items():
        facts = msgspec.convert(documents[probe.fingerprint], HostFacts)
        said = [(d.mechanism, d.state.value, list(d.evidence)) for d in assess.on_host(facts)]
        assert sorted(of_hosts.pop(asset_id)) == sorted(said) and len(said) == len(HOST)
        assert probe.asset.probe_fingerprint == probe.fingerprint
        assert "host_probe" in probe.asset.evidence and probe.node is not None and probe.node.reads_host
    assert of_hosts == {}

    containers = ContainerProbe.objects.current()
    assert not containers.exclude(host__in=probes).exists()
    confined = cells.filter(asset__kind=AssetKind.CONTAINER)
    assert confined.count() == containers.count() * len(CONTAINER)
    assert set(confined.values_list("asset", flat=True)) == set(containers.values_list("asset", flat=True))
    assert len(set(confined.values_list("state", flat=True))) >= 4
    assert not Asset.objects.filter(probe_fingerprint="", evidence__contains=["host_probe"]).exists()

    measured = CheckResult.objects.current().exclude(outcome=NUMBER[Outcome.NOT_MEASURED])
    by_probe = measured.filter(check_definition__evidence_source="Host probe")
    assert by_probe.exists() and not by_probe.filter(asset__probe_fingerprint="").exists()
    assert loads.recompute(Asset.objects.values_list("pk", flat=True), timezone.now()) == []
    found = divergence(HostProbe.objects.current())
    assert found["alike"] and any(d["is_different"] and d["not_measured"] for d in found["differences"])
    reported = Finding.objects.open().filter(kind="vulnerability")
    assert reported.exists() and set(reported.values_list("agreement", flat=True)) == {0, 1, 2}
    before = tallies.counted()
    assert before and tallies.fold() == 0
    for vulnerability in {key for key, _ in before}:
        images = reported.filter(vulnerability=vulnerability).values("asset").distinct().count()
        assert before[vulnerability, None][0] == images
    with pytest.raises(NotEmpty):
        seeded()
