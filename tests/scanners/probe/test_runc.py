"""The probe beside real containers that runC started without any engine, from a good and from a bad bundle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanners.host import HostFacts
from scanners.probe.collect import document

RUNC, BUSYBOX = shutil.which("runc"), shutil.which("busybox")
pytestmark = pytest.mark.skipif(
    RUNC is None or BUSYBOX is None or os.geteuid() != 0, reason="needs runc, busybox and root"
)


def bundle(folder: Path, **changes: Any) -> Path:
    """A bundle as `runc spec` proposes it, with one program that sleeps, and these changes of its process and linux."""
    binaries = folder / "rootfs" / "bin"
    binaries.mkdir(parents=True)
    assert BUSYBOX is not None
    shutil.copy(BUSYBOX, binaries / "sleep")
    subprocess.run(["runc", "spec"], cwd=folder, check=True, timeout=30)
    config = json.loads((folder / "config.json").read_text())
    config["process"] |= {"terminal": False, "args": ["sleep", "300"], **changes.get("process", {})}
    config["linux"] |= {"resources": {}, **changes.get("linux", {})}
    config["root"] |= changes.get("root", {})
    config.pop("hostname")  # may only be set in a UTS namespace of its own
    config["mounts"] += changes.get("mounts", [])
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def running(tmp_path: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """name -> what the probe says of it."""
    seccomp = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}],
    }
    good = bundle(tmp_path / "good", linux={"seccomp": seccomp})
    every = ["CAP_SYS_ADMIN", "CAP_CHOWN"]
    sets = ("bounding", "effective", "permitted")
    bad = bundle(
        tmp_path / "bad",
        process={"noNewPrivileges": False, "capabilities": dict.fromkeys(sets, every)},
        linux={"namespaces": [{"type": "mount"}, {"type": "pid"}], "maskedPaths": [], "readonlyPaths": []},
        root={"readonly": False},
        mounts=[{"destination": "/host-etc", "type": "bind", "source": "/etc", "options": ["rbind", "ro"]}],
    )
    names = {f"plimsoll-good-{os.getpid()}": good, f"plimsoll-bad-{os.getpid()}": bad}
    (tmp_path / "bad" / "rootfs" / "host-etc").mkdir()
    try:
        for name, folder in names.items():
            with (folder / "out").open("wb") as out:
                started = subprocess.run(
                    ["runc", "run", "-d", "--bundle", str(folder), name],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    timeout=60,
                )
            assert started.returncode == 0, (folder / "out").read_text()
        yield {name.split("-")[1]: found for name, found in listed(names).items()}
    finally:
        for name in names:
            subprocess.run(["runc", "delete", "--force", name], capture_output=True, timeout=60)


def listed(names: dict[str, Path]) -> dict[str, dict[str, Any]]:
    deadline = time.monotonic() + 20
    while True:
        found = document()
        msgspec.convert(found, HostFacts, strict=True)
        mine = {item["id"]: item for item in found["containers"] if item["id"] in names}
        if len(mine) == len(names) and all(item["status"] == "running" for item in mine.values()):
            return mine
        assert time.monotonic() < deadline, mine
        time.sleep(0.2)


def test_what_runc_runs_is_listed_with_its_bundle_and_its_process(running: dict[str, dict[str, Any]]) -> None:
    good, bad = running["good"], running["bad"]
    assert {good["manager"], bad["manager"]} == {"runc"}
    assert good["process"]["seccomp"] == "filter" and good["bundle"]["seccomp_syscalls"] == 1
    assert good["process"]["no_new_privileges"] is True and good["bundle"]["no_new_privileges"] is True
    assert good["process"]["shared_namespaces"] in (["user"], ["cgroup", "user"])
    assert bad["process"]["seccomp"] == "disabled" and bad["bundle"]["seccomp_default_action"] is None
    assert bad["process"]["no_new_privileges"] is False
    assert {"ipc", "net", "uts"} <= set(bad["process"]["shared_namespaces"])
    assert int(bad["process"]["capabilities"]["effective"], 16) == 1 << 21 | 1 << 0
    assert "/etc" in {mount["source"] for mount in bad["process"]["mounts"]}
    assert bad["bundle"]["masked_paths"] == [] and bad["bundle"]["root_read_only"] is False
    assert good["loaded"] == ["/bin/sleep"]
