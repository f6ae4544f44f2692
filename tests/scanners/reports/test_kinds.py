"""A package is the same one, by whatever words a tool names it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scanners.reports.json_items import clipped, moment
from scanners.reports.kinds import ecosystem, guessed, located
from scanners.reports.yaml_documents import as_json


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("java-archive", "maven"),
        ("JAR", "maven"),
        ("GOBINARY", "golang"),
        ("go-module", "golang"),
        ("crates.io", "cargo"),
        ("Packagist", "composer"),
        ("PYTHONPKG", "pypi"),
        ("Debian:12", "deb"),
        ("Alpine:v3.18", "apk"),
        ("Red Hat:enterprise_linux:9::baseos", "rpm"),
        ("dpkg", "deb"),
        ("APKG", "apk"),
        ("npm", "npm"),
        ("hex", "hex"),
        ("", ""),
    ],
)
def test_a_tools_word_is_a_type_of_package_url(word: str, expected: str) -> None:
    assert ecosystem(word) == expected


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("busybox", "1.36.1-r2", "apk"),
        ("curl", "7.61.1-14.el8_3.1", "rpm"),
        ("libc6", "2.31-13+deb11u3", "deb"),
        ("systemd", "237-3ubuntu10.29", "deb"),
        ("org.example:thing", "1.0", "maven"),
        ("@scope/thing", "1.0", "npm"),
        ("github.com/gogo/protobuf", "v1.3.1", "golang"),
        ("e2fsprogs", "1.46.2-2", ""),
        ("lodash", "4.17.20", ""),
    ],
)
def test_looks_tell_an_ecosystem_only_where_no_other_looks_so(name: str, version: str, expected: str) -> None:
    assert guessed(name, version) == expected


def test_a_package_url_counts_more_than_the_words_beside_it() -> None:
    found = located(
        "openssl-libs",
        "1.0.2k-24.amzn2",
        kind="binary",
        purl="pkg:rpm/amzn/openssl-libs@1.0.2k-24.amzn2?arch=aarch64&epoch=1&distro=amzn-2",
        family="amazonlinux",
        os_version="2",
    )
    assert found.key == ("rpm", "amzn", "openssl-libs", "1:1.0.2k-24.amzn2", "aarch64", "amzn-2")


def test_a_package_without_a_url_is_of_its_distribution_or_its_language() -> None:
    of_system = located("bash", "0:5.0-4", family="redhat", os_version="8.8", architecture="x86_64")
    assert of_system.key == ("rpm", "redhat", "bash", "5.0-4", "x86_64", "rhel-8")
    of_language = located("org.example:thing", "1.0", kind="jar", os_version="8.8")
    assert of_language.key == ("maven", "org.example", "thing", "1.0", "", "")


def test_a_family_without_a_version_is_no_release_unless_it_has_none() -> None:
    assert located("bash", "5.0-4", family="ubuntu").distribution == ""
    assert located("bash", "5.2.1", family="arch").distribution == "arch"


def test_times_are_texts_or_seconds_and_the_year_one_is_none() -> None:
    assert moment(1579839105.0) == datetime(2020, 1, 24, 4, 11, 45, tzinfo=UTC)
    assert moment("2024-06-14T04:03:53+02:00") is not None
    assert [moment(odd) for odd in (None, "", "0001-01-01T00:00:00Z", "today", 1e300, "2024-06-14")] == [
        None
    ] * 6


def test_a_description_has_an_end() -> None:
    assert len(clipped("x" * 1_000_000)) == 20_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            b"kind: A\nreport:\n  vulnerabilities:\n  - id: 1\n  - id: 2\n    tit",
            b'[{"kind":"A","report":{"vulnerabilities":[{"id":1}]}}]',
        ),
        (b"items:\n- kind: A\n- kind: B\n  met", b'[{"items":[{"kind":"A"}]}]'),
    ],
    ids=["one report", "a List"],
)
def test_yaml_that_breaks_off_loses_its_last_item_and_says_so(text: bytes, expected: bytes) -> None:
    found, lost = as_json(memoryview(text))
    assert found == expected
    assert lost is not None
    assert lost.kind == "malformed"
    assert as_json(memoryview(b"kind: A\n"))[1] is None
