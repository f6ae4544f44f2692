"""Truncated, hostile and non-UTF-8 files: the probe never fails, and what it could not understand is listed."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.host import HostFacts
from scanners.probe import packages
from scanners.probe.collect import SUBJECTS
from tests.scanners.probe import roots

BUNDLE = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + "a" * 64
FILES = {
    path: content
    for situation in roots.SITUATIONS
    for path, content in roots.described(situation)["files"].items()
}
FILES |= {
    BUNDLE
    + "/config.json": '{"process": {"args": ["sh"], "user": {"uid": 5}}, "linux": {"seccomp": {"syscalls": []}}}',
    BUNDLE + "/init.pid": "7",
    "/run/runc/web/state.json": '{"init_process_pid": 8, "config": {"labels": ["bundle=/srv/web"]}}',
    "/etc/docker/daemon.json": '{"hosts": ["fd://"], "log-opts": {"tag": "x"}, "tlsverify": true, "default-ulimits": {}}',
    "/srv/web/config.json": '{"root": {"readonly": true}, "mounts": [{"destination": "/proc"}]}',
    "/proc/7/status": "Uid:\t5\t5\nSeccomp:\t2\nCapEff:\t00\n",
    "/proc/7/cgroup": "0::/kubepods/pod1/" + "a" * 64,
    "/proc/7/mountinfo": "1 0 8:1 /etc /host ro master:1 - ext4 /dev/sda1 rw\n",
    "/proc/7/maps": "55d0-55d1 r-xp 0000 08:01 42     /bin/sh\n",
    "/proc/7/uid_map": "0 100000 65536",
    "/proc/1/mountinfo": "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n",
    "/var/lib/rkt/pods/run/5bc080ca/pod": '{"apps": [{"name": "redis", "image": {"name": "redis"}}]}',
    "/etc/systemd/system/rkt-redis.service": "[Service]\nExecStart=/usr/bin/rkt run redis",
}
PATHS = sorted(FILES) + ["/proc/config.gz", "/proc/1/status", "/proc/uptime", "/sys/firmware/efi/efivars/x"]
HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"\x00" * 100, b"9" * 5000, b"=" * 50, b"ID='unclosed", b"\xff\xfe", b"[", b"1 1 1\n" * 500]
    ),
)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
SETTINGS = (
    "hosts", "data-root", "graph", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey", "group", "log-opts", "proxies",
    "labels", "runtimes", "default-ulimits", "insecure-registries", "storage-opts", "log-opts-token",
)  # fmt: skip


def silent(found: dict[str, Any]) -> set[str]:
    """Subjects that say nothing, and of which it is not said why."""
    nothing = {name for name, _ in SUBJECTS if found[name] is None}
    return {name for name in nothing - roots.MAY_BE_ABSENT if f"/{name}" not in found["not_measured"]}


@settings(max_examples=150, deadline=None)
@given(changed=st.dictionaries(st.sampled_from(PATHS), HOSTILE, max_size=12))
def test_no_content_of_a_file_stops_the_probe(changed: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = roots.read(roots.make(Path(folder), {**FILES, **changed}))
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    failed = {
        pointer: reason for pointer, reason in found["not_measured"].items() if "probe failed" in reason
    }
    assert failed == {}
    assert silent(found) == set()


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(sorted(FILES)), share=st.floats(0, 1))
def test_a_file_that_was_cut_is_read_as_far_as_it_goes(path: str, share: float) -> None:
    content = FILES[path].encode()
    with tempfile.TemporaryDirectory() as folder:
        found = roots.read(roots.make(Path(folder), {**FILES, path: content[: int(len(content) * share)]}))
    assert silent(found) == set()


@settings(max_examples=80, deadline=None)
@given(
    file=st.dictionaries(st.sampled_from(SETTINGS), ANY_JSON, max_size=6),
    words=st.lists(
        st.sampled_from(
            ["-H", "--host", "--tlskey=", "--data-root", "--log-opt", "--group", "-", "--", "\udcff", "\n"]
        )
        | st.text(max_size=10),
        max_size=8,
    ),
)
def test_no_setting_of_docker_stops_the_probe(file: dict[str, Any], words: list[str]) -> None:
    command = "\0".join(["dockerd", *words]).encode("utf-8", "surrogatepass")
    files = {
        "/etc/docker/daemon.json": json.dumps(file),
        "/proc/9/cmdline": command,
        "/proc/9/comm": "dockerd",
    }
    with tempfile.TemporaryDirectory() as folder:
        found = roots.read(roots.make(Path(folder), {"/proc/1/comm": "systemd", **files}))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "/docker" not in found["not_measured"], found["not_measured"]["/docker"]
    msgspec.convert(found, HostFacts, strict=True)
    for pointer in found["not_measured"]:
        assert roots.at(found, pointer) is None, pointer


def test_a_number_that_is_none_is_listed(tmp_path: Path) -> None:
    found = roots.read(roots.make(tmp_path, {"/proc/sys/kernel/tainted": "many"}))
    assert found["kernel"]["tainted"] is None
    assert found["skipped"] == [{"where": "/proc/sys/kernel/tainted", "reason": "cannot be understood"}]
    assert "ValueError" in found["not_measured"]["/kernel/tainted"]


def test_every_null_that_is_not_measured_stands_where_its_pointer_says(tmp_path: Path) -> None:
    found = roots.read(roots.make(tmp_path, dict.fromkeys(FILES, b"\xff not what it should be")))
    assert found["not_measured"]
    for pointer in found["not_measured"]:
        assert roots.at(found, pointer) is None, pointer


@pytest.mark.parametrize("kind", ["fifo", "circle", "folder", "huge"])
def test_what_stands_in_place_of_every_file_stops_nothing(tmp_path: Path, kind: str) -> None:
    for path in FILES:
        target = tmp_path / path.lstrip("/")
        if target.exists() or target.is_symlink():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "fifo":
            os.mkfifo(target)
        elif kind == "circle":
            target.symlink_to(target.name)
        elif kind == "folder":
            target.mkdir()
        else:
            with target.open("wb") as file:
                file.truncate(1 << 40)  # takes no room on the disk
    found = roots.read(tmp_path)
    assert silent(found) == set() and found["skipped"]
    assert not [reason for reason in found["not_measured"].values() if "probe failed" in reason]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_list_of_packages_without_end_is_bounded(tmp_path: Path) -> None:
    paragraph = "Package: p{0}\nStatus: install ok installed\nVersion: 1\n\n"
    text = "".join(paragraph.format(number) for number in range(packages.MAX_PACKAGES + 10))
    found = roots.read(roots.make(tmp_path, {"/var/lib/dpkg/status": text}))
    assert len(found["packages"]["installed"]) == packages.MAX_PACKAGES
    assert {"where": "packages", "reason": "more packages than are kept"} in found["skipped"]
    roots.make(tmp_path, {"/var/lib/dpkg/status": "Package: " + "p" * (2 << 20)})
    found = roots.read(tmp_path)
    assert found["packages"]["installed"] is None
    assert found["not_measured"]["/packages/installed"] == "/var/lib/dpkg/status: too large"
