"""A whole Plimsoll on a PostgreSQL and a Redis that a test may take away, and what must hold whatever happened."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from posture.platform.embedded import Embedded
from posture.risk.formula import EXPONENT
from tests.e2e.product import ENDED, Product
from tests.platform.instances import ROOT, Instance
from tests.workers import wait_for

# Generous: several engines, servers and tests may share the machine's processors.
PATIENCE_SECONDS = 120.0
LEASE_SECONDS = 6
GOOD = ("succeeded", "partial")


class TroubledProduct(Product):
    """The product with its two servers in the test's hands. They are not durable: a stopped Redis forgets its queue."""

    def __init__(self, instance: Instance, database: Embedded, broker: Embedded) -> None:
        super().__init__(instance)
        self.database, self.broker = database, broker
        self.database_url = instance.more["DATABASE_URL"]

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | {"PLIMSOLL_VAR": str(self.instance.var)} | self.instance.more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # -- what is there

    def connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(self.database_url)

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def pulls(self, node: int) -> list[dict[str, Any]]:
        """The node's pulls, the oldest first."""
        return sorted(self.rows("/pulls", node=node), key=lambda pull: int(pull["id"]))

    def wait_running(self, node: int) -> dict[str, Any]:
        def running() -> dict[str, Any] | None:
            return next((pull for pull in self.pulls(node) if pull["state"] == "running"), None)

        return dict(wait_for(f"a running pull of node {node}", running, PATIENCE_SECONDS))

    def wait_good(self, node: int) -> dict[str, Any]:
        """The first pull of the node that stored something."""

        def good() -> dict[str, Any] | None:
            return next((pull for pull in self.pulls(node) if pull["state"] in GOOD), None)

        return dict(wait_for(f"a good pull of node {node}", good, PATIENCE_SECONDS))

    def ended_pull(self, pull: int) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            answer = dict(self.get(f"/pulls/{pull}"))
            return answer if answer["state"] in ENDED else None

        return dict(wait_for(f"the end of pull {pull}", ended, PATIENCE_SECONDS))

    def wait_failed(self, node: int) -> dict[str, Any]:
        def failed() -> dict[str, Any] | None:
            answer = dict(self.get(f"/nodes/{node}"))
            return answer if answer["last_error"] else None

        return dict(wait_for(f"an error on node {node}", failed, PATIENCE_SECONDS))

    @contextmanager
    def node(self, name: str, address: str, **more: Any) -> Iterator[int]:
        """A registered node, forgotten afterwards; gives its id. It is not due again by itself."""
        made = self.add_node(name, address, **{"interval_seconds": 86400} | more)
        try:
            yield int(made["id"])
        finally:
            self.delete(f"/nodes/{made['id']}")

    # -- troubles

    def health(self) -> tuple[int, dict[str, str]]:
        status, body = self.instance.get("/healthz")
        return status, body["checks"]  # type: ignore[return-value]

    def wait_healthy(self) -> None:
        wait_for("good health", lambda: self.health()[0] == 200, PATIENCE_SECONDS)

    @contextmanager
    def without(self, server: str) -> Iterator[None]:
        """Neither `database` nor `redis`, whichever is named, answers inside this block."""
        embedded = self.database if server == "database" else self.broker
        embedded.stop()
        try:
            wait_for(f"{server} to be missed", lambda: self.health()[1][server] == "failing")
            yield
        finally:
            embedded.start()

    def stays_without(self, server: str, seconds: float) -> None:
        """For so long health says 503 and which server is missing, and the worker lives."""
        worker = self.instance.child(" worker ")

        def is_over() -> bool:
            status, checks = self.health()
            assert (status, checks[server], checks["web"]) == (503, "failing", "ok")
            assert worker.is_running()
            return time.monotonic() > until

        until = time.monotonic() + seconds
        wait_for(f"{seconds:g} s without {server}", is_over, seconds + PATIENCE_SECONDS)

    # -- what must hold

    def assert_whole(self) -> None:
        """Nothing is half-written, nothing doubled, and every figure equals a recount."""
        assert self.query("SELECT count(*) FROM fleet_pull WHERE state IN ('queued', 'running')") == [(0,)]
        self.assert_never_pulled_twice_at_once()
        for nothing in (
            # containers twice on a host, and assets of the present without a state
            "SELECT host_id, engine_container_id FROM fleet_containerstate WHERE closed_at IS NULL"
            " GROUP BY 1, 2 HAVING count(*) > 1",
            "SELECT id FROM fleet_asset a WHERE gone_at IS NULL AND kind = 'container' AND NOT EXISTS"
            " (SELECT FROM fleet_containerstate s WHERE s.asset_id = a.id AND s.closed_at IS NULL)",
            "SELECT id FROM fleet_asset a WHERE gone_at IS NULL AND kind = 'host' AND NOT EXISTS"
            " (SELECT FROM fleet_hoststate s WHERE s.asset_id = a.id AND s.closed_at IS NULL)",
            # findings are the failed results of the present, each open in exactly one interval
            "(SELECT asset_id, check_id FROM compliance_checkresult WHERE closed_at IS NULL AND outcome = 1)"
            " EXCEPT (SELECT asset_id, check_id FROM findings_finding WHERE closed_at IS NULL)",
            "(SELECT asset_id, check_id FROM findings_finding WHERE closed_at IS NULL)"
            " EXCEPT (SELECT asset_id, check_id FROM compliance_checkresult WHERE closed_at IS NULL AND outcome = 1)",
            # (an interval that begins where another ends is new evidence of the same opening)
            "SELECT f.id FROM findings_finding f LEFT JOIN findings_openinterval i ON i.finding_id = f.id"
            " GROUP BY f.id HAVING count(i.id) FILTER (WHERE NOT EXISTS (SELECT FROM findings_openinterval b"
            " WHERE b.finding_id = f.id AND b.closed_at = i.opened_at)) <> f.times_opened"
            " OR count(i.id) FILTER (WHERE i.closed_at IS NULL) <> (f.closed_at IS NULL)::int",
            "SELECT a.id, b.id FROM findings_openinterval a JOIN findings_openinterval b"
            " ON a.finding_id = b.finding_id AND a.id < b.id WHERE a.opened_at < coalesce(b.closed_at, 'infinity')"
            " AND b.opened_at < coalesce(a.closed_at, 'infinity')",
            # tallies
            "(SELECT check_id, environment_id, outcome, assets FROM compliance_tally WHERE assets <> 0) EXCEPT"
            " (SELECT r.check_id, a.environment_id, r.outcome, count(*) FROM compliance_checkresult r"
            " JOIN fleet_asset a ON a.id = r.asset_id WHERE r.closed_at IS NULL GROUP BY 1, 2, 3)",
            "(SELECT r.check_id, a.environment_id, r.outcome, count(*) FROM compliance_checkresult r"
            " JOIN fleet_asset a ON a.id = r.asset_id WHERE r.closed_at IS NULL GROUP BY 1, 2, 3) EXCEPT"
            " (SELECT check_id, environment_id, outcome, assets FROM compliance_tally)",
        ):
            assert self.query(nothing) == [], nothing
        self._assert_loads_equal_a_recount()

    def assert_never_pulled_twice_at_once(self) -> None:
        assert (
            self.query(
                "SELECT a.id, b.id FROM fleet_pull a JOIN fleet_pull b ON a.node_id = b.node_id AND a.id < b.id"
                " WHERE a.started_at < coalesce(b.finished_at, 'infinity')"
                " AND b.started_at < coalesce(a.finished_at, 'infinity')"
            )
            == []
        )

    def _assert_loads_equal_a_recount(self) -> None:
        loads = self.query(
            """
            WITH own AS (
                SELECT a.id, a.kind, a.host_id, a.load, coalesce(sum(power(f.points, %s)), 0) AS energy
                FROM fleet_asset a
                LEFT JOIN findings_finding f ON f.asset_id = a.id AND f.closed_at IS NULL
                WHERE a.gone_at IS NULL GROUP BY a.id
            ), used AS (
                SELECT DISTINCT host_id, image_id FROM fleet_containerstate
                WHERE closed_at IS NULL AND image_id IS NOT NULL AND status IN ('running', 'paused', 'restarting')
            )
            SELECT own.id, own.kind, own.load, own.energy
                + coalesce((SELECT sum(c.energy) FROM own c WHERE c.host_id = own.id), 0)
                + coalesce((SELECT sum(i.energy) FROM used JOIN own i ON i.id = used.image_id
                            WHERE used.host_id = own.id), 0)
            FROM own
            """,
            EXPONENT,
        )
        for asset, kind, load, energy in loads:
            assert load == pytest.approx(energy ** (1 / EXPONENT), abs=1e-6), (asset, kind)

    def containers(self) -> set[str]:
        """Engine ids of the containers of the present."""
        return {
            row[0]
            for row in self.query(
                "SELECT engine_container_id FROM fleet_containerstate WHERE closed_at IS NULL"
            )
        }


@contextmanager
def troubled_product() -> Iterator[TroubledProduct]:
    """A ready product with two workers, a short lease and a fast beat; its end must be clean."""
    with ExitStack() as stack:
        # Not below pytest's own folder: every pytest of the machine closes that to PostgreSQL's user when it starts.
        folder = Path(tempfile.mkdtemp(prefix="plimsoll-troubled-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        database = Embedded(folder / "database", die_with_parent=True, durable=False, broker=False)
        broker = Embedded(folder / "broker", die_with_parent=True, durable=False, database=False)
        more = {
            "DATABASE_URL": database.start().database_url,
            "PLIMSOLL_LEASE_SECONDS": str(LEASE_SECONDS),
            "PLIMSOLL_TICK_SECONDS": "0.5",
            "PLIMSOLL_WORKERS": "2",
            "PLIMSOLL_SCANS": "0",
            "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        }
        stack.callback(database.stop)
        more["REDIS_URL"] = broker.start().redis_url
        stack.callback(broker.stop)
        with Instance(folder / "var", None, **more) as instance:
            instance.wait_ready()
            yield TroubledProduct(instance, database, broker)
            assert instance.end()[0] == 0
