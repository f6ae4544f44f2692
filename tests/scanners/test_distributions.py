"""Releases of distributions have one name, whoever names them."""

from __future__ import annotations

import pytest

from scanners.distributions import from_qualifier, release


@pytest.mark.parametrize(
    ("family", "version", "expected"),
    [
        ("debian", "12.5", "debian-12"),
        ("Debian GNU/Linux", "bookworm", "debian-12"),
        ("alpine", "3.19.1", "alpine-3.19"),
        ("ubuntu", "22.04", "ubuntu-22.04"),
        ("redhat", "9.4", "rhel-9"),
        ("rocky", "9.3", "rocky-9"),
        ("amazon", "2023.4.20240611", "amzn-2023"),
        ("wolfi", "20230201", "wolfi-20230201"),
        ("arch", "", "arch"),
        ("", "12", ""),
        ("debian", "trixie/sid", "debian"),
    ],
)
def test_a_release_has_one_name(family: str, version: str, expected: str) -> None:
    assert release(family, version) == expected


@pytest.mark.parametrize(
    ("namespace", "distro", "expected"),
    [
        ("debian", "debian-12", "debian-12"),
        ("alpine", "3.10.2", "alpine-3.10"),
        ("alpine", "alpine-3.19.0", "alpine-3.19"),
        ("redhat", "rhel-8.8", "rhel-8"),
        ("opensuse", "opensuse-leap-15.5", "opensuse-leap-15.5"),
        ("debian", "", ""),
    ],
)
def test_a_package_urls_qualifier_names_it_too(namespace: str, distro: str, expected: str) -> None:
    assert from_qualifier(namespace, distro) == expected
