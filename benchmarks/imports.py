"""How fast reports are imported, beside what the machine can do with the same files and the same rows.

    python -m benchmarks.imports --images 200 --vulnerabilities 300
    python -m benchmarks.imports --reports FOLDER --again FOLDER --changed FOLDER

Without folders, reports are made (`benchmarks.trivy_reports`). The files go through `manage.py import` as they are; then
with other times and nothing else changed; then with 5 % of the findings changed; one report with 20,000 findings; and all
of them again into an empty database, by 4 and by 16 commands at once. The limit is measured in the same run: the same files
read and parsed by msgspec, and the rows that the import wrote copied back into the same emptied tables, with their indexes
and constraints, in one transaction an image. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import trivy_reports
from benchmarks.installation import prepare
from benchmarks.probes import written
from benchmarks.worker import ROOT, postmaster_pid, processor_seconds

WRITTEN = ("findings_finding", "findings_openinterval", "findings_attribution")
HEARTBEAT = {"vulnerabilities_scan"}
TIMES_THE_LIMIT, DATABASE_MB = 2.0, 60.0
FINDINGS_A_SECOND, FINDINGS_A_CPU_SECOND, UNCHANGED_A_SECOND = 6_000, 1_500, 30_000
LARGE_SECONDS, LARGE_MB = 4.0, 250.0


class Took:
    """One run of `manage.py import`, or several at once. Processor seconds are of all commands and of PostgreSQL; memory is
    the largest command's, in MB."""

    def __init__(self, parts: Sequence[Sequence[Path]]) -> None:
        postmaster = postmaster_pid()
        before = processor_seconds(postmaster)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        commands = [
            subprocess.Popen(
                [sys.executable, "manage.py", "import", *map(str, part)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ,
            )
            for part in parts
        ]
        outputs = [command.communicate() for command in commands]
        self.seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.client = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        self.database = processor_seconds(postmaster) - before
        self.memory = after.ru_maxrss / 1024
        self.failed = sum(command.returncode != 0 for command in commands)
        self.answers = [json.loads(line) for out, _ in outputs for line in out.splitlines()]
        if self.failed:
            print("\n".join(err[-500:] for _, err in outputs if err))

    @property
    def findings(self) -> int:
        return sum(answer["findings"] for answer in self.answers)

    def tell(self, name: str) -> None:
        cpu = self.client + self.database
        print(
            f"  {name:22} {self.seconds:6.1f} s, {self.findings / self.seconds:7.0f} findings/s, "
            f"{self.findings / cpu:6.0f} a CPU second (command {self.client:.1f} s, PostgreSQL {self.database:.1f} s), "
            f"{self.memory:.0f} MB"
        )


def size() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def state() -> tuple[Any, ...]:
    """What was stored, without numbers and times: the same from any number of clients."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(f.severity), round(sum(f.points)::numeric, 3), count(DISTINCT v.key),"
            " md5(string_agg(a.key || f.key || f.severity, ',' ORDER BY a.key, v.key, p.name))"
            " FROM findings_finding f JOIN fleet_asset a ON a.id = f.asset_id"
            " JOIN vulnerabilities_vulnerability v ON v.id = f.vulnerability_id"
            " JOIN vulnerabilities_package p ON p.id = f.package_id WHERE f.closed_at IS NULL"
        )
        found = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM findings_attribution WHERE closed_at IS NULL")
        # Keys of findings hold the numbers of packages, which depend on who came first.
        return (*found[:4], cursor.fetchone()[0])


def limit(files: Sequence[Path]) -> float:
    """Seconds to read and parse the files, and to copy the stored rows into the same tables, emptied before."""
    import io

    import msgspec
    from django.db import connection, transaction

    started = time.perf_counter()
    for path in files:
        msgspec.json.decode(path.read_bytes())
    parsed = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT asset_id FROM findings_finding ORDER BY 1")
        assets = [row[0] for row in cursor.fetchall()]
        held: list[dict[str, str]] = []
        for asset in assets:
            rows = {}
            for table in WRITTEN:
                of = "asset_id" if table == WRITTEN[0] else "finding_id"
                which = (
                    f"asset_id = {asset}"
                    if of == "asset_id"
                    else f"finding_id IN (SELECT id FROM {WRITTEN[0]} WHERE asset_id = {asset})"
                )
                buffer = io.StringIO()
                cursor.cursor.copy_expert(f"COPY (SELECT * FROM {table} WHERE {which}) TO STDOUT", buffer)
                rows[table] = buffer.getvalue()
            held.append(rows)
        cursor.execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
    started = time.perf_counter()
    for rows in held:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")
            for table in WRITTEN:
                cursor.cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(rows[table]))
    return parsed + time.perf_counter() - started


def empty() -> None:
    """Take out what reports brought; the history of changes cannot be."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE fleet_asset, vulnerabilities_package, vulnerabilities_vulnerability, collection_upload CASCADE"
        )


def measure(folder: Path, options: argparse.Namespace) -> list[str]:
    prepare(folder / "var")
    names = ("first", "again", "changed")
    given = (options.reports, options.again, options.changed)
    files: dict[str, list[Path]] = {}
    for name, place, at, share in zip(
        names,
        given,
        ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"),
        (0, 0, 0.05),
        strict=True,
    ):
        where = place or folder / name
        if place is None:
            where.mkdir()
            trivy_reports.write(
                where, options.images, options.vulnerabilities, options.packages, at=at, changed=share
            )
        files[name] = sorted(where.glob("image-*.json"))
    megabytes = sum(path.stat().st_size for path in files["first"]) / 1e6
    print(f"{len(files['first'])} reports, {megabytes:.0f} MB")
    missed: list[str] = []

    def goal(what: str, is_met: bool) -> None:
        if not is_met:
            missed.append(what)

    before = size()
    first = Took([files["first"]])
    first.tell("first")
    database = (size() - before) / 1e6
    told = state()
    print(f"  database grew by {database:.1f} MB")
    rows = written()
    again = Took([files["again"]])
    again.tell("nothing changed")
    after = written()
    more = {name: after[name] - rows.get(name, 0) for name in after if after[name] != rows.get(name, 0)}
    print("  rows written: " + (", ".join(f"{n} {t}" for t, n in sorted(more.items())) or "none"))
    Took([files["changed"]]).tell("5 % changed")
    Took([files["first"]]).tell("5 % changed back")
    seconds = limit(files["first"])
    print(f"  limit                  {seconds:6.1f} s; first is {first.seconds / seconds:.1f} times that")
    for clients in (4, 16):
        empty()
        several = Took([files["first"][start::clients] for start in range(clients)])
        several.tell(f"{clients} clients")
        goal(f"{clients} clients store what one does", state() == told and not several.failed)
    empty()
    large = folder / "large"
    large.mkdir()
    (large / "image-0000.json").write_text(json.dumps(_large()))
    one = Took([[large / "image-0000.json"]])
    one.tell("one large report")
    cpu = first.client + first.database
    goal(f"first within {TIMES_THE_LIMIT} times the limit", first.seconds <= TIMES_THE_LIMIT * seconds)
    goal(f"{FINDINGS_A_SECOND} findings/s", first.findings / first.seconds >= FINDINGS_A_SECOND)
    goal(f"{FINDINGS_A_CPU_SECOND} findings a CPU second", first.findings / cpu >= FINDINGS_A_CPU_SECOND)
    goal(f"database at most {DATABASE_MB:.0f} MB", database <= DATABASE_MB)
    goal(f"{UNCHANGED_A_SECOND} unchanged findings/s", again.findings / again.seconds >= UNCHANGED_A_SECOND)
    goal("an unchanged round writes its heartbeat only", more.keys() <= HEARTBEAT)
    goal(f"the large report in {LARGE_SECONDS:.0f} s", one.seconds < LARGE_SECONDS)
    goal(f"the large report in {LARGE_MB:.0f} MB", one.memory < LARGE_MB)
    return missed


def _large() -> dict[str, Any]:
    """One image with 20,000 findings: four of its packages have each vulnerability of the pool."""
    whole = trivy_reports.report(0, trivy_reports.POOL, 4_000, at="2026-11-01T00:00:00Z", changed=0)
    result = whole["Results"][0]
    packages = result["Packages"]
    result["Vulnerabilities"] = [
        {
            **found,
            "PkgName": package["Name"],
            "PkgIdentifier": package["Identifier"],
            "InstalledVersion": package["Version"],
        }
        for place, found in enumerate(result["Vulnerabilities"])
        for package in (packages[(place + step * 1_000) % len(packages)] for step in range(4))
    ]
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--vulnerabilities", type=int, default=300)
    parser.add_argument("--packages", type=int, default=400)
    parser.add_argument("--reports", type=Path, help="folder of reports, image-*.json")
    parser.add_argument("--again", type=Path, help="the same with other times")
    parser.add_argument("--changed", type=Path, help="the same with some findings changed")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-bench-"))
    folder.chmod(0o711)
    try:
        missed = measure(folder, options)
        for what in missed:
            print(f"  missed: {what}")
        return 1 if missed else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
