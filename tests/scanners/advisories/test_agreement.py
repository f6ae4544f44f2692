"""Where a tool's report and our advisories know the same vulnerability of the same package, both say the same of its version.

What one says and the other does not is listed here by name, with the reason. Reports whose tools had older data than
our archives are held only to what was known when they were made.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
import pytest

from scanners.advisories import osv
from scanners.advisories.names import Key, lookup_key, lookup_keys, version_for
from scanners.advisories.records import Advisory, Affected, Entry
from scanners.advisories.versions import Hit, Undecidable, affects
from scanners.records import Record
from scanners.reported import Origin, Reported, ReportedMatch, ReportedPackage
from scanners.reports.read import read
from scanners.reports.source import ReportError, opened

DATA = Path(__file__).parents[2] / "data"
SHARED = Path(__file__).parents[4] / "shared" / "data"
ECOSYSTEMS = ("AlmaLinux", "Alpine", "Debian", "Go", "PyPI", "Ubuntu")

_BY_CPE = "Grype 0.7 took it from NVD by CPE, which has no fix; PyPA and GitHub say that this version has it"
# (package, version, advisory): why the tool says what we do not.
ONLY_THE_TOOL = {
    ("protobuf", "3.15.3", "PYSEC-2017-65"): _BY_CPE,
    ("pysaml2", "6.5.1", "PYSEC-2017-67"): _BY_CPE,
}
# (package, version, advisory): why we say what the tool does not, though the advisory is older than its report.
ONLY_WE = {
    ("setuptools", "28.8.0", "PYSEC-2022-43012"): (
        "Clair says it by GitHub's name GHSA-r9hx-vwmv-q579, which PyPA's record does not list"
    ),
    ("text", "0.3.3", "GO-2021-0113"): "the file is a choice of Inspector's findings, one to each kind",
    (
        "aws-sdk-go",
        "v1.44.212",
        "GO-2022-0635",
    ): "the sample is shortened to one vulnerability of the package",
}


class Said(Record, frozen=True, kw_only=True):
    """What both sides say of one advisory and one package."""

    package: str
    version: str
    advisory: str
    by_tool: bool
    by_us: Hit | Undecidable | None
    is_older: bool

    @property
    def where(self) -> tuple[str, str, str]:
        return self.package, self.version, self.advisory


Index = dict[Key, dict[str, tuple[Advisory, list[Affected]]]]


def index(paths: Iterable[Path]) -> Index:
    found: Index = defaultdict(dict)
    for path in paths:
        for entry in osv.read_file(path, {}):
            assert isinstance(entry, Entry), entry
            advisory = entry.advisory
            if advisory is not None and advisory.withdrawn_at is None:
                for one in advisory.affected:
                    found[lookup_key(one)].setdefault(advisory.id, (advisory, []))[1].append(one)
    return found


@cache
def whole_archives() -> Index:
    return index(SHARED / "intel/osv" / name / "all.zip" for name in ECOSYSTEMS)


def records(path: Path) -> list[Reported]:
    try:
        with opened(path) as source:
            return list(read(source))
    except ReportError:
        return []


def compared(path: Path, advisories: Index) -> Iterator[Said]:
    said = records(path)
    matches = [one for one in said if isinstance(one, ReportedMatch)]
    packages = {one.package.key: one.package for one in matches}
    packages |= {one.key: one for one in said if isinstance(one, ReportedPackage)}
    names: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in matches:
        names[one.package.key] |= {one.vulnerability.id, *one.vulnerability.aliases}
    known_until = until(said, matches)
    for key, package in packages.items():
        for place in lookup_keys(package):
            for advisory, affected in advisories.get(place, {}).values():
                version = version_for(package, place.is_source)
                found = [affects(one, version, package.architecture) for one in affected]
                hits = [one for one in found if isinstance(one, Hit)]
                doubts = [one for one in found if isinstance(one, Undecidable)]
                yield Said(
                    package=package.name,
                    version=package.version,
                    advisory=advisory.id,
                    by_tool=bool(names[key] & {advisory.id, *advisory.aliases, *advisory.covers}),
                    by_us=next(iter([*hits, *doubts]), None),
                    is_older=bool(matches) and known_since(advisory) < known_until,
                )


def until(said: list[Reported], matches: list[ReportedMatch]) -> datetime:
    """Up to when the tool can have known of anything: the age of its data, else the newest vulnerability that it names."""
    origin = next((one for one in said if isinstance(one, Origin)), None)
    stated = [origin.data_at, *(one.vulnerability.published_at for one in matches)] if origin else []
    known = [at for at in stated if at is not None]
    if origin is not None and origin.data_at is not None:
        return origin.data_at
    years = [year(one.vulnerability.id) for one in matches]
    return max(known, default=datetime(max(years, default=1_999), 1, 1, tzinfo=UTC))


def known_since(advisory: Advisory) -> datetime:
    # Go's newer records say no day: then the year after the one in the id has surely begun after it was known.
    return advisory.published_at or datetime(year(advisory.id) + 1, 1, 1, tzinfo=UTC)


def year(id_: str) -> int:
    found = re.match(r"[A-Z]+-(\d{4})-", id_)
    return int(found[1]) if found else 1_999


def disagreements(
    path: Path, advisories: Index
) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """(what only the tool says, what only we say)."""
    said = list(compared(path, advisories))
    return (
        {one.where for one in said if one.by_tool and not isinstance(one.by_us, Hit)},
        {one.where for one in said if isinstance(one.by_us, Hit) and not one.by_tool and one.is_older},
    )


SMALL = sorted(
    path for path in (DATA / "reports").glob("*/*") if not path.name.endswith((".expected.json", "README.md"))
)
LARGE = sorted([*(SHARED / "image-vulns").glob("*"), *(SHARED / "sboms").glob("*")])


def test_reports_agree_with_the_advisories_that_they_name() -> None:
    advisories = index([DATA / "advisories" / "of-reports.jsonl"])
    said = [one for path in SMALL for one in compared(path, advisories) if one.by_tool]
    assert {one.where for one in said if not isinstance(one.by_us, Hit)} == {
        where for where in ONLY_THE_TOOL if where[0] == "protobuf"
    }
    assert len(said) == 19


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared reports and archives")
def test_most_of_what_tools_say_of_known_packages_is_known_here() -> None:
    said = [one for path in [*SMALL, *LARGE] for one in compared(path, whole_archives())]
    agreed = [one for one in said if one.by_tool and isinstance(one.by_us, Hit)]
    assert len(agreed) >= 90
    # What is never decided was built from a source tree, and says so instead of a version.
    assert {one.version for one in said if isinstance(one.by_us, Undecidable)} == {"(devel)"}
    # Each exception is one still.
    disagreed = [disagreements(path, whole_archives()) for path in [*SMALL, *LARGE]]
    assert set().union(*(only_tool for only_tool, _ in disagreed)) == set(ONLY_THE_TOOL)
    assert set().union(*(only_we for _, only_we in disagreed)) == set(ONLY_WE)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared reports and archives")
def test_a_report_of_red_hat_agrees_with_what_is_rebuilt_from_its_sources() -> None:
    """Nobody's report in the data is of AlmaLinux; its builds have Red Hat's versions, and its notices Red Hat's numbers."""
    asked = agreed = 0
    for path in LARGE:
        for one in records(path):
            if not isinstance(one, ReportedMatch) or one.package.distribution != "rhel-8":
                continue
            rebuilt = msgspec.structs.replace(one.package, distribution="almalinux-8")
            for place in lookup_keys(rebuilt):
                for advisory, affected in whole_archives().get(place, {}).values():
                    if one.vulnerability.id in advisory.covers:
                        asked += 1
                        agreed += any(isinstance(affects(of, rebuilt.version), Hit) for of in affected)
    assert (asked, agreed) == (9, 9)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared reports and archives")
@pytest.mark.parametrize("path", [*SMALL, *LARGE], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_reports_and_whole_archives_agree(path: Path) -> None:
    only_tool, only_we = disagreements(path, whole_archives())
    assert only_tool <= set(ONLY_THE_TOOL), only_tool - set(ONLY_THE_TOOL)
    assert only_we <= set(ONLY_WE), sorted(only_we - set(ONLY_WE))
