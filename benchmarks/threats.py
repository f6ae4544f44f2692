"""How long it takes until every load says that vulnerabilities are exploited, when CISA lists some that are all over the fleet.

    python -m benchmarks.threats --findings 100000

It works on the installation that `benchmarks.lists` seeds (`--var`): vulnerabilities that are not listed yet are taken until
they have that many open findings, and a list with them is loaded as a feed from a file, which recomputes points, keeps what they
were, recomputes the loads of images and of the hosts that run them, reviews decisions, toxic combinations and deadlines.
Exit code 1 when that takes 5 s or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.installation import prepare

MOST_SECONDS = 5.0


def chosen(findings: int) -> tuple[list[str], int]:
    """Names of vulnerabilities with about so many open findings in all, and with how many exactly."""
    from django.db.models import Count

    from posture.findings.models import Finding
    from posture.vulnerabilities.models import Vulnerability

    unlisted = Vulnerability.objects.filter(exploited_since=None)
    names = dict(unlisted.values_list("pk", "key"))
    rows = (
        Finding.objects.open()
        .filter(vulnerability__in=unlisted)
        .values_list("vulnerability")
        .annotate(number=Count("*"))
        .order_by("-number", "vulnerability")
    )
    taken, total = [], 0
    for pk, number in rows:
        if total >= findings:
            break
        taken.append(names[pk])
        total += number
    return taken, total


def measure(names: list[str]) -> float:
    from posture.collection import feeds
    from posture.vulnerabilities.models import Feed

    listed = [
        {
            "cveID": name,
            "vulnerabilityName": name,
            "dateAdded": str(date.today()),
            "dueDate": "2099-12-31",
            "knownRansomwareCampaignUse": "Unknown",
        }
        for name in names
    ]
    feed = Feed.objects.get(name="CISA KEV")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kev.json"
        path.write_text(
            json.dumps({"catalogVersion": str(time.time()), "count": len(listed), "vulnerabilities": listed})
        )
        started = time.perf_counter()
        feeds.load(feed, path, by=None)
        return time.perf_counter() - started


def already_listed() -> list[str]:
    from posture.vulnerabilities.models import Vulnerability

    return list(Vulnerability.objects.exclude(exploited_since=None).values_list("key", flat=True))


def run(findings: int) -> bool:
    from posture.findings.models import Finding

    names, touched = chosen(findings)
    if not names:
        raise SystemExit("Nothing is left to list: seed the installation anew.")
    seconds = measure([*already_listed(), *names])
    heavier: Any = Finding.objects.open().filter(
        vulnerability__key__in=names, factors__contains=[["threat", "known to be exploited (CISA KEV)", 1.2]]
    )
    if (found := heavier.count()) != touched:
        raise SystemExit(f"{found:,} of {touched:,} findings say that they are exploited.")
    print(
        f"  {len(names):,} vulnerabilities listed, {touched:,} of {Finding.objects.count():,} findings: {seconds:.2f} s"
    )
    return seconds < MOST_SECONDS


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--var", type=Path, default=Path("var/bench-lists").resolve())
    options = parser.parse_args()
    prepare(options.var)
    return 0 if run(options.findings) else 1


if __name__ == "__main__":
    sys.exit(main())
