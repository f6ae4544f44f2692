"""How far vulnerabilities reach: what is kept ready equals what counting the findings gives, whatever happened between."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from posture.collection.reports import import_file
from posture.findings import tallies
from posture.findings.models import Finding, Tally, TallyChange, Witness
from posture.fleet.models import Asset
from posture.vulnerabilities import ingest
from scanners.checks.examples import image
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_reports import DIGEST, grype_like, saved, trivy, vulnerability

SOURCE = "debian:distro:debian:12"


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


def recounted() -> object:
    """What the findings themselves come to; leaves it stored."""
    tallies.recount()
    return tallies.counted()


def of(letter: str) -> dict[str, object]:
    """The parts of a report by Trivy that say which image it is about."""
    about = trivy()["Metadata"] | {"ImageID": "sha256:" + letter * 64, "RepoTags": [f"shop/{letter}:1.0"]}
    return {"ArtifactName": f"shop/{letter}:1.0", "Metadata": about}


def reach(key: str) -> dict[tuple[int, ...] | None, int]:
    rows = Tally.objects.filter(vulnerability__key=key, images__gt=0)
    return {None if e is None else tuple(e): n for e, n in rows.values_list("environments", "images")}


@pytest.mark.django_db
def test_a_report_is_counted_with_the_next_fold(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2, Severity="CRITICAL"))))
    assert not Tally.objects.exists() and TallyChange.objects.count() == 1
    tallies.fold()
    row = Tally.objects.get(vulnerability__key="CVE-2026-1002", environments=None)
    assert (row.images, row.critical, row.findings, row.worst) == (1, 1, 1, 4)
    assert (row.fixable, row.single_source, row.disputed, row.ecosystems) == (1, 1, 0, ["deb"])
    assert reach("CVE-2026-1002") == {None: 1, (): 1}
    assert tallies.fold() == 0 and not TallyChange.objects.exists()


@pytest.mark.django_db
def test_an_image_with_two_of_its_packages_is_one_image(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(1, package="openssl"))))
    tallies.fold()
    row = Tally.objects.get(environments=None)
    assert (row.images, row.high) == (1, 2)
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    tallies.fold()
    row.refresh_from_db()
    assert (row.images, row.high) == (1, 1)
    import_file(saved(tmp_path, trivy()))
    tallies.fold()
    row.refresh_from_db()
    assert (row.images, row.high, row.worst) == (0, 0, -1)


@pytest.mark.django_db
def test_images_are_counted_where_their_hosts_are(tmp_path: Path) -> None:
    production, staging = environment("production"), environment("staging")
    alpha, beta = node("alpha", production), node("beta", staging)
    held = image(id=DIGEST, references=("shop/web:1.0",))
    write(alpha, pulled([], [held], engine_id="one", name="one"))
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    tallies.fold()
    assert reach("CVE-2026-1001") == {None: 1, (production.pk,): 1}
    write(beta, pulled([], [held], engine_id="two", name="two"))
    tallies.fold()
    both = tuple(sorted((production.pk, staging.pk)))
    assert reach("CVE-2026-1001") == {None: 1, both: 1}
    write(alpha, pulled([], [], engine_id="one", name="one"))
    tallies.fold()
    assert reach("CVE-2026-1001") == {None: 1, (staging.pk,): 1}
    write(beta, pulled([], [], engine_id="two", name="two"))
    tallies.fold()
    assert reach("CVE-2026-1001") == {}, "nobody holds the image any more, so its findings are resolved"


@pytest.mark.django_db
def test_where_another_tool_looked_its_silence_is_counted_as_dispute(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    import_file(grype_like(tmp_path, 1, severity="High", source=SOURCE))
    states = dict(Finding.objects.values_list("vulnerability__key", "agreement"))
    assert states == {"CVE-2026-1001": 0, "CVE-2026-1002": 1}
    assert dict(Witness.objects.values_list("tool", "ecosystems")) == {"trivy": ["deb"], "grype": ["deb"]}
    import_file(grype_like(tmp_path, 1, 2, severity="Low", source=SOURCE))
    assert set(Finding.objects.values_list("agreement", flat=True)) == {1}, "two steps apart"
    import_file(saved(tmp_path, trivy(vulnerability(1, Severity="LOW"))))
    states = dict(Finding.objects.values_list("vulnerability__key", "agreement"))
    assert states == {"CVE-2026-1001": 0, "CVE-2026-1002": 1}
    tallies.fold()
    assert tallies.counted() == recounted()


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_tallies_equal_a_recount_whatever_happened(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    nodes = [node(name, environment(slug)) for name, slug in (("a", "one"), ("b", "two"), ("c", "two"))]
    letters = "abcd"
    for _ in range(14):
        letter = chance.choice(letters)
        found = [
            vulnerability(
                number,
                package=chance.choice(["libssl3", "openssl"]),
                Severity=chance.choice(["LOW", "HIGH", "CRITICAL"]),
                Status=chance.choice(["fixed", "affected"]),
            )
            for number in chance.sample(range(5), chance.randrange(5))
        ]
        step = chance.randrange(4)
        if step < 2:
            import_file(saved(tmp_path, trivy(*found, **of(letter))))
        elif step == 2:
            import_file(grype_like(tmp_path, *range(chance.randrange(4)), severity="High", source=SOURCE))
        else:
            to = chance.choice(nodes)
            held = [image(id="sha256:" + one * 64) for one in chance.sample(letters, chance.randrange(4))]
            write(to, pulled([], held, engine_id=to.name, name=to.name))
        if chance.random() < 0.5:
            tallies.fold()
            assert tallies.counted() == recounted()
    tallies.fold()
    assert tallies.counted() == recounted()


@pytest.mark.django_db(transaction=True)
def test_parallel_importers_and_folds_lose_and_double_nothing(tmp_path: Path) -> None:
    faults: list[BaseException] = []

    def importer(letter: str) -> None:
        try:
            for round_ in range(6):
                found = [vulnerability(n) for n in range(round_, round_ + 8)]
                import_file(saved(tmp_path, trivy(*found, **of(letter)), f"{letter}.json"))
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    def folder() -> None:
        try:
            while not done.wait(0.01):
                tallies.fold()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    done = threading.Event()
    folders = [threading.Thread(target=folder) for _ in range(2)]
    importers = [threading.Thread(target=importer, args=(letter,)) for letter in "abcdef"]
    for thread in (*folders, *importers):
        thread.start()
    for thread in importers:
        thread.join()
    done.set()
    for thread in folders:
        thread.join()
    assert faults == []
    tallies.fold()
    assert reach("CVE-2026-1006") == {None: 6, (): 6}
    assert tallies.counted() == recounted()
    assert Asset.objects.filter(kind="image").count() == 6
