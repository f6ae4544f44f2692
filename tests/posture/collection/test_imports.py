"""Files imported side by side: nobody can tell but by the clock."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import pytest
from django.db import transaction

from posture.collection import imports
from posture.collection.choices import UploadSource
from posture.collection.imports import import_all
from posture.collection.models import Upload
from posture.collection.reports import Draft, Imported, draft
from posture.findings.models import Finding
from posture.fleet.models import Asset
from posture.history.models import Entry
from posture.vulnerabilities import ingest
from tests.posture.collection.test_reports import trivy, vulnerability

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


def report(*numbers: int, image: int = 0, at: str = "2026-11-01T00:00:00Z", **changes: Any) -> bytes:
    content = trivy(*map(vulnerability, numbers), at=at, **changes)
    content["Metadata"]["ImageID"] = f"sha256:{image:064x}" if image >= 0 else ""
    return json.dumps(content).encode()


def files(folder: Path, *contents: bytes) -> list[Path]:
    paths = [folder / f"{number:02}.json" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def imported(paths: list[Path]) -> list[Imported]:
    return list(import_all(paths, source=UploadSource.COMMAND))


def open_by_image() -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for key, name in Finding.objects.open().values_list("asset__key", "vulnerability__key"):
        found.setdefault(int(key.removeprefix("sha256:"), 16), set()).add(name)
    return found


@pytest.mark.parametrize("is_within", [False, True], ids=["side by side", "within a transaction"])
def test_each_is_answered_in_its_turn_and_the_last_word_holds(tmp_path: Path, is_within: bool) -> None:
    paths = files(
        tmp_path,
        report(1),
        b"no report",
        gzip.compress(report(1, 2)),
        b"",
        report(2),
        report(2, at="2026-11-02T00:00:00Z"),
        report(1),
    )
    paths.insert(4, tmp_path / "missing.json")
    if is_within:
        with transaction.atomic():
            said = imported(paths)
    else:
        said = imported(paths)
    assert [one.file for one in said] == [str(path) for path in paths]
    assert [one.status for one in said] == [
        "imported", "failed", "imported", "failed", "failed", "imported", "unchanged", "imported",
    ]  # fmt: skip
    assert [one.error.partition(".")[0] for one in said if one.error] == [
        "No reader knows this format",
        "The file is empty",
        "The file cannot be read: No such file or directory",
    ]
    assert open_by_image() == {0: {"CVE-2026-1001"}}
    assert Upload.objects.count() == 7  # what says nothing new leaves no trace but its time
    assert set(Entry.objects.filter(object_kind="upload").values_list("verb", flat=True)) == {"upload"}


@pytest.mark.parametrize("seed", range(3))
def test_of_each_image_the_last_report_holds(tmp_path: Path, seed: int) -> None:
    order = random.Random(seed)
    told = [(order.randrange(3), sorted(order.sample(range(1, 30), 8))) for _ in range(24)]
    said = imported(files(tmp_path, *(report(*numbers, image=image) for image, numbers in told)))
    assert {one.status for one in said} <= {"imported", "unchanged"}
    last = {image: {f"CVE-2026-{1000 + number}" for number in numbers} for image, numbers in told}
    assert open_by_image() == last


def test_two_images_are_stored_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Barrier(2, timeout=30)
    store = imports.import_now

    def met(path: Path, **options: Any) -> Imported:
        both.wait()
        return store(path, **options)

    monkeypatch.setattr(imports, "import_now", met)
    said = imported(files(tmp_path, report(1, image=1), report(1, image=2)))
    assert [one.status for one in said] == ["imported", "imported"]


@pytest.mark.parametrize(
    "contents",
    [
        (report(1, image=1), report(2, image=1)),
        (report(1, image=1), report(2, image=-1)),
        (report(2, image=-1), report(1, image=1)),
        (gzip.compress(report(1, image=1)), report(2, image=2)),
        (report(1, image=1), b"no report"),
    ],
    ids=["one image", "named only", "named only, first", "compressed", "no report"],
)
def test_what_may_be_of_one_image_is_stored_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: tuple[bytes, bytes]
) -> None:
    alone = Lock()
    store = imports.import_now
    order = []

    def entered(path: Path, **options: Any) -> Imported:
        assert alone.acquire(blocking=False), "two at once"
        try:
            order.append(path.name)
            return store(path, **options)
        finally:
            alone.release()

    monkeypatch.setattr(imports, "import_now", entered)
    imported(files(tmp_path, *contents))
    assert order == ["00.json", "01.json"]


def test_only_what_may_be_news_and_is_small_is_read_before_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = files(tmp_path, *(report(1, at=f"2026-11-0{day}T00:00:00Z") for day in range(1, 9)))
    imported(paths)
    drafted = []

    def watched(path: Path) -> Draft | None:
        drafted.append(path.name)
        return draft(path)

    monkeypatch.setattr(imports, "draft", watched)
    imported(paths)
    assert set(drafted) <= {"00.json", "01.json"}  # until it is known that the first said nothing new
    assert draft(paths[0]) is not None
    monkeypatch.setattr("posture.collection.reports.DRAFTED_BYTES", 10)
    assert draft(paths[0]) is None


def test_a_fault_of_ours_reaches_the_caller_and_ends_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def fails(path: Path, **options: Any) -> Imported:
        begun.append(path.name)
        raise RuntimeError(path.name)

    monkeypatch.setattr(imports, "import_now", fails)
    paths = files(tmp_path, *(report(1, image=number) for number in range(50)))
    with pytest.raises(RuntimeError, match=r"00\.json"):
        imported(paths)
    assert len(begun) <= imports.SIDE_BY_SIDE


def test_an_image_without_a_name_is_called_as_its_file_and_not_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    sample = Path(__file__).parents[2] / "data" / "reports" / "osv-scanner" / "lock-files-v1.json"
    path = tmp_path / "reports" / "shop.json"
    path.write_bytes(sample.read_bytes())
    (said,) = imported([path])
    assert (said.status, said.file) == ("imported", str(path))
    assert Asset.objects.get(kind="image").name == "shop.json"
