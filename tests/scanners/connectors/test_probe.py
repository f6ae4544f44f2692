"""The host probe as a connector: on this machine, and piped over a real sshd; and answers that are none."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from scanners.connectors import open_node, probe
from scanners.connectors.guard import Guard
from scanners.host import SCHEMA, HostFacts
from scanners.probe import VERSION
from scanners.records import Credential, Limits, NodeError, Observed, Skipped
from tests.engines import SshServer
from tests.scanners.connectors.pulling import never

QUICK = Limits(seconds=60)


def collected(address: str, credential: Credential | None = None, **options: Any) -> list[Observed | Skipped]:
    options.setdefault("is_cancelled", never)
    limits = options.pop("limits", QUICK)
    with open_node("probe", address, credential or Credential(), limits, **options) as session:
        return list(session.collect(lambda *_: None))


def only_host(items: list[Observed | Skipped]) -> HostFacts:
    """The host. What could not be read of the machine that these tests run on is its own affair."""
    (observed,) = [item for item in items if isinstance(item, Observed)]
    assert {item.kind for item in items if isinstance(item, Skipped)} <= {"unreadable"}
    assert isinstance(observed.facts, HostFacts)
    return observed.facts


def address_of(server: SshServer) -> str:
    return f"ssh://{server.user}@127.0.0.1:{server.port}"


def test_this_machine_is_read() -> None:
    facts = only_host(collected("local://"))
    assert facts.host is not None and facts.host.name == platform.node()
    assert facts.kernel is not None and facts.kernel.release == platform.release()
    assert facts.is_live and facts.schema == SCHEMA and facts.is_root == (os.geteuid() == 0)


def test_testing_the_connection_tells_what_the_probe_may_read() -> None:
    with open_node("probe", "local://", Credential(), QUICK, is_cancelled=never) as session:
        report = session.probe()
        assert session.bytes_read > 0
    assert (report.engine, report.version, report.api_version) == ("Host probe", VERSION, SCHEMA)
    assert report.name == platform.node() and report.containers is not None and report.images is None
    assert {"host", "kernel", "security modules", "containers"} <= set(report.readable)


def test_what_is_not_measured_is_told_by_subject_and_reason() -> None:
    unread = {"/kernel/lockdown": "needs root", "/kernel/a~1b": "needs root", "/rkt": "out of time"}
    said = {"kernel": {}, "rkt": None, "containers": [], "containers_complete": False, "not_measured": unread}
    report = of(lambda nonce: answer(nonce=nonce, **said)).probe()
    assert report.missing == (
        "Needs root: 2 facts of kernel.",
        "Not measured: 1 fact of rkt: out of time.",
        "There may be containers that the probe could not see.",
    )
    assert (report.readable, report.containers, report.warnings) == (("kernel", "containers"), 0, ())


def test_an_unchanged_host_has_an_unchanged_fingerprint() -> None:
    first, second = (collected("local://")[0] for _ in range(2))
    assert isinstance(first, Observed) and isinstance(second, Observed)
    assert first.document["nonce"] != second.document["nonce"]
    differs = {name for name in first.document if first.document[name] != second.document[name]} - {
        "nonce",
        "collected_at",
        "duration_seconds",
        "host",
        "containers",
    }
    assert differs == set() or first.fingerprint == second.fingerprint


def test_a_host_is_read_over_ssh_and_nothing_is_left_there(ssh_server: SshServer) -> None:
    facts = only_host(collected(address_of(ssh_server), ssh_server.credential))
    assert facts.host is not None and facts.host.name == platform.node()


def test_sudo_that_is_not_allowed_is_named(ssh_server: SshServer) -> None:
    with pytest.raises(NodeError) as caught:
        collected(address_of(ssh_server), ssh_server.credential, sudo=True, limits=Limits(seconds=30))
    # Without a sudo program the shell says so; with one, sudo asks for a password that nobody gives.
    assert caught.value.code in ("permission_denied", "no_python")


def test_an_ssh_host_with_another_key_is_refused(ssh_server: SshServer) -> None:
    other = msgspec.structs.replace(
        ssh_server.credential,
        ssh_host_key="ssh-ed25519 " + ssh_server.credential.ssh_host_key.split()[1][:-4] + "AAAA",
    )
    with pytest.raises(NodeError) as caught:
        collected(address_of(ssh_server), other)
    assert caught.value.code == "ssh_host_key"


@pytest.mark.parametrize("address", ["tcp://host:2376", "unix:///run/docker.sock", "local", "http://x"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(NodeError) as caught:
        collected(address)
    assert caught.value.code == "address_invalid"


def test_a_cancelled_pull_ends_the_probe() -> None:
    with pytest.raises(NodeError) as caught:
        collected("local://", is_cancelled=lambda: True)
    assert caught.value.code == "cancelled"


def test_a_nonce_may_begin_with_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.secrets, "token_urlsafe", lambda size: "--x-" + "y" * size)
    assert only_host(collected("local://")).nonce.startswith("--x-y")


def test_an_answer_that_is_too_large_is_refused() -> None:
    with pytest.raises(NodeError) as caught:
        collected("local://", limits=Limits(seconds=60, bytes=1000))
    assert caught.value.code == "too_large"


def answer(**changes: Any) -> bytes:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"schema": SCHEMA, "nonce": "n", "collected_at": now} | changes).encode()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", "malformed"),
        (b"not json", "malformed"),
        (b"[]", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"schema": "\xff"}', "malformed"),
        (b"{}", "malformed"),
        (answer(kernel={"tainted": "many"}), "malformed"),
        (answer(containers=[{"id": 5}]), "malformed"),
        (answer(schema="plimsoll.probe/2"), "api_version"),
        (answer(nonce=""), "replayed"),
        (answer(nonce="of yesterday"), "replayed"),
    ],
)
def test_what_is_no_answer_of_the_probe_is_refused(said: bytes, code: str) -> None:
    with pytest.raises(NodeError) as caught:
        probe.read(said, "n")
    assert caught.value.code == code


def of(said: Callable[[str], bytes], status: int = 0, complaint: str = "") -> probe.ProbeSession:
    """A session with a probe that answers this; `said` is given the nonce that the program was started with."""

    def run(program: bytes) -> tuple[int, bytes, str]:
        text = program.decode()
        nonce = text.rsplit("'--nonce=", 1)[1].split("'")[0]
        return status, said(nonce), complaint

    return probe.ProbeSession(probe.piped(run), Guard(QUICK, never))


def session(said: Callable[[str], bytes], status: int = 0, complaint: str = "") -> list[Observed | Skipped]:
    return list(of(said, status, complaint).collect(lambda *_: None))


@pytest.mark.parametrize(("hours", "word"), [(3, "ahead of"), (-3, "behind")])
def test_a_clock_that_is_off_is_told(hours: int, word: str) -> None:
    theirs = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    _, skipped = session(lambda nonce: answer(nonce=nonce, collected_at=theirs))
    assert isinstance(skipped, Skipped) and skipped.kind == "clock"
    assert f"180 min {word} ours" in skipped.reason


def test_a_time_that_is_none_is_told() -> None:
    _, skipped = session(lambda nonce: answer(nonce=nonce, collected_at="yesterday"))
    assert isinstance(skipped, Skipped) and skipped.kind == "malformed"


@pytest.mark.parametrize(
    ("status", "complaint", "code"),
    [
        (127, "sh: 1: exec: python3: not found", "no_python"),
        (1, "sudo: a password is required", "permission_denied"),
        (1, "SyntaxError: invalid syntax", "probe_failed"),
        (137, "", "probe_failed"),
    ],
)
def test_a_probe_that_did_not_run_is_named(status: int, complaint: str, code: str) -> None:
    with pytest.raises(NodeError) as caught:
        session(lambda _: b"", status, complaint)
    assert caught.value.code == code
