"""The database or Redis goes away while nodes are pulled from a real engine: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.engines import Engine
from tests.platform.troubled import GOOD, PATIENCE_SECONDS, TroubledProduct
from tests.workers import HoldingProxy, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(400)]

# Longer than a lease holds without a heartbeat, so that every lease runs out meanwhile.
OUTAGE_SECONDS = float(os.environ.get("PLIMSOLL_TEST_OUTAGE_SECONDS", "8"))


@pytest.fixture
def engine(docker_engine: Engine) -> Iterator[Engine]:
    with docker_engine.container("careless", cap_add=["SYS_ADMIN"]), docker_engine.container("plain"):
        yield docker_engine


@pytest.fixture
def proxy(engine: Engine, tmp_path: Path) -> Iterator[HoldingProxy]:
    standing = HoldingProxy(tmp_path / "engine.sock", engine.address, marker=b"/containers/")
    yield standing
    standing.close()


def ids_on(engine: Engine) -> set[str]:
    client = engine.client()
    try:
        return {str(container.id) for container in client.containers.list(all=True)}
    finally:
        client.close()


def assert_it_goes_on(product: TroubledProduct, engine: Engine, node: int, worker: psutil.Process) -> None:
    """The interrupted node ends well, another is pulled as ever, and what is stored is what the engine has."""
    product.wait_healthy()
    good = product.wait_good(node)
    pulls = product.pulls(node)
    for lost in pulls:
        if lost["state"] not in GOOD and lost["id"] < good["id"]:
            assert lost["error"]["code"] in {"worker_lost", "database"}, lost["error"]
    with product.node("other", engine.address) as other:
        assert product.wait_good(other)["state"] == "succeeded"
    assert product.get(f"/nodes/{node}")["state"] == "healthy"
    assert product.containers() == ids_on(engine)
    assert len(product.rows("/hosts")) == 1
    assert worker.is_running() and product.instance.child(" worker ") == worker
    product.assert_whole()


@pytest.mark.parametrize("answers", ["during", "after"])
def test_a_pull_outlives_a_database_that_is_gone_while_it_reads(
    product: TroubledProduct, engine: Engine, proxy: HoldingProxy, answers: str
) -> None:
    worker = product.instance.child(" worker ")
    proxy.hold.set()
    with product.node("interrupted", proxy.address) as node:
        product.wait_running(node)
        wait_for("the pull to read containers", proxy.held.is_set, PATIENCE_SECONDS)
        with product.without("database"):
            if answers == "during":
                proxy.hold.clear()  # what is read now must be judged without a database
            product.stays_without("database", OUTAGE_SECONDS)
            assert product.ask("GET", "/nodes", status=503).json()["code"] == "database_unavailable"
        proxy.hold.clear()
        assert_it_goes_on(product, engine, node, worker)


def test_a_pull_outlives_a_database_that_is_gone_while_it_writes(
    product: TroubledProduct, engine: Engine
) -> None:
    worker = product.instance.child(" worker ")
    in_the_way = product.connect()
    try:
        # Readers pass, the pull's first finding waits: store is done by then, settle is not, nothing is committed.
        in_the_way.cursor().execute("LOCK TABLE findings_finding IN SHARE MODE")
        with product.node("interrupted", engine.address) as node:
            wait_for(
                "the pull to wait in the middle of its writing",
                lambda: product.query("SELECT 1 FROM pg_locks WHERE NOT granted"),
                PATIENCE_SECONDS,
            )
            with product.without("database"):
                product.stays_without("database", OUTAGE_SECONDS)
            assert_it_goes_on(product, engine, node, worker)
            steps = [step["name"] for step in product.wait_good(node)["steps"]]
            assert steps == ["connect", "collect", "judge", "store", "settle", "roll_up"]
    finally:
        in_the_way.close()


def test_queued_and_running_pulls_outlive_a_redis_that_forgets_them(
    product: TroubledProduct, engine: Engine, proxy: HoldingProxy
) -> None:
    worker, beat = product.instance.child(" worker "), product.instance.child(" beat ")
    proxy.hold.set()
    with (
        product.node("running-1", proxy.address) as first,
        product.node("running-2", proxy.address) as second,
    ):
        product.wait_running(first)
        product.wait_running(second)
        with (
            product.node("queued-1", engine.address) as third,
            product.node("queued-2", engine.address) as last,
        ):
            assert {product.pulls(node)[0]["state"] for node in (third, last)} == {"queued"}
            with product.without("redis"):
                status, checks = product.health()
                assert (status, checks["redis"], checks["database"]) == (503, "failing", "ok")
            product.wait_healthy()
            proxy.hold.clear()
            for node in (first, second, third, last):
                assert product.wait_good(node)["state"] == "succeeded"
                assert len(product.pulls(node)) == 1, "a pull was lost or doubled"
            # Beat goes on: what is changed is due, and nobody but the schedule asks for it.
            product.ask("PATCH", f"/nodes/{last}", json={"address": proxy.address})
            wait_for("the schedule's own pull", lambda: len(product.pulls(last)) == 2, PATIENCE_SECONDS)
            again = product.ended_pull(product.pulls(last)[1]["id"])
            assert (again["trigger"], again["state"]) == ("schedule", "succeeded")
            assert product.instance.child(" worker ") == worker
            assert product.instance.child(" beat ") == beat
            product.assert_whole()
