"""How many hosts one worker pulls in a minute through the agents of the host probe, and what that costs and writes.

    python -m benchmarks.probes one  --containers 10
    python -m benchmarks.probes many --nodes 1000 --containers 10

Agents are replayed over real TLS (`benchmarks.agents`). `one` says how long each step takes, in the middle of many
pulls, and how many queries it needs; with `--profile FILE` it leaves a profile of the unchanged pulls. `many` runs a
real Celery worker with two processes twice over all nodes, and lists every row that the second, unchanged round wrote.
Exit code 1 when a round stays below 1,000 pulls a minute, or the unchanged one wrote more than its pulls and nodes.
"""

from __future__ import annotations

import argparse
import cProfile
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.installation import prepare
from benchmarks.pulls import pull
from benchmarks.worker import ROOT, Round, pull_all

PULLS_A_MINUTE = 1000
MAY_BE_WRITTEN = {"fleet_pull", "fleet_node"}
ASKED = 30


@contextmanager
def replay(folder: Path, agents: int, containers: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.agents", "--dir", str(folder)]
    process = subprocess.Popen(
        [*command, "--agents", str(agents), "--containers", str(containers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        word, _, size = process.stdout.readline().strip().partition(" ")
        if word != "ready":
            raise SystemExit("the replay server did not start")
        print(f"{agents} hosts x {containers} containers, documents of {int(size) / 1000:.0f} kB")
        yield
    finally:
        process.terminate()
        process.wait()


def register(folder: Path) -> list[Any]:
    """A node for every port, opened as an enrolled one is: with a pinned certificate and a bearer token."""
    from posture.fleet import credentials
    from posture.fleet.models import Environment, Node
    from scanners.records import Credential

    environment, _ = Environment.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    certificate, token = ((folder / name).read_text() for name in ("certificate.pem", "token"))
    credential = Credential(ca_certificate=certificate, token=token)
    Node.objects.bulk_create(
        Node(
            name=f"host-{number:04}",
            kind="probe",
            address=f"https://127.0.0.1:{port}",
            environment=environment,
            credential=credentials.seal(credential),
            credential_parts=credentials.parts_of(credential),
            interval_seconds=86_400,
        )
        for number, port in enumerate((folder / "ports").read_text().split(), 1)
    )
    return list(Node.objects.order_by("name"))


def one(folder: Path, containers: int, profile: Path | None) -> bool:
    from django.db import connection

    with replay(folder, ASKED, containers):
        prepare(folder / "var")
        import_module("posture.collection.pipeline")  # as a worker has before its first pull
        nodes = register(folder)
        asked: list[str] = []

        def count(execute: Any, sql: str, *rest: Any) -> Any:
            asked.append(sql)
            return execute(sql, *rest)

        pull(nodes[0])  # what a worker does once: the catalogue, first imports
        with connection.execute_wrapper(count):
            for name in ("first", "unchanged"):
                asked.clear()
                watch = cProfile.Profile()
                if profile and name == "unchanged":
                    watch.enable()
                found = [pull(node) for node in nodes[1:]]
                watch.disable()
                if profile and name == "unchanged":
                    watch.dump_stats(profile)
                steps = {step: statistics.median(f[1][step] for f in found) * 1000 for step in found[0][1]}
                print(
                    f"  {name:10} {statistics.median(f[0] for f in found) * 1000:6.1f} ms, "
                    f"{len(asked) / len(found):5.1f} queries   "
                    + ", ".join(f"{step} {ms:.1f}" for step, ms in steps.items())
                )
    return True


def written() -> dict[str, int]:
    """Rows inserted, updated and deleted so far, by table."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables")
        return dict(cursor.fetchall())


def many(folder: Path, nodes: int, containers: int) -> bool:
    with replay(folder, nodes, containers):
        prepare(folder / "var")
        from django.db import connection
        from django.utils import timezone

        from posture.fleet.models import Node

        register(folder)
        first = pull_all(folder, nodes)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
        Node.objects.update(next_due_at=timezone.now())
        before = written()
        second = pull_all(folder, nodes)
        after = written()
    rows = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    for name, found in (("first", first), ("unchanged", second)):
        _print(name, found)
    print(f"  database after the first round: {size / 1e6:.0f} MB, {size / nodes / 1000:.1f} kB a host")
    print("  rows written by the unchanged round: " + ", ".join(f"{n} {t}" for t, n in sorted(rows.items())))
    return min(first.per_minute, second.per_minute) >= PULLS_A_MINUTE and rows.keys() <= MAY_BE_WRITTEN


def _print(name: str, found: Round) -> None:
    print(
        f"  {name:10} {found.per_minute:6.0f} pulls/min   CPU: worker {found.worker_seconds:.1f} s, "
        f"PostgreSQL {found.database_seconds:.1f} s = "
        f"{(found.worker_seconds + found.database_seconds) / found.pulls * 1000:.0f} ms a pull; "
        f"everything {found.machine_seconds / found.seconds:.2f} processors   "
        f"memory of the worker: {found.together / 1e6:.0f} MB in all, {found.largest / 1e6:.0f} MB the largest process"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("one", "many"))
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--containers", type=int, default=10)
    parser.add_argument("--profile", type=Path, metavar="FILE", help="for pstats; only with “one”")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-bench-"))
    folder.chmod(0o711)
    try:
        if options.what == "one":
            return 0 if one(folder, options.containers, options.profile) else 1
        return 0 if many(folder, options.nodes, options.containers) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
