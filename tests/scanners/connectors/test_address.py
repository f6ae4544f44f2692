"""Which addresses are understood, and which are refused before anything is opened."""

from __future__ import annotations

import socket

import pytest

from scanners.connectors.address import check_address, parse_address
from scanners.records import NodeError


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
        ("tcp://engine.example.org", "tcp://engine.example.org:2376"),
        ("tcp://[2001:db8::1]:2375", "tcp://[2001:db8::1]:2375"),
        ("https://web-1.example.org", "https://web-1.example.org:7443"),
        ("https://[2001:db8::1]:443/", "https://[2001:db8::1]:443"),
        ("ssh://ops@engine.example.org", "ssh://ops@engine.example.org:22/var/run/docker.sock"),
        (
            "ssh://ops@engine.example.org:2222/run/podman.sock",
            "ssh://ops@engine.example.org:2222/run/podman.sock",
        ),
    ],
)
def test_it_reads_addresses(address: str, shown: str):
    assert str(parse_address(address)) == shown


@pytest.mark.parametrize(
    "address",
    [
        "",
        "docker.sock",
        "http://engine:2375",
        "npipe:////./pipe/docker",
        "unix://relative.sock",
        "unix:///" + "x" * 200,
        "tcp://",
        "tcp://host:99999",
        "tcp://host:port",
        "tcp://host:2375/path",
        "tcp://user@host",
        "https://host/path",
        "https://user@host",
        "ssh://host",
        "ssh://user:password@host",
        "tcp://ho st",
        "tcp://host:2375?x=1",
        "tcp://host\n:1",
    ],
)
def test_it_refuses_what_it_cannot_use(address: str):
    with pytest.raises(NodeError) as caught:
        parse_address(address)
    assert caught.value.code == "address_invalid"
    assert "password" not in address or "password@" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "0.0.0.0",
        "0xa9fea9fe",
        "2852039166",
    ],
)
def test_it_refuses_metadata_addresses_however_they_are_spelt(host: str):
    with pytest.raises(NodeError) as caught:
        check_address(parse_address(f"tcp://{host}:80"))
    assert caught.value.code == "address_denied"


def test_it_refuses_networks_that_the_settings_deny():
    with pytest.raises(NodeError) as caught:
        check_address(parse_address("tcp://127.0.0.1:2375"), ["127.0.0.0/8"])
    assert caught.value.code == "address_denied"


def test_it_gives_the_numbers_to_connect_to():
    (resolved,) = check_address(parse_address("tcp://127.0.0.1:2375"))
    assert (resolved.family, resolved.target) == (socket.AF_INET, ("127.0.0.1", 2375))
