"""How long it takes to match new advisories against the packages of a fleet, and to answer "are we affected?".

    python -m benchmarks.matching --images 50000 --packages 400

The fleet is written straight into the tables: images that share their packages as real ones do, a few in most of them and
many in few. Then feeds are loaded as from files: one of 2,000 advisories, one more advisory, and the same file again.
First of all, versions are compared by themselves.
Exit code 1 when 2,000 take 10 s or more, one advisory or any answer 1 s or more, or fewer than 200,000 versions are
compared in a second.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.installation import prepare

DISTINCT, VERSIONS = 12_000, 5  # names of packages, and versions of each
ADVISORIES = 2_000
MOST_SECONDS = {"2,000 new advisories": 10.0, "one new advisory": 1.0}
ANSWER_SECONDS = 1.0
COMPARISONS_PER_SECOND = 200_000
VERSION_FORMS = {"deb": "1:{}.{}-{}+deb12u1", "rpm": "{}.{}-{}.el8_6", "golang": "v0.{}.{}"}


def seed(images: int, packages: int, chance: random.Random) -> None:
    """Images with their lists of packages; a container of every fourth."""
    from django.db import connection, transaction
    from django.utils import timezone

    from posture.base import upsert
    from posture.fleet import ingest as fleet
    from posture.images.models import Image
    from posture.vulnerabilities.ingest import ensure_packages
    from posture.vulnerabilities.models import PackageList
    from scanners.records import AssetKind
    from scanners.reported import ReportedPackage

    at = timezone.now()
    known = [
        ReportedPackage(
            ecosystem="deb",
            namespace="debian",
            name=f"package-{name:05}",
            version=f"1.{version}.0-1",
            architecture="amd64",
            distribution="debian-12",
        )
        for name in range(DISTINCT)
        for version in range(VERSIONS)
    ]
    ids: list[int] = []
    for start in range(0, len(known), 5_000):
        part = known[start : start + 5_000]
        found = ensure_packages(part, at)
        ids += [found[package.key] for package in part]
    names = range(DISTINCT)
    weights = [1 / (name + 20) for name in names]
    with transaction.atomic():
        for start in range(0, images, 5_000):
            count = min(5_000, images - start)
            assets = fleet.store_assets(
                AssetKind.IMAGE,
                {
                    f"sha256:{number:064x}": f"registry/image:{number}"
                    for number in range(start, start + count)
                },
                environment_id=None,
                host_id=None,
                at=at,
            )
            upsert.copy(
                Image,
                (
                    "asset_id",
                    "digest",
                    "fingerprint",
                    "os",
                    "architecture",
                    "size_bytes",
                    "user",
                    "has_healthcheck",
                    "layer_digests",
                ),
                ((asset.id, key, "", "linux", "amd64", 1, "", False, ()) for key, asset in assets.items()),
            )
            rows = []
            for asset in assets.values():
                held = set()
                for name in set(chance.choices(names, weights, k=packages * 2)):
                    held.add(ids[name * VERSIONS + chance.randrange(VERSIONS)])
                    if len(held) == packages:
                        break
                rows.append((asset.id, "bench", at, tuple(sorted(held)), tuple(-1 for _ in held)))
            run(list(assets.values())[::4], at)
            upsert.copy(PackageList, ("asset_id", "tool", "opened_at", "packages", "layers"), rows)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def run(images: list[Any], at: Any) -> None:
    """A container of each image, twenty on a host."""
    from posture.base import upsert
    from posture.fleet import ingest as fleet
    from posture.fleet.models import ContainerState, Environment
    from scanners.records import AssetKind

    environment, _ = Environment.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    for start in range(0, len(images), 20):
        part = images[start : start + 20]
        key = f"host-{part[0].id}"
        host = fleet.store_assets(
            AssetKind.HOST, {key: key}, environment_id=environment.pk, host_id=None, at=at
        )[key]
        containers = fleet.store_assets(
            AssetKind.CONTAINER,
            {f"{key}/{image.id}": f"container-{image.id}" for image in part},
            environment_id=environment.pk,
            host_id=host.id,
            at=at,
        )
        upsert.copy(
            ContainerState,
            ("asset_id", "host_id", "image_id", "opened_at", "fingerprint", "name", "engine_container_id",
             "image_reference", "status", "user", "privileged", "exposed", "network_mode", "published", "project",
             "settings"),
            (
                (container.id, host.id, image.id, at, "", container.name, "", "", "running", "", False, False, "", (), "", [])
                for container, image in zip(containers.values(), part, strict=True)
            ),
        )  # fmt: skip


def advisory(number: int, name: int, fixed: str) -> dict[str, Any]:
    return {
        "id": f"DEBIAN-CVE-2026-{number:05}",
        "upstream": [f"CVE-2026-{number:05}"],
        "details": "A flaw.",
        "modified": "2026-11-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "Debian:12", "name": f"package-{name:05}"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
            }
        ],
    }


def archive(path: Path, advisories: list[dict[str, Any]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for one in advisories:
            file.writestr(f"{one['id']}.json", json.dumps(one))
    return path


def timed(name: str, do: Callable[[], Any]) -> tuple[str, float]:
    started = time.perf_counter()
    found = do()
    seconds = time.perf_counter() - started
    print(f"  {name:28} {seconds:7.3f} s   {found}")
    return name, seconds


def compared(ecosystem: str) -> float:
    """How many versions are compared in a second."""
    from scanners.advisories.versions import compare

    form = VERSION_FORMS[ecosystem]
    versions = [form.format(major, minor, major + minor) for major in range(25) for minor in range(20)]
    pairs = list(zip(versions, versions[7:] + versions[:7], strict=True)) * 200
    started = time.perf_counter()
    for one, other in pairs:
        compare(ecosystem, one, other)
    rate = len(pairs) / (time.perf_counter() - started)
    print(f"  versions of {ecosystem:16} {rate:9,.0f} comparisons a second")
    return rate


def measure(folder: Path, images: int, packages: int) -> bool:
    prepare(folder / "var")
    from django.db import connection

    from posture.collection import feeds, matching
    from posture.findings.affected import Question, ask
    from posture.vulnerabilities.models import Feed, Match, Rematch

    slowest = min(map(compared, VERSION_FORMS))
    chance = random.Random(1)
    timed("seeding", lambda: seed(images, packages, chance))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('vulnerabilities_packagelist'), pg_database_size(current_database())"
        )
        lists, whole = cursor.fetchone()
    print(f"  lists of packages {lists / 1e6:.0f} MB of {whole / 1e6:.0f} MB")
    feed = Feed.objects.get(name="OSV Debian")
    told = [
        advisory(number, chance.randrange(DISTINCT), f"1.{chance.randrange(1, VERSIONS)}.0-1")
        for number in range(ADVISORIES)
    ]

    def load(advisories: list[dict[str, Any]]) -> str:
        feeds.load(feed, archive(folder / "all.zip", advisories), by=None)
        return f"{Match.objects.count()} matches, {Rematch.objects.count()} images to settle"

    one_more = advisory(90_000, 0, "1.4.0-1")
    took = dict(
        [
            timed("2,000 new advisories", lambda: load(told)),
            timed("one new advisory", lambda: load([*told, one_more])),
            timed("the same file again", lambda: load([*told, one_more])),
            timed("200 images settled", lambda: matching.settle_wanted(200)),
        ]
    )
    answers = []
    for question in (
        Question(text="CVE-2026-90000"),
        Question(text="package-00000"),
        Question(text="package-00000", versions="<1.3"),
        Question(text="pkg:deb/debian/package-00100@1.2.0-1"),
        *(Question(text=f"CVE-2026-{number:05}") for number in range(20)),
    ):
        started = time.perf_counter()
        answer = ask(question, None, None)
        answers.append(time.perf_counter() - started)
        if len(answers) < 5:
            print(f"  {question.text:40} {answers[-1]:.3f} s   {answer.images_total} images")
    print(f"  answers: median {statistics.median(answers):.3f} s, longest {max(answers):.3f} s")
    return (
        slowest > COMPARISONS_PER_SECOND
        and max(answers) < ANSWER_SECONDS
        and all(took[name] < most for name, most in MOST_SECONDS.items())
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--packages", type=int, default=400)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-bench-"))
    folder.chmod(0o711)
    try:
        return 0 if measure(folder, options.images, options.packages) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
