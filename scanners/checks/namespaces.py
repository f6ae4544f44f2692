"""Namespaces shared with the host, directly or by joining a container that shares them."""

from __future__ import annotations

from typing import Literal

from scanners.checks.check import Verdict, failed, not_measured, passed
from scanners.records import ContainerFacts

FIELDS = {
    "network_mode": "HostConfig.NetworkMode",
    "pid_mode": "HostConfig.PidMode",
    "ipc_mode": "HostConfig.IpcMode",
}


def judge_mode(facts: ContainerFacts, field: Literal["network_mode", "pid_mode", "ipc_mode"]) -> Verdict:
    """Fail when the mode is host, or when it joins a container that uses host.

    A joined container whose own mode was not read leaves the question open.
    """
    label = FIELDS[field]
    mode: str = getattr(facts, field)
    if mode == "host":
        return failed(f"{label} is host")
    if not mode.startswith("container:"):
        return passed()
    joined = facts.joined_modes.get(field)
    if joined is None:
        return not_measured(f"{label} joins another container, whose own mode was not read")
    if joined == "host":
        return failed(f"{label} joins a container that uses host")
    return passed()
