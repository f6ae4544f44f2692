"""Reads a host through the host probe: run on this machine (`local://`), piped over SSH (`ssh://user@host`), or asked
of the agent that it is there (`https://host`).

Over SSH nothing is installed on the host: `python3 -` there takes the probe from its input and leaves no file behind.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from scanners import host, probe_archive, typed
from scanners.connectors.address import parse_address
from scanners.connectors.agent import AgentProbe
from scanners.connectors.guard import Guard
from scanners.connectors.session import NO_OPTIONS, Options, Report
from scanners.connectors.ssh import SshTunnel
from scanners.records import Credential, Limits, NodeError, Observed, ProbeReport, Skipped

KIND = "probe"
LOCAL = "local://"
CLOCK_SKEW_SECONDS = 300
_SLICE_SECONDS = 0.25
_COMMANDS = {False: "exec python3 -", True: "exec sudo -n python3 -"}
# A shell says 127 when there is no such program (POSIX, 2.8.2), 126 when it may not be run.
_NO_PROGRAM = (126, 127)
_NEEDS_ROOT = "needs root"  # as scanners/probe/evidence.py says it
_DENIED = "denied"  # as scanners/probe/reading.py says it

Asks = Callable[[str, float], bytes]  # nonce, seconds that the probe may take -> what it says
Runs = Callable[[bytes], tuple[int, bytes, str]]  # program -> exit status, output, complaint


@contextlib.contextmanager
def open_node(
    address: str,
    credential: Credential,
    limits: Limits,
    options: Options = NO_OPTIONS,
    *,
    is_cancelled: Callable[[], bool],
) -> Iterator[ProbeSession]:
    """Open a host and close it again. Raises `NodeError`, whose code says what is wrong."""
    guard = Guard(limits, is_cancelled)
    if address.strip() == LOCAL:
        yield ProbeSession(piped(lambda program: _here(program, guard)), guard)
        return
    parsed = parse_address(address)
    if parsed.scheme == "https":
        yield ProbeSession(AgentProbe(parsed, credential, options, guard).ask, guard)
        return
    if parsed.scheme != "ssh":
        raise NodeError(
            "address_invalid", f"Write {LOCAL}, ssh://user@host or https://host for a host probe.", ""
        )
    tunnel = SshTunnel(parsed, credential, options.denied_networks, guard)
    try:
        yield over_ssh(tunnel, guard, sudo=options.sudo)
    finally:
        tunnel.close()


def over_ssh(tunnel: SshTunnel, guard: Guard, *, sudo: bool) -> ProbeSession:
    """The host at the other end of an SSH connection."""
    command = _COMMANDS[sudo]
    return ProbeSession(piped(lambda program: tunnel.execute(command, program)), guard)


def piped(run: Runs) -> Asks:
    """Ask a probe that is given to Python as a program, and nothing else."""

    def ask(nonce: str, seconds: float) -> bytes:
        # As one word, because a nonce may begin with a dash.
        program = probe_archive.bootstrap((f"--nonce={nonce}", f"--seconds={seconds:.0f}"))
        status, said, complaint = run(program)
        if status != 0:
            raise _failed(status, complaint)
        return said

    return ask


class ProbeSession:
    """A host on which the probe can be run. Made by `open_node`."""

    def __init__(self, ask: Asks, guard: Guard) -> None:
        self._ask = ask
        self._guard = guard

    @property
    def bytes_read(self) -> int:
        """Bytes that the host has sent so far."""
        return self._guard.received

    def probe(self) -> ProbeReport:
        """What this host is and what the probe may read there. Raises `NodeError`."""
        observed, facts = self._read()
        return _report(facts, observed.document, _skew(facts, datetime.now(UTC)))

    def collect(self, report: Report) -> Iterator[Observed | Skipped]:
        """The host as one record; then what is wrong with its clock. Raises `NodeError`."""
        report("host", 0, 1)
        observed, facts = self._read()
        yield observed
        report("host", 1, 1)
        yield from _skew(facts, datetime.now(UTC))
        yield from _skipped(facts)

    def _read(self) -> tuple[Observed, host.HostFacts]:
        nonce = secrets.token_urlsafe(16)
        # What the probe gives up when its time is over still has to be sent.
        return read(self._ask(nonce, max(1.0, self._guard.remaining() - 2.0)), nonce)


def read(said: bytes, nonce: str) -> tuple[Observed, host.HostFacts]:
    """The probe's document as a record. Raises `NodeError` for anything else, and for an answer to another question."""
    try:
        document: Any = msgspec.json.decode(said)
        facts = typed.convert(document, host.HostFacts)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise NodeError("malformed", f"The probe's answer cannot be read: {error}.", "") from None
    if facts.schema != host.SCHEMA:
        raise NodeError(
            "api_version",
            f"The probe speaks {facts.schema[:60]!r}; {host.SCHEMA} is understood.",
            "Bring the probe on the host to the version of this server.",
        )
    if not secrets.compare_digest(facts.nonce.encode(), nonce.encode()):
        raise NodeError(
            "replayed",
            "The answer was made for another question: it may be an old one, sent again.",
            "Look at what stands between this server and the host.",
        )
    return Observed(facts=facts, document=document, fingerprint=host.fingerprint(document)), facts


def _skipped(facts: host.HostFacts) -> Iterator[Skipped]:
    """What the probe could not read although it might have. What it may not read is not measured: the host says so."""
    shown = [item for item in facts.skipped if item.reason != _DENIED]
    for item in shown:
        yield Skipped(kind="unreadable", where=item.where, reason=item.reason)
    if facts.skipped_total > len(facts.skipped):
        reason = f"the probe lists only the first {len(facts.skipped)} of what it skipped"
        yield Skipped(
            kind="unreadable", where=f"{facts.skipped_total - len(facts.skipped)} more", reason=reason
        )


def _skew(facts: host.HostFacts, now: datetime) -> Iterator[Skipped]:
    try:
        theirs = datetime.strptime(facts.collected_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        yield Skipped(kind="malformed", where="the host's clock", reason="its time is not a date")
        return
    minutes = round((theirs - now).total_seconds() / 60)
    if abs((theirs - now).total_seconds()) > CLOCK_SKEW_SECONDS:
        direction = "ahead of" if minutes > 0 else "behind"
        reason = f"it is {abs(minutes)} min {direction} ours, so times that the host gives are off"
        yield Skipped(kind="clock", where="the host's clock", reason=reason)


def _report(facts: host.HostFacts, document: dict[str, Any], skew: Iterator[Skipped]) -> ProbeReport:
    """The document in a few sentences: what is not measured is counted by subject and reason."""
    reasons = Counter(
        (pointer.split("/")[1], reason) for pointer, reason in facts.not_measured.items() if "/" in pointer
    )
    missing = [
        f"Needs root: {_counted(count)} of {_said(subject)}."
        if reason == _NEEDS_ROOT
        else f"Not measured: {_counted(count)} of {_said(subject)}: {reason}."
        for (subject, reason), count in sorted(reasons.items())
    ]
    if facts.containers_complete is False:
        missing.append("There may be containers that the probe could not see.")
    subjects = [name for name in document if name in _SUBJECTS and f"/{name}" not in facts.not_measured]
    return ProbeReport(
        engine="Host probe",
        version=facts.probe_version,
        api_version=facts.schema,
        name=facts.host.name if facts.host else "",
        containers=None if facts.containers is None else len(facts.containers),
        images=None,
        networks=None,
        volumes=None,
        swarm="",
        readable=tuple(_said(name) for name in subjects),
        missing=tuple(missing),
        warnings=tuple(f"{item.where.capitalize()}: {item.reason}." for item in skew),
    )


_SUBJECTS = frozenset(host.HostFacts.__struct_fields__) - {
    "schema", "probe_version", "collected_at", "nonce", "is_root", "is_live", "containers_complete", "not_measured",
    "skipped", "skipped_total", "duration_seconds",
}  # fmt: skip


def _said(subject: str) -> str:
    return subject.replace("_", " ")


def _counted(facts: int) -> str:
    return "1 fact" if facts == 1 else f"{facts} facts"


def _failed(status: int, complaint: str) -> NodeError:
    said = complaint.strip().splitlines()[-1][:300] if complaint.strip() else ""
    if "sudo:" in complaint:
        return NodeError(
            "permission_denied",
            f"sudo did not let the probe run: {said}",
            "Allow the user “python3 -” without a password, or switch sudo off for this node.",
        )
    if status in _NO_PROGRAM:
        return NodeError("no_python", "The host has no python3.", "Install Python 3.6 or newer there.")
    return NodeError(
        "probe_failed", f"The probe ended with status {status}.", f"It said: {said}" if said else ""
    )


def _here(program: bytes, guard: Guard) -> tuple[int, bytes, str]:
    """Run the probe in a process of its own on this machine, within the guard's time and bytes."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        cwd="/",
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    written: dict[int, list[bytes]] = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(program)
            process.stdin.close()
        waiting = list(written)
        while waiting:
            guard.check()
            for handle in select.select(waiting, [], [], _SLICE_SECONDS)[0]:
                piece = os.read(handle, 65536)
                guard.received += len(piece)
                written[handle].append(piece)
                if not piece:
                    waiting.remove(handle)
        output, complaint = (b"".join(pieces) for pieces in written.values())
        return process.wait(10), output, complaint[-4000:].decode("utf-8", "replace")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
