"""Packages as reports write them and advisories as feeds do meet under one key."""

from __future__ import annotations

import pytest

from scanners.advisories.names import Key, lookup_key, lookup_keys, version_for
from scanners.advisories.osv import read_document
from scanners.purl import coordinates
from scanners.reported import ReportedPackage


def package(ecosystem: str, name: str, **more: str) -> ReportedPackage:
    return ReportedPackage(ecosystem=ecosystem, name=name, version=more.pop("version", "1.0"), **more)


def installed(purl: str, distribution: str, source: str = "") -> ReportedPackage:
    ecosystem, namespace, name = purl.split("/")
    return package(ecosystem, name, namespace=namespace, distribution=distribution, source_name=source)


def advised(ecosystem: str, name: str) -> Key:
    document = (
        f'{{"id": "X-1", "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}}}}]}}'
    )
    [affected] = read_document(document.encode()).affected
    return lookup_key(affected)


@pytest.mark.parametrize(
    ("ecosystem", "name", "purl"),
    [
        ("PyPI", "foo-bar-baz", "pkg:pypi/Foo_Bar.baz@1"),
        ("PyPI", "Flask_Thing", "pkg:pypi/flask-thing@1"),
        ("npm", "@angular/core", "pkg:npm/%40angular/core@1"),
        ("npm", "JSONStream", "pkg:npm/jsonstream@1"),
        ("Go", "github.com/Masterminds/goutils", "pkg:golang/github.com/masterminds/goutils@v1"),
        ("Go", "github.com/go-redis/redis/v8", "pkg:golang/github.com/go-redis/redis/v8@v8.0"),
        ("Go", "stdlib", "pkg:golang/stdlib@1.21.3"),
        ("Maven", "org.apache.logging.log4j:log4j-core", "pkg:maven/org.apache.logging.log4j/log4j-core@2"),
        ("RubyGems", "RedCloth", "pkg:gem/RedCloth@4"),
        ("crates.io", "foo_bar", "pkg:cargo/foo-bar@1"),
        ("NuGet", "Newtonsoft.Json", "pkg:nuget/newtonsoft.json@13"),
        ("Packagist", "Symfony/HTTP-kernel", "pkg:composer/symfony/http-kernel@6"),
        ("Hex", "phoenix", "pkg:hex/phoenix@1"),
        ("Pub", "http", "pkg:pub/http@1"),
    ],
)
def test_a_package_of_a_language_is_found_however_its_name_is_written(
    ecosystem: str, name: str, purl: str
) -> None:
    place = coordinates(purl)
    assert place is not None
    found = package(place.ecosystem, place.name, namespace=place.namespace)
    assert advised(ecosystem, name) in lookup_keys(found)


def test_a_name_that_was_not_divided_is_the_same() -> None:
    for whole, parted in (
        (
            package("maven", "org.example:core"),
            package("maven", "core", namespace="org.example"),
        ),
        (package("golang", "golang.org/x/net"), package("golang", "net", namespace="golang.org/x")),
        (package("npm", "@scope/thing"), package("npm", "thing", namespace="@scope")),
    ):
        assert lookup_keys(whole) == lookup_keys(parted)


def test_names_that_a_registry_knows_apart_stay_apart() -> None:
    assert lookup_keys(package("maven", "Core", namespace="a")) != lookup_keys(
        package("maven", "core", namespace="a")
    )
    assert lookup_keys(package("gem", "a_b")) != lookup_keys(package("gem", "a-b"))
    assert lookup_keys(package("npm", "core")) != lookup_keys(package("npm", "core", namespace="@x"))


@pytest.mark.parametrize(
    ("ecosystem", "name", "found"),
    [
        ("Debian:12", "openssl", installed("deb/debian/libssl3", "debian-12", "openssl")),
        ("Ubuntu:22.04:LTS", "openssl", installed("deb/ubuntu/libssl3", "ubuntu-22.04", "openssl")),
        ("Ubuntu:Pro:18.04:LTS", "bash", installed("deb/ubuntu/bash", "ubuntu-18.04")),
        ("Alpine:v3.19", "openssl", installed("apk/alpine/libcrypto3", "alpine-3.19", "openssl")),
        ("AlmaLinux:9", "openssl-libs", installed("rpm/alma/openssl-libs", "almalinux-9", "openssl")),
        ("Rocky Linux:9", "openssl", installed("rpm/rocky/openssl-libs", "rocky-9", "openssl")),
        ("Red Hat:enterprise_linux:9::baseos", "openssl-libs", installed("rpm/redhat/openssl-libs", "rhel-9")),
        ("Red Hat:enterprise_linux:8::appstream", "nodejs", installed("rpm/centos/nodejs", "centos-8")),
        ("SUSE:Linux Enterprise Server 15 SP5", "openssl-3", installed("rpm/suse/libopenssl3", "sles-15.5", "openssl-3")),
        ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "zlib", installed("rpm/suse/zlib", "sles-15.5")),
        ("SUSE:Linux Enterprise Server for SAP Applications 12 SP1", "zlib", installed("rpm/suse/zlib", "sles_sap-12.1")),
        ("openSUSE:Leap 15.5", "zlib", installed("rpm/opensuse/libz1", "opensuse-leap-15.5", "zlib")),
        ("openSUSE:Tumbleweed", "zlib", installed("rpm//zlib", "opensuse-tumbleweed-20240101")),
        ("Mageia:9", "zlib", installed("rpm/mageia/zlib", "mageia-9")),
        ("Azure Linux:3", "zlib", installed("rpm/azurelinux/zlib", "azurelinux-3.0")),
        ("Photon OS:5.0", "zlib", installed("rpm/photon/zlib", "photon-5.0")),
        ("Wolfi", "openssl", installed("apk/wolfi/libcrypto3", "wolfi-20230201", "openssl")),
        ("Chainguard", "libcrypto3", installed("apk/chainguard/libcrypto3", "chainguard", "openssl")),
    ],
)  # fmt: skip
def test_a_package_of_a_distribution_is_found_in_its_release(
    ecosystem: str, name: str, found: ReportedPackage
) -> None:
    assert advised(ecosystem, name) in lookup_keys(found)


def test_a_binary_package_is_not_the_source_of_its_name() -> None:
    binary = package("deb", "openssl", distribution="debian-12", source_name="other")
    assert advised("Debian:12", "openssl") not in lookup_keys(binary)
    assert advised("Debian:11", "other") not in lookup_keys(binary)


def test_a_package_of_an_unknown_release_is_not_matched() -> None:
    assert lookup_keys(package("deb", "bash", namespace="debian")) == ()


@pytest.mark.parametrize(
    ("found", "is_source", "version"),
    [
        (package("deb", "libc6", version="2.36-9+b2", source_version="2.36-9"), True, "2.36-9"),
        (package("deb", "bash", version="5.2.15-2+b7"), True, "5.2.15-2"),
        (package("deb", "bash", version="5.2.15-2+b7"), False, "5.2.15-2+b7"),
        (package("apk", "musl", version="1.2.4-r2"), True, "1.2.4-r2"),
        (package("pypi", "torch", version="2.0+b1"), True, "2.0+b1"),
    ],
)
def test_the_version_compared_is_that_of_what_the_advisory_names(
    found: ReportedPackage, is_source: bool, version: str
) -> None:
    assert version_for(found, is_source) == version
