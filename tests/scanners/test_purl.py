"""Package URLs as tools write them, older ways included."""

from __future__ import annotations

import pytest

from scanners.purl import coordinates


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl", ("openssl", "3.0.11-1")),
        ("pkg:deb/debian/bsdutils@1:2.38.1-5?upstream=util-linux%402.38.1-5", ("util-linux", "2.38.1-5")),
        ("pkg:rpm/rhel/bind-libs@9.11.20-5.el8?epoch=32&upstream=bind-9.11.20-5.el8.src.rpm", ("bind", "32:9.11.20-5.el8")),
        ("pkg:rpm/rhel/zlib@1.2.11-1?upstream=zlib-1.2.11-1.nosrc.rpm", ("zlib", "1.2.11-1")),
        ("pkg:rpm/rhel/odd@1-1?upstream=odd.src.rpm", ("", "")),
        ("pkg:npm/left-pad@1.3.0", ("", "")),
    ],
)  # fmt: skip
def test_the_source_package_is_told_with_its_own_version(url: str, source: tuple[str, str]) -> None:
    found = coordinates(url)
    assert found is not None
    assert (found.source_name, found.source_version) == source


def test_the_old_type_of_alpine_is_apk() -> None:
    found = coordinates("pkg:alpine/musl@1.2.3-r0?arch=x86_64&distro=alpine-3.16.2")
    assert found is not None
    assert (found.ecosystem, found.namespace, found.distribution) == ("apk", "alpine", "alpine-3.16")


def test_what_is_no_package_url_says_nothing() -> None:
    assert coordinates("a-purl-1") is None
    assert coordinates("") is None
