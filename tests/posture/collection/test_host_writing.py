"""What the pull of a host probe leaves in the tables, alone and beside an engine on the same host."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.utils import timezone

from posture.collection import actions, freshness
from posture.collection.changes import check_ids
from posture.compliance.choices import NUMBER
from posture.compliance.models import CheckResult, Tally
from posture.defences.models import Defence
from posture.findings.models import Finding
from posture.fleet.choices import PullState, PullTrigger
from posture.fleet.ingest import read_document
from posture.fleet.models import (
    Asset,
    ContainerProbe,
    ContainerState,
    HostProbe,
    HostState,
    LoadedFiles,
    Node,
    Pull,
)
from posture.risk import formula, ledger, loads
from posture.risk.recount import recount
from scanners.checks.examples import container
from scanners.checks.run import checks_on
from scanners.host import HostContainerFacts, HostFacts
from scanners.records import AssetKind, Outcome
from tests.posture.collection.probes import confined, document, probe_node, probe_pulled
from tests.posture.collection.pulls import node, pulled, write
from tests.posture.collection.test_writing import rows_written

pytestmark = pytest.mark.django_db

OF_PROBE = checks_on(HostFacts, HostContainerFacts)
WEB_ID = "c" * 64
WEB = container(id=WEB_ID, name="web", capabilities_added=("SYS_ADMIN",))
# An engine whose identity the probe has read tells of the same host.
DOCKER = {"docker": {"engine_id": "engine-1"}}


def docker(**changes: object) -> dict:
    return document(confined(WEB_ID, manager="docker", **changes), **DOCKER)


def results(asset: Asset, *, of_probe: bool) -> set[str]:
    rows = CheckResult.objects.current().filter(asset=asset).values_list("check_definition__slug", flat=True)
    return {slug for slug in rows if (slug in OF_PROBE) == of_probe}


def outcome(asset: Asset, slug: str) -> int:
    return CheckResult.objects.current().get(asset=asset, check_definition__slug=slug).outcome


def the_host() -> Asset:
    return Asset.objects.get(kind=AssetKind.HOST, gone_at__isnull=True)


def test_a_probe_alone_makes_a_host_with_its_containers() -> None:
    write(probe_node(), probe_pulled(document(confined("web", bundle__arguments=["sleep", "9"]))))
    host = the_host()
    assert host.name == "alpha" and host.evidence == ["host_probe"] and host.load is not None
    assert HostState.objects.current().get().operating_system == "Debian GNU/Linux 13 (trixie)"
    probe = HostProbe.objects.current().get()
    assert (probe.distribution, probe.is_root, probe.reboot_required) == ("debian", True, False)
    state = ContainerState.objects.current().get()
    assert state.name == "web" and ["Command", "sleep 9"] in state.settings
    assert Asset.objects.get(kind=AssetKind.CONTAINER).key == f"{host.key}/runc:web"
    assert Defence.objects.current().filter(asset=host).exists()
    assert results(host, of_probe=True) and not results(host, of_probe=False)


def test_an_unchanged_host_writes_no_row_at_all() -> None:
    alpha = probe_node()
    write(alpha, probe_pulled(document(confined("web", loaded=["/bin/a"]), confined("db"))))
    before = rows_written()
    later = document(
        confined("web", loaded=["/bin/a"], process_count=9),
        confined("db"),
        collected_at="2026-01-02T00:00:00Z",
        nonce="another",
        host__uptime_seconds=99,
        skipped=[{"where": "/proc/77/maps", "reason": "cannot be read"}],
    )
    write(alpha, probe_pulled(later))
    assert rows_written() == before


def test_engine_and_probe_tell_of_one_host_and_leave_each_others_words_alone() -> None:
    write(node("alpha"), pulled([WEB]))
    of_engine = results(the_host(), of_probe=False)
    unprobed = CheckResult.objects.current().filter(
        asset=the_host(), check_definition__slug="kernel.lockdown", outcome=NUMBER[Outcome.NOT_MEASURED]
    )
    assert unprobed.exists()
    write(probe_node(), probe_pulled(docker()))
    host, web = the_host(), Asset.objects.get(kind=AssetKind.CONTAINER)
    assert host.evidence == ["engine_audit", "host_probe"] and host.key == "engine:engine-1"
    assert web.evidence == ["engine_configuration", "process_confinement"] and web.name == "web"
    assert results(host, of_probe=False) == of_engine
    assert outcome(host, "kernel.lockdown") == NUMBER[Outcome.PASS]
    assert HostState.objects.current().get().engine == "docker"
    write(Node.objects.get(name="alpha"), pulled([WEB]))
    assert outcome(host, "kernel.lockdown") == NUMBER[Outcome.PASS]
    assert results(web, of_probe=True) and results(web, of_probe=False)


def test_the_probe_may_come_first() -> None:
    write(probe_node(), probe_pulled(docker()))
    write(node("alpha"), pulled([WEB]))
    host = the_host()
    assert host.evidence == ["engine_audit", "host_probe"]
    assert ContainerState.objects.current().get().name == "web"
    assert Asset.objects.filter(kind=AssetKind.CONTAINER).count() == 1


def test_without_root_a_probe_finds_the_engines_host_by_address_and_name() -> None:
    write(node("alpha"), pulled([WEB]))
    local = probe_node("this", address="local://")
    write(local, probe_pulled(document(docker=None)))
    assert the_host().evidence == ["engine_audit", "host_probe"]
    elsewhere = probe_node("beta", address="ssh://root@beta")
    write(elsewhere, probe_pulled(document(docker=None, host__id="machine-2")))
    assert sorted(Asset.objects.filter(kind=AssetKind.HOST).values_list("key", flat=True)) == [
        "engine:engine-1",
        "machine:machine-2",
    ]


def test_both_in_one_pull() -> None:
    alpha = node("alpha")
    alpha.reads_host = True
    alpha.save()
    write(alpha, probe_pulled(docker(), pulled([WEB])))
    host, web = the_host(), Asset.objects.get(kind=AssetKind.CONTAINER)
    assert host.evidence == ["engine_audit", "host_probe"] and results(web, of_probe=True)
    write(alpha, probe_pulled(docker(), pulled([WEB])))  # the engine's verdicts are weighed with the defences
    before = rows_written()
    write(alpha, probe_pulled(docker(), pulled([WEB])))
    assert rows_written() == before


def test_a_mended_defence_resolves_exactly_its_finding() -> None:
    alpha = probe_node()
    write(alpha, probe_pulled(document(kernel__lockdown="none", sysctls__kernel_x="0")))
    opened = set(Finding.objects.open().values_list("key", flat=True))
    assert "kernel.lockdown" in opened
    write(alpha, probe_pulled(document(sysctls__kernel_x="0")))
    assert set(Finding.objects.open().values_list("key", flat=True)) == opened - {"kernel.lockdown"}


def test_a_defence_shows_since_when_it_stands_also_when_its_evidence_changes() -> None:
    alpha = probe_node()
    write(alpha, probe_pulled(document()))
    first = Defence.objects.current().get(asset=the_host(), mechanism="lockdown")
    write(alpha, probe_pulled(document(kernel__lockdown="confidentiality")))
    second = Defence.objects.current().get(asset=the_host(), mechanism="lockdown")
    assert second.pk != first.pk and second.state_since == first.state_since
    write(alpha, probe_pulled(document(kernel__lockdown="none")))
    third = Defence.objects.current().get(asset=the_host(), mechanism="lockdown")
    assert third.state == "absent" and third.state_since > second.state_since
    assert Defence.objects.as_of(second.opened_at).get(mechanism="lockdown").pk == second.pk


def test_what_runs_no_longer_is_gone_unless_the_list_was_cut_short() -> None:
    alpha = probe_node()
    write(alpha, probe_pulled(document(confined("web"), confined("db"))))
    write(alpha, probe_pulled(document(confined("db"), containers_complete=False)))
    assert ContainerState.objects.current().count() == 2
    write(alpha, probe_pulled(document(confined("db"))))
    gone = Asset.objects.get(name="web")
    assert gone.gone_at is not None and not ContainerProbe.objects.current().filter(asset=gone).exists()
    assert not Defence.objects.current().filter(asset=gone).exists()
    write(alpha, probe_pulled(document(confined("web"), confined("db"))))
    assert Asset.objects.get(name="web").gone_at is None


def test_a_container_of_an_engine_that_has_stopped_keeps_what_the_engine_said() -> None:
    write(node("alpha"), pulled([WEB]))
    probe = probe_node()
    write(probe, probe_pulled(docker()))
    write(probe, probe_pulled(document(**DOCKER)))
    web = Asset.objects.get(name="web")
    assert web.gone_at is None and results(web, of_probe=False) and not results(web, of_probe=True)
    # That no process runs was measured.
    assert web.evidence == ["engine_configuration", "process_confinement"]
    assert not Defence.objects.current().filter(asset=web).exists()


def test_an_engine_does_not_miss_what_only_the_probe_knows() -> None:
    alpha, probe = node("alpha"), probe_node()
    write(alpha, pulled([WEB]))
    write(probe, probe_pulled(document(confined("job"), **DOCKER)))
    write(alpha, pulled([WEB]))
    assert Asset.objects.get(name="job").gone_at is None


def test_a_defence_in_force_blunts_what_the_engine_found_and_gives_the_points_back_when_it_is_lost() -> None:
    alpha, probe = node("alpha"), probe_node()
    write(alpha, pulled([WEB]))
    finding = Finding.objects.open().get(key="docker.container.no-dangerous-capabilities")
    plain = finding.points
    write(probe, probe_pulled(docker()))
    finding.refresh_from_db()
    assert finding.points < plain and any(name == "mitigation" for name, _, _ in finding.factors)
    before = rows_written()
    write(probe, probe_pulled(docker()))
    assert rows_written() == before
    write(alpha, pulled([WEB]))
    finding.refresh_from_db()
    assert finding.points < plain
    changes = {
        "process__seccomp": "disabled",
        "process__label": "unconfined",
        "process__user_map": [[0, 0, 4294967295]],
    }
    write(probe, probe_pulled(docker(**changes)))
    finding.refresh_from_db()
    assert finding.points == pytest.approx(plain)


def test_the_files_in_use_are_a_growing_set() -> None:
    alpha = probe_node()
    write(alpha, probe_pulled(document(confined("web", loaded=["/bin/a", "/lib/x.so"]))))
    write(alpha, probe_pulled(document(confined("web", loaded=["/bin/b"]))))
    seen = LoadedFiles.objects.get()
    assert seen.paths == ["/bin/a", "/bin/b", "/lib/x.so"] and seen.grown_at > seen.watched_since


def test_the_evidence_is_kept_in_parts() -> None:
    said = document(
        confined("web"),
        packages={"manager": "dpkg", "installed": [["bash", "5.2", "amd64", "bash"]]},
        not_measured={"/containers/0/bundle": "needs root", "/kernel/lockdown": "needs root"},
    )
    write(probe_node(), probe_pulled(said))
    probe = HostProbe.objects.current().get()
    of_host = read_document(probe.fingerprint)
    assert of_host is not None and "containers" not in of_host
    assert of_host["not_measured"] == {"/kernel/lockdown": "needs root"}
    packages = read_document(probe.packages_fingerprint)
    assert packages is not None and packages["installed"] == [["bash", "5.2", "amd64", "bash"]]
    of_container = read_document(ContainerProbe.objects.current().get().fingerprint)
    assert of_container is not None and of_container["not_measured"] == {"/bundle": "needs root"}


def test_loads_and_tallies_equal_a_recount() -> None:
    alpha, probe = node("alpha"), probe_node()
    write(alpha, pulled([WEB]))
    write(probe, probe_pulled(docker(process__seccomp="disabled")))
    write(alpha, pulled([WEB]))
    write(probe, probe_pulled(document(confined("job", process__no_new_privileges=False), **DOCKER)))
    for asset in Asset.objects.present():
        energies = [formula.energy(p) for p in ledger.findings_behind(asset).values_list("points", flat=True)]
        assert asset.load == pytest.approx(formula.load(sum(energies)), abs=1e-9)
    assert loads.recompute(Asset.objects.present().values_list("pk", flat=True), timezone.now()) == []
    counted: dict[tuple, int] = {}
    rows = CheckResult.objects.current().values_list("check_definition", "asset__environment", "outcome")
    for row in rows:
        counted[row] = counted.get(row, 0) + 1
    stored = Tally.objects.exclude(assets=0)
    assert {(t.check_definition_id, t.environment_id, t.outcome): t.assets for t in stored} == counted


@pytest.mark.parametrize("first", ["alpha", "alpha-host"])
def test_a_node_that_is_deleted_takes_along_only_what_it_alone_measured(first: str) -> None:
    alpha, probe = node("alpha"), probe_node()
    write(alpha, pulled([WEB]))
    write(probe, probe_pulled(docker()))
    actions.delete_node(node=Node.objects.get(name=first), by=None)
    host, web = the_host(), Asset.objects.get(name="web")
    left = "host_probe" if first == "alpha" else "engine_audit"
    assert host.evidence == [left] and web.gone_at is None
    assert results(host, of_probe=first != "alpha") == set()
    assert results(host, of_probe=first == "alpha")
    assert Defence.objects.current().filter(asset=host).exists() == (first == "alpha")
    mitigated = [f for f in Finding.objects.open() if any(name == "mitigation" for name, _, _ in f.factors)]
    assert first == "alpha" or not mitigated
    actions.delete_node(node=Node.objects.get(), by=None)
    assert Asset.objects.present().count() == 0 and not Defence.objects.current().exists()


@pytest.mark.parametrize("first", ["alpha", "alpha-host"])
def test_a_node_that_is_deleted_improves_no_bound(first: str) -> None:
    alpha, probe = node("alpha"), probe_node()
    web, bad = msgspec.structs.replace(WEB, privileged=True), docker(process__no_new_privileges=False)
    write(alpha, pulled([web]))
    write(probe, probe_pulled(bad))
    before = bands()
    actions.delete_node(node=Node.objects.get(name=first), by=None)
    after = bands()
    assert after.keys() <= before.keys() and the_host().name in after
    assert all(after[name] >= before[name] - 1e-9 for name in after)
    # What the engine told weighs more than what its absence is taken to hide; what the probe told here does not.
    lost = Asset.objects.get(name="web").lost_energy
    assert (lost > 0) == (first == "alpha")
    assert recount().differences == []
    left = Node.objects.get()
    again = pulled([web]) if left.name == "alpha" else probe_pulled(bad)
    write(left, again)
    assert Asset.objects.get(name="web").lost_energy == lost  # who stays does not make up for it
    # Measured again in every way, nothing is lost any more.
    if first == "alpha":
        write(node("alpha"), pulled([web]))
    write(left if first == "alpha" else probe_node(), probe_pulled(bad))
    assert bands() == pytest.approx(before)


def bands() -> dict[str, float]:
    kinds = (AssetKind.HOST, AssetKind.CONTAINER)
    return dict(Asset.objects.present().filter(kind__in=kinds).values_list("name", "band"))


def test_after_its_probe_left_the_engine_says_again_that_nothing_is_measured() -> None:
    alpha, probe = node("alpha"), probe_node()
    write(alpha, pulled([WEB]))
    write(probe, probe_pulled(docker()))
    Node.objects.update(next_due_at=timezone.now() + timedelta(hours=1))
    actions.delete_node(node=probe, by=None)
    assert Node.objects.get().next_due_at <= timezone.now()
    write(Node.objects.get(), pulled([WEB]))
    assert outcome(the_host(), "kernel.lockdown") == NUMBER[Outcome.NOT_MEASURED]


def test_a_probe_that_fell_silent_no_longer_counts_while_the_engine_does() -> None:
    alpha, probe = node("alpha"), probe_node()
    write(alpha, pulled([WEB]))
    write(probe, probe_pulled(docker()))
    Node.objects.update(last_success_at=timezone.now(), host_read_at=timezone.now())
    assert freshness.expire() == 0
    covered = the_host().coverage
    Node.objects.filter(pk=probe.pk).update(host_read_at=timezone.now() - timedelta(days=1))
    assert freshness.expire() == 1 and freshness.expire() == 0
    host = the_host()
    assert host.evidence == ["engine_audit"] and host.coverage < covered
    write(Node.objects.get(pk=probe.pk), probe_pulled(docker()))
    assert the_host().coverage == pytest.approx(covered)


def test_every_check_of_the_probe_has_one_result_on_a_probed_host() -> None:
    write(probe_node(), probe_pulled(document()))
    assert results(the_host(), of_probe=True) == checks_on(HostFacts)
    assert set(check_ids()) >= OF_PROBE


def test_a_node_that_stops_reading_its_host_ends_what_only_it_measured() -> None:
    alpha = node("alpha")
    alpha.reads_host = True
    alpha.save()
    write(alpha, probe_pulled(docker(), pulled([WEB])))
    running = Pull.objects.create(node=alpha, state=PullState.RUNNING, trigger=PullTrigger.SCHEDULE)
    actions.stop_reading_host(node=Node.objects.get(), by=None)
    running.refresh_from_db()
    host, web = the_host(), Asset.objects.get(name="web")
    assert host.evidence == ["engine_audit"] and web.evidence == ["engine_configuration"]
    assert web.gone_at is None and results(host, of_probe=False) and not results(host, of_probe=True)
    assert not Defence.objects.current().exists() and running.cancel_requested


def test_a_host_that_another_node_reads_too_keeps_what_is_known_of_it() -> None:
    alpha, probe = node("alpha"), probe_node()
    alpha.reads_host = True
    alpha.save()
    write(alpha, probe_pulled(docker(), pulled([WEB])))
    write(probe, probe_pulled(docker()))
    actions.stop_reading_host(node=Node.objects.get(name="alpha"), by=None)
    assert the_host().evidence == ["engine_audit", "host_probe"] and Defence.objects.current().exists()


def test_what_can_no_longer_be_measured_is_not_mended_by_that() -> None:
    """A probe that lost its rights sees less; nothing on the host became better."""
    alpha, slug = probe_node(), "kernel.lockdown"
    write(alpha, probe_pulled(document(kernel__lockdown="none")))
    finding = Finding.objects.open().get(check_definition__slug=slug)
    before = the_host()
    write(
        alpha, probe_pulled(document(kernel__lockdown=None, not_measured={"/kernel/lockdown": "needs root"}))
    )
    after = the_host()
    assert outcome(after, slug) == NUMBER[Outcome.NOT_MEASURED]
    finding.refresh_from_db()
    assert finding.is_open and after.band is not None and before.band is not None
    assert after.band >= before.band
    write(alpha, probe_pulled(document(kernel__lockdown="integrity")))
    finding.refresh_from_db()
    assert not finding.is_open, "it was measured, and is mended"
