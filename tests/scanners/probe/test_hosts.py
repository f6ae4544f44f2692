"""What the probe says of hosts in real-world situations, and of the host on which these tests run."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

import msgspec
import pytest

from scanners.host import HostFacts
from scanners.probe import SCHEMA
from scanners.probe.collect import SUBJECTS, document
from tests.scanners.probe import roots


@pytest.mark.parametrize("situation", roots.SITUATIONS, ids=lambda path: path.stem)
def test_a_host_is_told_as_it_is(situation: Path, tmp_path: Path) -> None:
    host = roots.described(situation)
    found = roots.read(roots.make(tmp_path, host["files"], host.get("links")))
    msgspec.convert(found, HostFacts, strict=True)
    said = {pointer: roots.at(found, pointer) for pointer in host["expected"]}
    assert said == host["expected"]
    reasons = {pointer: found["not_measured"].get(pointer) for pointer in host.get("not_measured", {})}
    assert reasons == host.get("not_measured", {})
    assert found["skipped"] == host.get("skipped", []) and not found["is_live"]
    assert "hunter2" not in json.dumps(found)


def test_there_are_enough_situations() -> None:
    assert len(roots.SITUATIONS) >= 8


@pytest.mark.skipif(platform.system() != "Linux", reason="the probe reads Linux hosts")
def test_the_host_of_these_tests_is_read() -> None:
    found = document()
    assert found["schema"] == SCHEMA and found["is_live"]
    silent = {name for name, _ in SUBJECTS if found[name] is None}
    assert silent <= roots.MAY_BE_ABSENT | {pointer[1:] for pointer in found["not_measured"]}
    msgspec.convert(found, HostFacts, strict=True)
    assert found["kernel"]["release"] == platform.release()
    assert found["kernel"]["architecture"] == platform.machine()
    assert found["host"]["name"] == platform.node()
    assert found["is_root"] == (os.geteuid() == 0)
    assert found["confinement"]["capabilities"]["last"] >= 37


def test_the_id_of_the_machine_stays_on_the_machine(tmp_path: Path) -> None:
    machine = "0123456789abcdef0123456789abcdef"
    root = roots.make(tmp_path, {"/etc/machine-id": machine + "\n"})
    found = roots.read(root)
    assert len(found["host"]["id"]) == 32 and machine not in json.dumps(found)
    assert found["host"]["id"] == roots.read(root)["host"]["id"]


def test_facts_that_only_a_running_host_tells_are_not_measured_below_another_root(tmp_path: Path) -> None:
    found = roots.read(roots.make(tmp_path, {"/usr/bin/runc": "#!/bin/sh\ntouch /tmp/ran"}))
    assert found["runtimes"] == {"runc": {"path": "/usr/bin/runc", "version": None}}
    assert found["not_measured"]["/runtimes/runc/version"] == "needs the running host"
    assert found["not_measured"]["/kernel/architecture"] == "needs the running host"


def test_out_of_time_it_says_what_is_missing() -> None:
    found = document(seconds=0.0)
    assert all(found[name] is None for name, _ in SUBJECTS)
    assert {found["not_measured"]["/" + name] for name, _ in SUBJECTS} == {"out of time"}
