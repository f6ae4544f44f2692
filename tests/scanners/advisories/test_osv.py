"""OSV's records as they are published, and as somebody could send them."""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.advisories import osv
from scanners.advisories.records import Advisory, Affected, FeedError, Range
from scanners.advisories.versions import Hit, affects
from scanners.records import Severity
from scanners.reported import FixStatus
from tests.scanners.advisories.osv_samples import (
    DATA,
    INTEL,
    archive,
    document,
    entries,
    read,
    sample,
    skipped,
)

# What is said


def test_a_record_of_pypi() -> None:
    assert sample("PYSEC-2022-42969") == Advisory(
        id="PYSEC-2022-42969",
        source="pysec",
        aliases=("CVE-2022-42969", "GHSA-w596-4wvx-j9j6"),
        description=sample("PYSEC-2022-42969").description,
        references=sample("PYSEC-2022-42969").references,
        published_at=datetime(2022, 11, 4, 11, tzinfo=UTC),
        modified_at=sample("PYSEC-2022-42969").modified_at,
        affected=(Affected(ecosystem="pypi", name="py", ranges=(Range(last_affected="1.11.0"),)),),
    )
    assert sample("PYSEC-2022-42969").description.startswith("The py library through 1.11.0")


def test_a_record_of_go_has_every_range_of_each_statement() -> None:
    said = sample("GO-2023-2185")
    assert (said.source, said.aliases, said.covers) == ("go", ("CVE-2023-45283",), ())
    assert [one.ranges for one in said.affected] == [
        (Range(fixed="1.20.11"), Range(introduced="1.21.0-0", fixed="1.21.4")),
        (Range(introduced="1.20.11", fixed="1.20.12"), Range(introduced="1.21.4", fixed="1.21.5")),
    ]
    assert {(one.ecosystem, one.namespace, one.name, one.is_source) for one in said.affected} == {
        ("golang", "", "stdlib", False)
    }


def test_a_withdrawn_advisory_says_since_when() -> None:
    assert sample("GO-2024-2442").withdrawn_at is not None
    assert sample("UBUNTU-CVE-2014-2901").withdrawn_at == datetime(2025, 8, 1, 19, 34, 27, tzinfo=UTC)
    assert sample("GO-2023-2185").withdrawn_at is None


def test_a_page_on_a_cve_has_the_cve_for_a_name_and_the_distributions_word() -> None:
    said = sample("UBUNTU-CVE-2014-9913")
    assert (said.aliases, said.covers, said.source) == (("CVE-2014-9913",), (), "ubuntu")
    assert said.severity == Severity.INFO  # Ubuntu's "negligible", and not what the vector says
    assert [score.score for score in said.scores] == [4.0]
    assert [(one.distribution, one.is_source, one.ranges) for one in said.affected] == [
        ("ubuntu-14.04", True, (Range(fixed="6.0-9ubuntu1.6"),)),
        ("ubuntu-16.04", True, (Range(fixed="6.0-20ubuntu1.1"),)),
    ]


def test_a_page_on_a_cve_from_before_upstream_is_still_called_after_it() -> None:
    assert read(document("Debian:12", id="DEBIAN-CVE-2024-1234")).aliases == ("CVE-2024-1234",)
    assert sample("ALPINE-CVE-2023-46850").aliases == ("CVE-2023-46850",)


def test_a_notice_covers_what_it_mends_and_is_called_by_none_of_it() -> None:
    for name, covers in (
        ("USN-5614-1", ("CVE-2021-3782",)),
        ("DLA-0001-1", ("CVE-2014-3466",)),
        (
            "ALSA-2021-4130",
            tuple(f"CVE-2021-{number}" for number in (38503, 38504, 38506, 38507, 38508, 38509)),
        ),
    ):
        assert (sample(name).aliases, sample(name).covers) == ((), covers)


def test_related_counts_only_where_nothing_else_names_a_cve() -> None:
    both = read(document("Debian:12", id="DSA-1-1", upstream=["CVE-2024-0001"], related=["CVE-2024-0002"]))
    assert both.covers == ("CVE-2024-0001",)
    one = read(document(aliases=["CVE-2024-0001"], related=["CVE-2024-0002", "GHSA-x"]))
    assert (one.aliases, one.covers) == (("CVE-2024-0001",), ())


@pytest.mark.parametrize(
    ("more", "covers"),
    [
        ({"upstream": ["CVE-2024-0001", "GHSA-x"]}, ("CVE-2024-0001",)),
        ({"related": ["CGA-aaaa-bbbb-cccc", "CVE-2024-0001", "GHSA-x"]}, ("CVE-2024-0001",)),
        ({"upstream": ["GHSA-x"], "related": ["CVE-2024-0001"]}, ("GHSA-x",)),
        ({}, ()),
    ],
)
def test_a_note_on_a_package_covers_what_it_is_about(more: dict[str, Any], covers: tuple[str, ...]) -> None:
    said = read(document("Wolfi", id="CGA-aaaa-bbbb-cccc", **more))
    assert (said.aliases, said.covers, said.source) == ((), covers, "chainguard")


def test_what_is_derived_from_a_cve_covers_it() -> None:
    said = read(document(id="OSV-2024-1", upstream=["CVE-2024-0001", "GHSA-x"]))
    assert (said.aliases, said.covers, said.source) == ((), ("CVE-2024-0001",), "osv")


def test_a_notice_of_mended_bugs_is_no_vulnerability(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "all.zip",
        {
            "ALBA-2019-0973.json": (DATA / "ALBA-2019-0973.json").read_bytes(),
            "ALEA-1.json": json.dumps(document("AlmaLinux:8", id="ALEA-1", related=["CVE-2024-0001"])),
            "ALSA-1.json": json.dumps(document("AlmaLinux:8", id="ALSA-1")),
        },
    )
    assert {one.name: one.advisory is not None for one in entries(path)} == {
        "ALBA-2019-0973.json": False,
        "ALEA-1.json": True,  # it does mend one
        "ALSA-1.json": True,  # security without a number
    }


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}, Severity.CRITICAL),
        (
            {
                "severity": [
                    {"type": "CVSS_V4", "score": "CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"},
                    {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
                ]
            },
            Severity.LOW,
        ),
        ({"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}]}, Severity.HIGH),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/nonsense"}]}, None),
        ({"severity": [{"type": "Ubuntu", "score": "high"}]}, Severity.HIGH),
        ({"summary": "Important: kernel security update"}, Severity.HIGH),
        ({"id": "MAL-2024-1"}, Severity.CRITICAL),
        ({"database_specific": {"severity": 7}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_how_bad_it_is_by_word_by_the_newest_vector_or_not_known(
    more: dict[str, Any], severity: Severity | None
) -> None:
    assert read(document(**more)).severity == severity


@pytest.mark.parametrize(
    ("affected", "status", "severity"),
    [
        ({"ecosystem_specific": {"urgency": "unimportant"}}, FixStatus.UNKNOWN, Severity.INFO),
        ({"ecosystem_specific": {"urgency": "end-of-life"}}, FixStatus.END_OF_LIFE, None),
        ({"ecosystem_specific": {"urgency": "not yet assigned"}}, FixStatus.UNKNOWN, None),
        ({"ecosystem_specific": {"urgency": "medium**"}}, FixStatus.UNKNOWN, Severity.MEDIUM),
        ({"database_specific": {"informational": "unmaintained"}}, FixStatus.UNKNOWN, Severity.INFO),
        ({"severity": [{"type": "Ubuntu", "score": "low"}]}, FixStatus.UNKNOWN, Severity.LOW),
    ],
)
def test_what_is_said_of_one_package(
    affected: dict[str, Any], status: FixStatus, severity: Severity | None
) -> None:
    [said] = read(document("Debian:12", affected=affected)).affected
    assert (said.status, said.severity) == (status, severity)


def test_commits_are_passed_over_and_versions_count_where_there_is_nothing_else() -> None:
    commits = {"type": "GIT", "repo": "https://x", "events": [{"introduced": "0"}, {"fixed": "abc123"}]}
    numbers = {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "2.0"}]}
    [both] = read(document(affected={"ranges": [commits, numbers]})).affected
    assert both.ranges == (Range(introduced="1.0", fixed="2.0"),)
    [only] = read(document(affected={"ranges": [commits], "versions": ["1.0", "1.1"]})).affected
    assert (only.ranges, only.versions) == ((), ("1.0", "1.1"))
    assert affects(only, "1.1") == Hit()
    assert affects(only, "1.2") is None


def test_versions_that_a_range_holds_are_not_kept_beside_it() -> None:
    numbers = {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "2.0"}]}
    listed = ["1.0", "1.9", "3.0", "odd-one", "3.0"]
    [said] = read(document(affected={"ranges": [numbers], "versions": listed})).affected
    assert said.versions == ("3.0", "odd-one")


def test_ubuntus_paid_fixes_are_fixes_of_the_release() -> None:
    said = {(one.distribution, one.name): one.ranges for one in sample("UBUNTU-CVE-2022-24823").affected}
    assert said[("ubuntu-14.04", "netty")] == (Range(),)
    assert said[("ubuntu-16.04", "netty")] == (Range(fixed="1:4.0.34-1ubuntu0.1~esm2"),)

    def of(plain: list[dict[str, str]], paid: list[dict[str, str]]) -> list[Range]:
        told = document("Ubuntu:22.04:LTS", affected={"ranges": [{"type": "ECOSYSTEM", "events": plain}]})
        more = document("Ubuntu:Pro:22.04:LTS", affected={"ranges": [{"type": "ECOSYSTEM", "events": paid}]})
        told["affected"] += more["affected"]
        return [range_ for one in read(told).affected for range_ in one.ranges]

    opened, free, esm = {"introduced": "0"}, {"fixed": "1.0-1ubuntu1"}, {"fixed": "1.0-1ubuntu0.1~esm1"}
    assert of([opened], [opened, esm]) == [Range(fixed="1.0-1ubuntu0.1~esm1")]
    assert of([opened, free], [opened, esm]) == [Range(fixed="1.0-1ubuntu1")]


def test_ubuntus_fips_builds_are_none_of_the_release(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(document("Ubuntu:Pro:FIPS-updates:22.04:LTS")))
    [entry] = entries(path)
    assert entry.advisory is None
    assert [one.where for one in skipped(path)] == ["ecosystem “Ubuntu:Pro”"]


def test_builds_of_one_version_are_one_mending() -> None:
    [said] = sample("ALSA-2021-4130").affected
    assert said.ranges == (Range(fixed="91.3.0-2.el8_4.alma"),)
    assert affects(said, "91.3.0-2.el8_4.alma.plus") is None


def test_a_stream_of_a_module_is_not_mended_by_another() -> None:
    told = document(
        "AlmaLinux:8",
        "nodejs",
        id="ALSA-1",
        summary="Important: nodejs:14 security update",
        affected={
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": "1:14.18.2-2.module_el8.5.0+1+a"}],
                }
            ]
        },
    )
    [said] = read(told).affected
    assert said.ranges == (Range(introduced="1:14", fixed="1:14.18.2-2.module_el8.5.0+1+a"),)
    assert affects(said, "1:12.22.5-1.module_el8.4.0+1+b") is None
    assert affects(said, "1:14.17.0-1.module_el8.4.0+1+b") is not None
    assert affects(said, "1:14.17.0-1.el8") is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<= 4.1.0", Range(last_affected="4.1.0")),
        ("< 4.1.0", Range(fixed="4.1.0")),
        ("about 4", Range()),
        (4, Range()),
    ],
)
def test_githubs_own_end_of_a_range_counts_where_there_is_no_other(said: object, expected: Range) -> None:
    opened = {"type": "SEMVER", "events": [{"introduced": "0"}]}
    more = {"ranges": [opened], "database_specific": {"last_known_affected_version_range": said}}
    assert read(document("npm", affected=more)).affected[0].ranges == (expected,)
    closed = {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "5.0.0"}]}
    assert read(document("npm", affected={**more, "ranges": [closed]})).affected[0].ranges == (
        Range(fixed="5.0.0"),
    )


# What ecosystems are


@pytest.mark.parametrize(
    "ecosystem",
    [
        "Debian", "Debian:sid", "Alpine", "Ubuntu", "Red Hat:rhel_eus:8.6::baseos", "Red Hat:openshift:4.12::el8",
        "SUSE:Manager Server 4.3", "OSS-Fuzz", "Android", "nonsense", "AlmaLinux:x", "Wolfi:1", "pypi",
    ],
)  # fmt: skip
def test_an_ecosystem_that_is_not_known_is_named_once_with_a_count(tmp_path: Path, ecosystem: str) -> None:
    path = archive(
        tmp_path / "all.zip",
        {f"X-{number}.json": json.dumps(document(ecosystem, id=f"X-{number}")) for number in range(7)},
    )
    assert all(one.advisory is None for one in entries(path))
    [one] = skipped(path)
    assert (one.kind, "7 statements" in one.reason) == ("unattached", True)


def test_a_thousand_unknown_ecosystems_are_not_a_thousand_lines(tmp_path: Path) -> None:
    told = document()
    told["affected"] = [{"package": {"ecosystem": f"E{n}", "name": "x"}} for n in range(1_000)]
    path = tmp_path / "one.json"
    path.write_text(json.dumps(told))
    assert len(skipped(path)) == 51
    assert skipped(path)[-1].where == "950 further ecosystems"


# Any content


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
SAMPLES = {path.stem: json.loads(path.read_text()) for path in sorted(DATA.glob("*.json"))}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = (
        value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    )
    return [path, *(place for key, inner in pairs for place in places(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    key, *rest = path
    inner = put(value[key], tuple(rest), other)
    return {**value, key: inner} if isinstance(value, dict) else [*value[:key], inner, *value[key + 1 :]]


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    told = SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))]
    for _ in range(data.draw(st.integers(1, 3))):
        told = put(told, data.draw(st.sampled_from(places(told))), data.draw(ANYTHING))
    try:
        said = osv.read_document(json.dumps(told).encode())
    except FeedError:
        return
    assert msgspec.json.decode(msgspec.json.encode(said), type=Advisory) == said
    for one in said.affected:
        affects(one, "1.0-1")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"[", b"{"):
        path = Path(os.environ.get("TMPDIR", "/tmp")) / f"osv-any-{os.getpid()}"
        path.write_bytes(start + content)
        try:
            list(osv.read_file(path, {}))
        except FeedError:
            pass
        finally:
            path.unlink()


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_an_archive_with_any_damage_is_refused_or_read(data: st.DataObject) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as members:
        for name in ("A", "B"):
            members.writestr(f"{name}.json", json.dumps(document(id=name)))
    content = bytearray(packed.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"osv-damaged-{os.getpid()}"
    path.write_bytes(bytes(content))
    try:
        list(osv.read_file(path, {}))
    except FeedError:
        pass
    finally:
        path.unlink()


# The whole archives


@pytest.mark.skipif(not INTEL.is_dir(), reason="needs the shared archives")
@pytest.mark.parametrize(
    ("name", "count", "advisories"),
    [
        ("AlmaLinux", 3_237, 2_043),
        ("Alpine", 5, 5),
        ("Debian", 4, 4),
        ("Go", 4_291, 4_291),
        ("PyPI", 2_661, 2_661),
        ("Ubuntu", 9, 9),
    ],
)
def test_whole_archives_are_read_without_loss(name: str, count: int, advisories: int) -> None:
    path = INTEL / name / "all.zip"
    found = entries(path)
    assert (len(found), sum(one.advisory is not None for one in found)) == (count, advisories)
    assert skipped(path) == []
    for one in found:
        for affected in one.advisory.affected if one.advisory and not one.advisory.withdrawn_at else ():
            assert affected.ranges or affected.versions, one.name
    again = entries(path, {one.name: one.mark for one in found})
    assert [one.advisory for one in again] == [None] * count


@pytest.mark.skipif(not INTEL.is_dir(), reason="needs the shared archives")
@pytest.mark.parametrize("name", ["Go", "PyPI"])
def test_every_version_that_an_archive_lists_is_affected(name: str) -> None:
    with zipfile.ZipFile(INTEL / name / "all.zip") as members:
        for member in members.namelist()[::7]:
            told = json.loads(members.read(member))
            for listed, said in zip(
                told["affected"], osv.read_document(members.read(member)).affected, strict=True
            ):
                for version in listed.get("versions", ()):
                    assert isinstance(affects(said, version), Hit), (member, version)
