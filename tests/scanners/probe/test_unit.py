"""The systemd unit: accepted by systemd, with the least rights, and none of them so few that the host is misread."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scanners import probe_archive

# What the unit's own comments give up.
GIVEN_UP = ("/sysctls/net.core.bpf_jit_harden", "/bpf_programs", "/firewall/input_policy")
HIDING = (
    "PrivateTmp",
    "PrivateDevices",
    "ProtectKernelModules",
    "ProtectProc",
    "ProcSubset",
    "ProtectClock",
    "PrivateUsers",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dist") / "plimsoll-probe.pyz"
    assert probe_archive.main([str(path)]) == 0
    return path


def printed(archive: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(archive), "unit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def settings(text: str) -> dict[str, list[str]]:
    """Name -> values of the unit's settings, continued lines joined."""
    found: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_it_starts_this_probe_with_what_enrol_made(archive: Path) -> None:
    ran = printed(archive, "--listen", "[::]:8443", "--directory", "/srv/agent")
    assert (ran.returncode, ran.stderr) == (0, "")
    found = settings(ran.stdout)
    assert found["ExecStart"][0].split()[:6] == [
        sys.executable, "-I", str(archive), "serve", "--listen", "[::]:8443",
    ]  # fmt: skip
    assert "token:/srv/agent/token" in found["LoadCredential"]


def test_it_hides_nothing_that_would_be_misread(archive: Path) -> None:
    found = settings(printed(archive).stdout)
    assert not set(HIDING) & set(found) and found["ProtectHome"] == ["read-only"]
    assert found["NoNewPrivileges"] == ["yes"] and found["ProtectSystem"] == ["strict"]
    assert "AF_UNIX" not in found["RestrictAddressFamilies"][0]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_accepts_it(archive: Path, tmp_path: Path) -> None:
    unit = tmp_path / "plimsoll-probe.service"
    unit.write_text(printed(archive).stdout)
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_setting_is_one_that_systemd_documents(archive: Path) -> None:
    sections = re.findall(r"^\[(\w+)\]$", printed(archive).stdout, re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]
    assert set(settings(printed(archive).stdout)) == {
        "Description", "After", "Wants", "WantedBy", "Type", "ExecStart", "LoadCredential", "Restart",
        "RestartSec", "MemoryMax", "TasksMax", "CPUQuota", "Nice", "CapabilityBoundingSet", "AmbientCapabilities",
        "NoNewPrivileges", "RestrictSUIDSGID", "UMask", "ProtectSystem", "ProtectHome", "ReadOnlyPaths",
        "ProtectKernelTunables", "ProtectControlGroups", "DevicePolicy", "RestrictAddressFamilies", "RestrictNamespaces",
        "RestrictRealtime", "LockPersonality", "KeyringMode", "SystemCallArchitectures", "SystemCallFilter",
        "SystemCallErrorNumber",
    }  # fmt: skip


def may_unshare() -> bool:
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0 or not may_unshare(), reason="only root has rights to give up")
def test_with_its_rights_alone_the_host_is_read_as_by_root(archive: Path) -> None:
    rights = (
        settings(printed(archive).stdout)["CapabilityBoundingSet"][0].lower().replace("cap_", "+").split()
    )
    read_only = (
        "for at in / /proc /sys; do mount --bind $at $at && mount -o remount,bind,ro $at || exit 9; done; "
    )
    fewer = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=" + ",".join(["-all", *rights])]
    run = [sys.executable, "-I", str(archive)]

    def missing(command: list[str]) -> set[str]:
        ran = subprocess.run(command, capture_output=True, check=True, timeout=60)
        return set(json.loads(ran.stdout)["not_measured"])

    with_less = missing(["unshare", "-m", "sh", "-c", read_only + 'exec "$@"', "sh", *fewer, *run])
    more = {pointer for pointer in with_less - missing(run) if not pointer.startswith(GIVEN_UP)}
    # A program that was not asked in time, or a container that came meanwhile, is no matter of rights.
    assert not {pointer for pointer in more if not pointer.startswith(("/containers/", "/runtimes/"))}


def test_a_probe_that_others_may_change_is_not_put_into_a_unit(archive: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    copy = Path(shutil.copy(archive, loose))
    ran = printed(copy)
    assert (ran.returncode, ran.stdout) == (2, "") and "may be changed by others" in ran.stderr


@pytest.mark.parametrize("directory", ["/with blank", "/with%specifier", "/with\nline"])
def test_what_a_unit_would_read_otherwise_is_refused(archive: Path, directory: str) -> None:
    ran = printed(archive, "--directory", directory)
    assert (ran.returncode, ran.stdout) == (2, "") and "plainer name" in ran.stderr
