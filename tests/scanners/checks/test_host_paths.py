"""A bind is judged by what it reaches, not by how it is spelled."""

import pytest

from scanners.checks.host_paths import is_sensitive, reaches_engine_socket


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/etc",
        "/etc/",
        "/etc/ssl/private",
        "/etc/../etc/shadow",
        "/var",
        "/var/lib",
        "/var/lib/docker/x",
        "/root/.ssh",
    ],
)
def test_system_directories_are_sensitive(path: str) -> None:
    assert is_sensitive(path)


@pytest.mark.parametrize(
    "path", ["/srv/data", "/etcetera", "/home/etc", "/etc/localtime", "/etc/ssl/certs/ca.pem", "/opt"]
)
def test_other_directories_are_not(path: str) -> None:
    assert not is_sensitive(path)


@pytest.mark.parametrize(
    "path",
    [
        "/run/docker.sock",
        "/var/run/docker.sock",
        "/run/user/1000/podman/podman.sock",
        "/run",
        "/var/run/",
        "/",
        "/run/containerd",
    ],
)
def test_it_reaches_an_engine_socket(path: str) -> None:
    assert reaches_engine_socket(path)


@pytest.mark.parametrize("path", ["/run/app", "/srv/docker.sock.d", "/run/postgresql"])
def test_it_reaches_no_engine_socket(path: str) -> None:
    assert not reaches_engine_socket(path)
