"""The probe on the host of these tests: what moves by itself is no change, and what root sees, and others do not."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import pytest

from scanners import probe_archive
from scanners.host import HostFacts, fingerprint
from scanners.probe import bpf, timesync
from scanners.probe.collect import document
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader

NOBODY = 65534
pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="the probe reads Linux hosts")


def without_neighbours(found: dict[str, Any]) -> dict[str, Any]:
    """Other tests start containers, engines and servers on this machine while these run."""
    for name in ("containers", "containers_complete", "listeners", "docker", "container_data"):
        found.pop(name)
    moving = ("/containers", "/docker", "/container_data", "/listeners")
    found["not_measured"] = {
        key: value for key, value in found["not_measured"].items() if not key.startswith(moving)
    }
    found["skipped"] = [item for item in found["skipped"] if item["where"] != "dockerd"]
    return found


def test_an_unchanged_host_has_an_unchanged_fingerprint() -> None:
    first, second = (without_neighbours(document(nonce=str(look))) for look in range(2))
    assert first["nonce"] != second["nonce"]
    assert fingerprint(first) == fingerprint(second)


RECORDED: dict[str, Any] = {
    "host": {"name": "a", "uptime_seconds": 5},
    "audit": {"lost": 1, "rules": ["-w /etc"]},
    "time": {"is_synchronised": True, "estimated_error_seconds": 0.1},
    "sensors": [{"name": "falco", "is_running": True, "last_sign": "2026-01-01T00:00:00Z"}],
    "backups": [{"tool": "restic", "evidence": "/etc/crontab", "last_run": None}],
    "containers": [{"id": "a", "process_count": 3}],
    "listeners": [{"protocol": "tcp", "address": "::", "port": 22, "program": "/usr/sbin/sshd"}],
    "bpf_programs": [],
    "skipped": [{"where": "/etc/shadow", "reason": "denied"}],
    "skipped_total": 1,
    "not_measured": {"/firewall/input_policy": "needs root"},
}


def change(found: dict[str, Any], *steps: Any) -> None:
    *path, last, value = steps
    for step in path:
        found = found[step]
    found[last] = value


@pytest.mark.parametrize(
    "steps",
    [
        ("host", "uptime_seconds", 6),
        ("audit", "lost", 2),
        ("time", "estimated_error_seconds", 0.2),
        ("sensors", 0, "last_sign", "2026-01-01T00:01:00Z"),
        ("backups", 0, "last_run", "2026-01-01T00:01:00Z"),
        ("containers", 0, "process_count", 4),
        ("bpf_programs", [{"id": 7, "kind": "kprobe"}]),
        ("skipped_total", 9),
        ("skipped", [*RECORDED["skipped"], {"where": "/proc/4711/exe", "reason": "denied"}]),
        ("listeners", [*RECORDED["listeners"], {"protocol": "udp", "address": "::", "port": 40001}]),
        ("not_measured", "/listeners/1/program", "needs root"),
    ],
)
def test_what_moves_by_itself_is_no_change(steps: tuple[Any, ...]) -> None:
    later = json.loads(json.dumps(RECORDED))
    change(later, *steps)
    assert fingerprint(later) == fingerprint(RECORDED)


@pytest.mark.parametrize(
    "steps",
    [
        ("audit", "rules", []),
        ("time", "is_synchronised", False),
        ("sensors", 0, "is_running", False),
        ("sensors", []),
        ("backups", 0, "tool", "borg"),
        ("listeners", 0, "port", 2375),
        ("listeners", 0, "program", "/tmp/sshd"),
        ("skipped", []),
        ("not_measured", {}),
    ],
)
def test_a_change_of_the_host_is_one(steps: tuple[Any, ...]) -> None:
    later = json.loads(json.dumps(RECORDED))
    change(later, *steps)
    assert fingerprint(later) != fingerprint(RECORDED)


def as_nobody(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        arguments,
        input=text,
        capture_output=True,
        user=NOBODY,
        group=NOBODY,
        extra_groups=(),
        cwd="/",
        timeout=60,
        check=False,
    )


def python_for_everybody() -> str:
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with suppress(OSError):
            if as_nobody(python, "-c", "").returncode == 0:
                return python
    return pytest.skip("this machine has no Python for everybody")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
def test_somebody_who_is_not_root_is_told_what_needs_root() -> None:
    ran = as_nobody(python_for_everybody(), "-I", "-S", "-", text=probe_archive.bootstrap())
    assert ran.returncode == 0, ran.stderr.decode()
    found = json.loads(ran.stdout)
    facts = msgspec.convert(found, HostFacts, strict=True)
    assert not facts.is_root and facts.audit is not None and facts.audit.rules is None
    for pointer in (
        "/audit/rules",
        "/audit/enabled",
        "/audit/lost",
        "/firewall/input_policy",
        "/bpf_programs",
    ):
        assert facts.why(pointer) == "needs root", pointer
    assert facts.listeners is not None
    for position, listener in enumerate(facts.listeners):
        assert listener.program is None and facts.why(f"/listeners/{position}/program") == "needs root"
    # Another engine of this machine, whosever it is, is told too.
    assert {item.reason for item in facts.skipped} <= {"denied", "more than one runs: what is told is of one"}


def test_the_kernels_clock_says_whether_it_is_kept_right() -> None:
    found = document()["time"]
    assert found["is_synchronised"] in (True, False) and found["estimated_error_seconds"] >= 0


@pytest.mark.parametrize("error", [ImportError, AttributeError, OSError])
def test_a_clock_that_cannot_be_asked_is_not_measured(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> None:
        raise error

    monkeypatch.setattr(timesync, "asked", asked)
    not_measured: dict[str, str] = {}
    assert timesync.clock(Evidence(Reader(), "/time", not_measured)) == (None, None)
    assert set(not_measured) == {"/time/is_synchronised", "/time/estimated_error_seconds"}
    assert error.__name__ in not_measured["/time/is_synchronised"]


LOAD, SOCKET_FILTER = 5, 1


@contextmanager
def loaded_program() -> Iterator[None]:
    """The smallest program, which returns 0: loaded, and attached to nothing."""

    class Load(ctypes.Structure):
        _fields_ = [
            ("type", ctypes.c_uint),
            ("length", ctypes.c_uint),
            ("instructions", ctypes.c_ulonglong),
            ("license", ctypes.c_ulonglong),
            ("log_and_flags", ctypes.c_ubyte * 24),
            ("name", ctypes.c_char * 16),
        ]

    code = ctypes.create_string_buffer(bytes.fromhex("b7000000000000009500000000000000"))
    license_name = ctypes.create_string_buffer(b"GPL")
    load = Load(SOCKET_FILTER, 2, ctypes.addressof(code), ctypes.addressof(license_name))
    load.name = b"plimsoll"
    number = ctypes.c_long(bpf._CALLS[platform.machine()])
    library = ctypes.CDLL(None, use_errno=True)
    handle = library.syscall(number, LOAD, ctypes.byref(load), ctypes.sizeof(load))
    if handle < 0:
        pytest.skip(f"this kernel loads no program: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        os.close(handle)


@pytest.mark.skipif(os.geteuid() != 0, reason="programs are shown to root")
def test_a_program_that_the_kernel_has_loaded_is_listed() -> None:
    before = document()["bpf_programs"]
    assert before is not None
    with loaded_program():
        added = [one for one in document()["bpf_programs"] if one not in before]
    assert [(one["kind"], one["name"], len(one["tag"])) for one in added] == [
        ("socket_filter", "plimsoll", 16)
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(22, "Invalid argument"), "the kernel refuses: Invalid argument"),
        (ImportError(), "this Python cannot ask the kernel"),
    ],
)
def test_a_kernel_that_does_not_say_its_programs_is_not_measured(
    error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: Evidence) -> Callable[[], None]:
        raise error

    monkeypatch.setattr(bpf, "loaded", refuses)
    not_measured: dict[str, str] = {}
    assert bpf.collect(Evidence(Reader(), "/bpf_programs", not_measured)) is None
    assert not_measured["/bpf_programs"].startswith(reason)
