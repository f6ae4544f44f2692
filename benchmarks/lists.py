"""How long lists take on a large fleet: every resource's default page, each ordering, each filter, facets, groups of the
kernel defence matrix, as_of; and the pages of insight.

`python -m benchmarks.lists --hosts 10000 --containers 200000 --findings 200` seeds an installation of its own (`--var`,
kept for the next run), asks each question several times through the whole stack below the web server, and prints p50 and p95 in
milliseconds. `--slow 100` prints only what takes longer. Exit code 1 when a default page's p95 passes 100 ms or an
ordering's or filter's 300 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.installation import prepare

DEFAULT_PAGE_MS = 100.0
OFFERED_MS = 300.0
ASKED = 7


def questions(client: Any) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(what it is, path, parameters): what the resources declare, with values that their facets offer."""
    from datetime import timedelta

    from django.utils import timezone

    from posture.api import router
    from posture.base.filtersets import Ids, Search
    from posture.base.views import ResourceViewSet
    from posture.fleet.models import Environment

    day_ago = (timezone.now() - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    for prefix, view, _ in router.registry:
        if not issubclass(view, ResourceViewSet):
            continue
        path = f"/api/v1/{prefix}"
        yield "default", path, {}
        for name in view.orderings:
            yield "ordering", path, {"ordering": name}
        for facet in client.get(f"{path}/facets").json()["facets"]:
            counted = [v for v in facet["values"] if v["count"]["value"]]
            rare_and_common = [counted[0], counted[-1]] if len(counted) > 1 else counted
            for value in rare_and_common:
                yield "filter", path, {facet["name"]: value["value"]}
                for name in view.orderings:
                    yield "filter", path, {facet["name"]: value["value"], "ordering": name}
        for name, item in view.filterset_class.base_filters.items():
            if isinstance(item, Search):
                yield "filter", path, {name: "web-00"}
            elif isinstance(item, Ids):
                yield "filter", path, {name: str(identity(name))}
        if view.supports_as_of:
            yield "as_of", path, {"as_of": day_ago}
            for name in view.orderings:
                yield "as_of", path, {"as_of": day_ago, "ordering": name}
            yield "as_of", f"{path}/facets", {"as_of": day_ago}
        yield "facets", f"{path}/facets", {}
        for name in getattr(view, "group_columns", ()):
            yield "groups", f"{path}/groups", {"by": name}
        if hasattr(view, "divergence"):
            yield "divergence", f"{path}/divergence", {}
    slug = Environment.objects.order_by("pk").values_list("slug", flat=True)[0]
    for by in ("severity", "kind", "environment", "team"):
        yield "insight", "/api/v1/trends", {"by": by}
        yield "insight", "/api/v1/remediation", {"by": by}
    for name in ("remediation", "burn-down"):
        yield "insight", f"/api/v1/{name}", {"environment": slug}
    yield "insight", "/api/v1/burn-down", {}
    yield "insight", "/api/v1/annotations", {}
    yield "insight", "/api/v1/changes", {"from": day_ago}
    yield "insight", "/api/v1/actions", {}
    yield "insight", "/api/v1/notifications", {}


def identity(name: str) -> int:
    from posture.fleet.models import Asset, Node

    if name == "node":
        return Node.objects.values_list("pk", flat=True)[10]
    kind = name if name in ("host", "image") else "container"
    return Asset.objects.filter(kind=kind).order_by("pk").values_list("pk", flat=True)[10]


def measure(client: Any, path: str, parameters: dict[str, str]) -> list[float]:
    times = []
    for _ in range(ASKED):
        started = time.perf_counter()
        response = client.get(path, parameters)
        times.append((time.perf_counter() - started) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{path} {parameters}: {response.status_code} {response.content[:300]!r}")
        if sum(times) > 5000:
            break
    return sorted(times)


def p95(times: list[float]) -> float:
    return times[min(len(times) - 1, round(0.95 * (len(times) - 1)))]


def run(client: Any, *, slow: float, only: str) -> bool:
    """Print the table; true when every target is met."""
    met = True
    worst: dict[str, float] = {}
    print(f"{'p50 ms':>9} {'p95 ms':>9}  question")
    for kind, path, parameters in questions(client):
        if only not in path:
            continue
        times = measure(client, path, parameters)
        high = p95(times)
        worst[kind] = max(worst.get(kind, 0.0), high)
        limit = {"default": DEFAULT_PAGE_MS, "ordering": OFFERED_MS, "filter": OFFERED_MS}.get(kind)
        missed = limit is not None and high > limit
        met = met and not missed
        if high >= slow or missed:
            asked = "&".join(f"{name}={value}" for name, value in parameters.items())
            mark = "  over target" if missed else ""
            print(f"{statistics.median(times):9.1f} {high:9.1f}  {kind:8} {path}?{asked}{mark}", flush=True)
    for kind, high in worst.items():
        print(f"worst p95, {kind}: {high:.1f} ms")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--containers", type=int, default=200_000)
    parser.add_argument("--findings", type=int, default=0, help="vulnerabilities in each image, about")
    parser.add_argument("--slow", type=float, default=0.0, metavar="MS", help="print only what takes longer")
    parser.add_argument("--only", default="", help="only paths that contain this")
    parser.add_argument("--var", type=Path, default=Path("var/bench-lists").resolve())
    options = parser.parse_args()
    prepare(options.var)
    from django.core.management import call_command
    from django.test import Client

    from posture.accounts.models import User
    from posture.fleet.models import Asset

    if not Asset.objects.exists():
        call_command("seed", hosts=options.hosts, containers=options.containers, findings=options.findings)
    user = User.objects.filter(username="bench").first()
    if user is None:
        user = User.objects.create_user("bench", role="administrator")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    import posture.wsgi  # noqa: F401  what the web server loads before it answers

    return 0 if run(client, slow=options.slow, only=options.only) else 1


if __name__ == "__main__":
    sys.exit(main())
