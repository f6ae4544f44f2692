"""Sensors that watch a host while it runs, as its files and processes show them."""

from __future__ import annotations

from datetime import UTC, datetime

from scanners.checks.check import Verdict, failed, not_applicable, not_measured
from scanners.checks.host_evidence import unread
from scanners.host import HostFacts, Sensor

DETECTION = ("falco", "tracee", "tetragon")


def judge_detection(facts: HostFacts, name: str) -> Verdict:
    """One sensor for threats at run time. Not applicable where it is not the chosen one; never a pass.

    Whether it loses events, and how old its rules and its release are, only the sensor itself tells.
    """
    if (verdict := unread(facts, "/sensors")) is not None:
        return verdict
    found = {sensor.name: sensor for sensor in facts.sensors or ()}
    sensor = found.get(name)
    if sensor is None:
        return not_applicable(f"{name} is not on this host")
    if sensor.is_running is None:
        return not_measured(f"whether {name} runs may not be seen")
    if not sensor.is_running:
        others = [other for other in DETECTION if other in found and found[other].is_running]
        if others:
            return not_applicable(f"{name} does not run, but {' and '.join(others)} does")
        return failed(f"{name} is installed and does not run")
    version = f" {sensor.version}" if sensor.version else ""
    return not_measured(f"{name}{version} runs; its own health report tells of lost events, rules and age")


def moment(sensor: Sensor) -> datetime | None:
    """The sensor's last sign of life; None when it is not told."""
    try:
        found = datetime.fromisoformat(sensor.last_sign or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
