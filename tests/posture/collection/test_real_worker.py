"""Pulls by a real Celery worker from a real engine: killed in the middle, cancelled, deleted, Redis restarted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from posture.collection import actions
from posture.collection.tasks import enqueue
from posture.defences.models import Defence
from posture.findings.models import Finding, OpenInterval
from posture.fleet import credentials
from posture.fleet.choices import NodeKind, NodeState, PullState
from posture.fleet.models import Asset, ContainerState, Node, Pull
from scanners.defences.mechanisms import HOST
from scanners.records import AssetKind
from tests.engines import Engine, SshServer
from tests.posture.collection.pulls import environment
from tests.workers import HoldingProxy, a_worker, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def engine(docker_engine: Engine) -> Iterator[Engine]:
    """An engine with one careful and one careless container."""
    careful = {"read_only": True, "user": "1000", "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
    with (
        docker_engine.container("careful", **careful),
        docker_engine.container("careless", cap_add=["SYS_ADMIN"]),
    ):
        yield docker_engine


@pytest.fixture
def proxy(engine: Engine, tmp_path: Path) -> Iterator[HoldingProxy]:
    standing = HoldingProxy(tmp_path / "engine.sock", engine.address, marker=b"/containers/")
    yield standing
    standing.close()


def register(address: str, name: str = "alpha", **changes: object) -> Node:
    return Node.objects.create(name=name, address=address, environment=environment(), **changes)


def ended(node: Node, *states: PullState) -> Pull | None:
    return Pull.objects.filter(
        node=node, state__in=states or (PullState.SUCCEEDED, PullState.PARTIAL)
    ).first()


def test_beat_claims_a_new_node_and_the_worker_pulls_it(engine: Engine, tmp_path: Path) -> None:
    node = register(engine.address)
    with a_worker(tmp_path / "worker.log"):
        pull = wait_for("the first pull", lambda: ended(node))
    node.refresh_from_db()
    assert pull.trigger == "schedule" and [step["name"] for step in pull.steps] == [
        "connect", "collect", "judge", "store", "settle", "roll_up",
    ]  # fmt: skip
    assert node.state == NodeState.HEALTHY and node.host is not None and node.next_due_at > timezone.now()
    assert ContainerState.objects.current().exists() and Finding.objects.open().exists()


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(proxy: HoldingProxy, tmp_path: Path) -> None:
    node = register(proxy.address)
    proxy.hold.set()
    with a_worker(tmp_path / "first.log") as doomed:
        wait_for(
            "the pull to be in the middle", lambda: proxy.held.is_set() and ended(node, PullState.RUNNING)
        )
        doomed.kill()
        killed_at = timezone.now()
    assert not Asset.objects.exists(), "something was half-written"
    proxy.hold.clear()
    with a_worker(tmp_path / "second.log"):
        pull = wait_for("the pull after the kill", lambda: ended(node))
    lost = Pull.objects.get(node=node, state=PullState.FAILED)
    assert lost.error is not None and lost.error["code"] == "worker_lost"
    # One lease is 6 s here; the second worker's own start is not part of it but is waited for all the same.
    assert pull.queued_at - killed_at < timedelta(seconds=6 + 4)
    hosts = Asset.objects.filter(kind=AssetKind.HOST)
    assert hosts.count() == 1 and Pull.objects.active().count() == 0
    names = list(ContainerState.objects.current().values_list("engine_container_id", flat=True))
    assert len(names) == len(set(names)) == pull.counts["containers"]
    intervals = OpenInterval.objects.filter(closed_at__isnull=True).count()
    assert intervals == Finding.objects.open().count() == Finding.objects.count()


def test_a_running_pull_can_be_cancelled_and_writes_nothing(proxy: HoldingProxy, tmp_path: Path) -> None:
    node = register(proxy.address)
    proxy.hold.set()
    with a_worker(tmp_path / "worker.log"):
        pull = wait_for("the pull", lambda: proxy.held.is_set() and ended(node, PullState.RUNNING))
        actions.cancel_pull(pull=pull, by=None)
        wait_for("the cancel", lambda: ended(node, PullState.CANCELLED))
    node.refresh_from_db()
    assert not Asset.objects.exists() and node.consecutive_failures == 0


def test_a_node_deleted_while_it_is_pulled_leaves_nothing_behind(proxy: HoldingProxy, tmp_path: Path) -> None:
    node = register(proxy.address)
    proxy.hold.set()
    with a_worker(tmp_path / "worker.log"):
        wait_for("the pull", lambda: proxy.held.is_set() and ended(node, PullState.RUNNING))
        actions.delete_node(node=node, by=None)
        proxy.hold.clear()
        other = register(proxy.address, "beta")
        wait_for("the worker to go on with others", lambda: ended(other))
    assert not Node.objects.filter(name="alpha").exists()
    assert Asset.objects.filter(kind=AssetKind.HOST).count() == 1


def test_two_deliveries_of_one_pull_are_one_pull(engine: Engine, tmp_path: Path) -> None:
    node = register(engine.address, next_due_at=timezone.now() + timedelta(hours=1))
    pull = actions.pull_now(node=node, by=None)
    for _ in range(5):
        enqueue(pull.pk, str(pull.token))
    with a_worker(tmp_path / "worker.log"):
        wait_for("the pull", lambda: ended(node))
    assert Pull.objects.filter(node=node).count() == 1
    assert Asset.objects.filter(kind=AssetKind.HOST).count() == 1


def test_a_failing_node_never_touches_another(engine: Engine, tmp_path: Path) -> None:
    bad = register(f"unix://{tmp_path}/nothing.sock", "bad")
    good = register(engine.address, "good")
    with a_worker(tmp_path / "worker.log"):
        wait_for("the failure", lambda: ended(bad, PullState.FAILED))
        wait_for("the success", lambda: ended(good))
    bad.refresh_from_db()
    assert bad.state == NodeState.FAILING and bad.last_error is not None and bad.last_error["detail"]
    assert bad.next_due_at > timezone.now()


def test_the_worker_probes_this_machine(tmp_path: Path) -> None:
    node = register("local://", "this machine", kind=NodeKind.PROBE)
    with a_worker(tmp_path / "worker.log"):
        pull = wait_for("the first pull", lambda: ended(node))
    node.refresh_from_db()
    assert node.host is not None and node.host.evidence == ["host_probe"]
    assert node.engine is not None and node.engine["name"] == "host probe"
    assert node.host_read_at == node.last_success_at and pull.counts["results"] > 20
    assert Defence.objects.current().filter(asset=node.host).count() == len(HOST)


def test_the_worker_reads_an_engine_and_its_host_over_one_connection(
    engine: Engine, ssh_server: SshServer, tmp_path: Path
) -> None:
    credential = ssh_server.credential
    node = register(
        ssh_server.address(engine.socket_path),
        reads_host=True,
        credential=credentials.seal(credential),
        credential_parts=credentials.parts_of(credential),
    )
    with a_worker(tmp_path / "worker.log"):
        wait_for("the first pull", lambda: ended(node))
    careless = Asset.objects.get(kind=AssetKind.CONTAINER, name="careless")
    assert careless.evidence == ["engine_configuration", "process_confinement"]
    assert careless.host is not None and careless.host.evidence == ["engine_audit", "host_probe"]
    states = dict(Defence.objects.current().filter(asset=careless).values_list("mechanism", "state"))
    assert states["seccomp-filter"] == "enforcing"
