"""Docker's daemon: its settings wherever they were said, without secrets; and a real one beside what it says of itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanners.host import HostFacts
from scanners.probe import docker_settings, programs, units
from scanners.probe.collect import document
from scanners.probe.reading import Reader
from tests.engines import Engine
from tests.scanners.probe import roots


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-H fd:// --icc=false", {"hosts": ["fd://"], "icc": False}),
        ("-Htcp://0.0.0.0:2375 -H=unix:///s", {"hosts": ["tcp://0.0.0.0:2375", "unix:///s"]}),
        ("--host tcp://a --host=tcp://b", {"hosts": ["tcp://a", "tcp://b"]}),
        ("-D --tls --tlsverify=true", {"debug": True, "tls": True, "tlsverify": True}),
        ("--userland-proxy=0 --iptables=F", {"userland-proxy": False, "iptables": False}),
        ("--debug false", {"debug": True}),  # a switch takes no word of its own
        ("--log-opt max-size=10m --log-opt max-file=3", {"log-opts": {"max-size": "10m", "max-file": "3"}}),
        (
            "--default-ulimit nofile=1024 --default-ulimit=core=0:-1",
            {
                "default-ulimits": {
                    "nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024},
                    "core": {"Name": "core", "Soft": 0, "Hard": -1},
                }
            },
        ),
        ("--graph /old --mtu 1400", {"data-root": "/old", "mtu": 1400}),
        ("--http-proxy http://p --no-proxy a,b", {"proxies": {"http-proxy": "http://p", "no-proxy": "a,b"}}),
        ("--add-runtime runsc=/usr/bin/runsc", {"runtimes": {"runsc": {"path": "/usr/bin/runsc"}}}),
        ("--feature containerd-snapshotter=true", {"features": {"containerd-snapshotter": True}}),
        (
            "--default-address-pool base=10.0.0.0/8,size=24",
            {"default-address-pools": [{"base": "10.0.0.0/8", "size": 24}]},
        ),
        ("--default-network-opt bridge=a.b=1", {"default-network-opts": {"bridge": {"a.b": "1"}}}),
        (
            "--future-option here --future-switch --rootless word",
            {"future-option": "here", "future-switch": "true"},
        ),
        ("-- - -x --=3", {}),
    ],
)
def test_a_command_line_says_what_daemon_json_would(words: str, expected: dict[str, Any]) -> None:
    assert docker_settings.of_command_line(words.split()) == expected


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"log-opts": {"splunk-token": "s3"}}, {"log-opts": {"splunk-token": "REDACTED"}}),
        ({"registry-mirrors": ["https://u:s3@m"]}, {"registry-mirrors": ["https://u:REDACTED@m"]}),
        ({"x": "https://u:s3@m/?a=b"}, {"x": "https://u:REDACTED@m/?a=b"}),
        ({"x": "https://m/?b=c&api_key=s3&d=e"}, {"x": "https://m/?b=c&api_key=REDACTED&d=e"}),
        ({"labels": ["password=s3"]}, {"labels": ["password=REDACTED"]}),
        ({"access-key": ["s3"], "secrets": {"a": 1}}, {"access-key": ["REDACTED"], "secrets": {"a": 1}}),
        ({"icc": False, "mtu": 1 << 70, "cpu": float("inf")}, {"icc": False, "mtu": None, "cpu": None}),
        ({"authorization-plugins": ["opa"]}, {"authorization-plugins": ["opa"]}),
    ],
)
def test_what_leaves_the_host_holds_no_secret_and_is_json(setting: Any, told: Any) -> None:
    assert docker_settings.told(setting) == told


def test_settings_within_settings_end() -> None:
    nested: Any = []
    for _ in range(100):
        nested = [nested]
    assert len(json.dumps(docker_settings.told(nested))) < 100


def test_a_unit_is_what_its_drop_ins_made_of_it(tmp_path: Path) -> None:
    unit = "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/bin/dockerd -H fd:// \\\n  $DOCKER_OPTS\n"
    files = {
        "/usr/lib/systemd/system/docker.service": unit,
        "/etc/default/docker": "# DOCKER_OPTS=none\nDOCKER_OPTS=\"--icc=false --log-level 'warn'\"\n",
        "/run/systemd/system/masked.service": "[Service]\nExecStart=/bin/run\n",
    }
    root = roots.make(tmp_path, files, {"/etc/systemd/system/masked.service": "/dev/null"})
    reader = Reader(str(root))
    assert units.command(reader, "docker.service") == [
        "/usr/bin/dockerd", "-H", "fd://", "--icc=false", "--log-level", "warn"
    ]  # fmt: skip
    assert units.command(reader, "masked.service") == [] == units.command(reader, "none.service")
    drop_in = "/etc/systemd/system/docker.service.d/more.conf"
    roots.make(
        tmp_path, {drop_in: "[Service]\nExecStart=\nExecStart=-/usr/bin/dockerd -H tcp://0.0.0.0:2375\n"}
    )
    found = roots.read(root)["docker"]
    assert found["settings"] == {"hosts": ["tcp://0.0.0.0:2375"]} and found["is_running"] is None
    assert found["addresses"] == ["tcp://0.0.0.0:2375"]


def test_what_listens_for_the_daemon_is_what_systemd_listens_on(tmp_path: Path) -> None:
    socket = "[Socket]\nListenStream=%t/docker.sock\nListenStream=2375\nListenStream=127.0.0.1:2376\n"
    reader = Reader(str(roots.make(tmp_path, {"/etc/systemd/system/docker.socket": socket})))
    said = docker_settings.addresses(reader, {"hosts": ["fd://", 5, "0.0.0.0:1"]}, "unix:///default")
    assert said == [
        "tcp://0.0.0.0:1",
        "tcp://0.0.0.0:2375",
        "tcp://127.0.0.1:2376",
        "unix:///run/docker.sock",
    ]
    assert docker_settings.addresses(reader, {}, "unix:///default") == ["unix:///default"]


def test_a_daemon_in_a_container_is_not_the_hosts(tmp_path: Path) -> None:
    inside = {
        "/proc/1/comm": "systemd",
        "/proc/9/comm": "dockerd",
        "/proc/9/cmdline": "dockerd\0--icc=true",
        "/proc/9/cgroup": f"0::/docker/{'a' * 64}\n",
    }
    assert roots.read(roots.make(tmp_path, inside))["docker"] is None


def test_a_rootless_daemon_has_its_users_places(tmp_path: Path) -> None:
    files = {
        "/proc/1/comm": "systemd",
        "/proc/9/comm": "dockerd",
        "/proc/9/cmdline": "dockerd\0",
        "/proc/9/status": "Uid:\t1000\t1000\t1000\t1000\n",
        "/etc/passwd": "ann:x:1000:1000::/home/ann:/bin/sh\n",
        "/home/ann/.config/docker/daemon.json": '{"tls": true}',
        "/home/ann/.docker/key.pem": "x",
        "/home/ann/.local/share/docker/engine-id": "95e2a1b4-6e5c-4b5e-9a5f-0d8c3f6a7b21",
    }
    found = roots.read(roots.make(tmp_path, files))
    docker = found["docker"]
    assert docker["is_rootless"] and docker["is_running"] and docker["settings"] == {"tls": True}
    assert docker["root_dir"] == "/home/ann/.local/share/docker" and docker["engine_id"].startswith("95e2")
    assert docker["addresses"] == ["unix:///run/user/1000/docker.sock"] and docker["group"] is None
    assert [file["path"] for file in docker["files"]["tls-key"]] == ["/home/ann/.docker/key.pem"]
    assert [data["path"] for data in found["container_data"]] == ["/home/ann/.local/share/docker"]


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0, reason="a real daemon needs root")
def test_a_real_daemon_is_told_as_it_says_itself(
    docker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = programs.running

    def without_others(reader: Reader) -> list[programs.Process]:
        """Another daemon may run on this machine, and only one is told."""
        ours = docker_engine.process.pid
        return [one for one in everything(reader) or () if "dockerd" not in one.names or one.pid == ours]

    monkeypatch.setattr(programs, "running", without_others)
    found = document()
    msgspec.convert(found, HostFacts, strict=True)
    docker, folder = found["docker"], docker_engine.folder
    client = docker_engine.client()
    info = client.api.info()
    client.close()
    assert docker["is_running"] and not docker["is_rootless"] and docker["config_error"] == ""
    assert docker["engine_id"] == info["ID"]
    assert docker["root_dir"] == info["DockerRootDir"] == f"{folder}/data"
    assert docker["settings"]["tlsverify"] is True and docker["settings"]["iptables"] is False
    assert set(docker["addresses"]) == {f"unix://{folder}/docker.sock", docker_engine.tcp_address}
    (key,) = docker["files"]["tls-key"]
    status = (folder / "key.pem").stat()
    assert (key["path"], key["uid"], key["mode"]) == (
        f"{folder}/key.pem",
        0,
        f"{status.st_mode & 0o7777:04o}",
    )
    assert docker["files"]["docker-sock"][0]["kind"] == "socket"
    assert docker["watched"][docker["watched_as"]["1.1.3"][0]] is True
    port = int(docker_engine.tcp_address.rpartition(":")[2])
    (socket,) = [item for item in found["listeners"] if item["port"] == port]
    assert (socket["protocol"], socket["address"]) == ("tcp", "127.0.0.1")
    assert socket["program"].endswith("/dockerd")
    assert f"{folder}/data" in {data["path"] for data in found["container_data"]}
