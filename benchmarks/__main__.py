"""`make bench`: every benchmark, one after the other. Environment: BENCH_NODES, BENCH_HOSTS, BENCH_CONTAINERS,
BENCH_FINDINGS (vulnerabilities in each image)."""

from __future__ import annotations

import os
import subprocess
import sys

NODES = os.environ.get("BENCH_NODES", "1000")
HOSTS = os.environ.get("BENCH_HOSTS", "10000")
CONTAINERS = os.environ.get("BENCH_CONTAINERS", "100000")
FINDINGS = os.environ.get("BENCH_FINDINGS", "300")
LARGE_FLEET = ("--hosts", HOSTS, "--containers", CONTAINERS, "--findings", FINDINGS)
BENCHMARKS = (
    ("benchmarks.pulls", "one", "--containers", "500"),
    ("benchmarks.pulls", "many", "--nodes", NODES, "--containers", "50"),
    ("benchmarks.probe", "--containers", "200"),
    ("benchmarks.probes", "many", "--nodes", NODES, "--containers", "10"),
    ("benchmarks.imports", "--images", "200", "--vulnerabilities", "300"),
    ("benchmarks.matching", "--images", "50000"),
    ("benchmarks.lists", *LARGE_FLEET, "--slow", "100"),
    ("benchmarks.threats",),
)


def main() -> int:
    failed = [
        module for module, *options in BENCHMARKS if subprocess.call([sys.executable, "-m", module, *options])
    ]
    for module in failed:
        print(f"{module}: a target was missed or it could not be measured")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
