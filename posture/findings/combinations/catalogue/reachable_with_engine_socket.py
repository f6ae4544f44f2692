"""Reachable, and holds the engine's socket."""

from __future__ import annotations

from posture.findings.combinations.examples import OPEN, facts
from posture.findings.combinations.rule import SOCKET, Facts, path, rule
from scanners.records import Severity


@rule(
    title="Reachable, and holds the engine's socket",
    severity=Severity.CRITICAL,
    rationale="Who takes over the process that answers the network can tell the engine to start a privileged container, "
    "and so owns the host, whatever else confines this one.",
    remediation="Take the socket out, or put a proxy in between that allows only the calls that are needed.",
    good=[facts(**OPEN), facts(failing=frozenset({SOCKET}))],
    bad=[facts(**OPEN, failing=frozenset({SOCKET}))],
)
def reachable_with_engine_socket(f: Facts) -> tuple[str, ...] | None:
    if not (f.is_reachable and SOCKET in f.failing):
        return None
    return path(f.entrance, f.container, "the engine's socket", f.host)
