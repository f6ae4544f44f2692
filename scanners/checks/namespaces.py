"""Namespaces shared with the host, directly or by joining a container that shares them."""

from __future__ import annotations

from typing import Literal

from scanners.checks.check import Verdict, failed, not_measured, passed
from scanners.records import ContainerFacts, ContainerSummary

FIELDS = {
    "network_mode": "HostConfig.NetworkMode",
    "pid_mode": "HostConfig.PidMode",
    "ipc_mode": "HostConfig.IpcMode",
}


def judge_mode(facts: ContainerFacts, field: Literal["network_mode", "pid_mode", "ipc_mode"]) -> Verdict:
    """Fail when the mode is host, or leads over `container:<id>` to a container that uses host.

    A joined container that the engine's list does not show leaves the question open.
    """
    label = FIELDS[field]
    mode = getattr(facts, field)
    if mode == "host":
        return failed(f"{label} is host")
    seen: set[str] = set()
    while mode.startswith("container:"):
        other = _find(facts, mode.removeprefix("container:"))
        if other is None or getattr(other, field) is None:
            return not_measured(f"{label} joins another container whose own mode could not be read")
        if other.id in seen:
            break
        seen.add(other.id)
        mode = getattr(other, field)
        if mode == "host":
            return failed(f"{label} joins the container {other.name}, which uses host")
    return passed()


def _find(facts: ContainerFacts, name_or_id: str) -> ContainerSummary | None:
    if facts.engine is None or not name_or_id:
        return None
    for other in facts.engine.containers or ():
        if (
            other.id == name_or_id
            or other.name == name_or_id
            or (len(name_or_id) >= 12 and other.id.startswith(name_or_id))
        ):
            return other
    return None
