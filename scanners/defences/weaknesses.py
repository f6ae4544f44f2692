"""Classes of weakness, and which of them each check of the catalogue reports.

The data lies in `weaknesses.yaml`, class by class. A check under `none` reports something that no defence of the matrix
blunts: a missing health check, a file of the wrong owner, a port that was published.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

FILE = Path(__file__).parent / "weaknesses.yaml"
NONE = "none"


class Weakness(enum.StrEnum):
    """What an attacker does with it."""

    CONTAINER_ESCAPE = "container-escape"
    HOST_ACCESS = "host-access"
    KERNEL_EXPLOIT = "kernel-exploit"
    PRIVILEGE_ESCALATION = "privilege-escalation"
    PROCESS_INTRUSION = "process-intrusion"
    HOST_TAMPERING = "host-tampering"
    PERSISTENCE = "persistence"
    INFORMATION_LEAK = "information-leak"
    SIDE_CHANNEL = "side-channel"
    RESOURCE_EXHAUSTION = "resource-exhaustion"
    LATERAL_MOVEMENT = "lateral-movement"
    UNDETECTED_ACTIVITY = "undetected-activity"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Weakness.CONTAINER_ESCAPE: "A flaw lets a process of a container become one of the host.",
    Weakness.HOST_ACCESS: "A container was handed a part of the host: files, devices, sockets or a namespace.",
    Weakness.KERNEL_EXPLOIT: "A flaw of the kernel is reached through its system calls.",
    Weakness.PRIVILEGE_ESCALATION: "A process gains rights that its account does not have.",
    Weakness.PROCESS_INTRUSION: "One process reads, steers or stops another.",
    Weakness.HOST_TAMPERING: "What the host starts, loads or runs is exchanged.",
    Weakness.PERSISTENCE: "An intruder leaves something behind that runs again.",
    Weakness.INFORMATION_LEAK: "The kernel gives away addresses or memory.",
    Weakness.SIDE_CHANNEL: "One computation watches another through the processor.",
    Weakness.RESOURCE_EXHAUSTION: "One workload takes memory, processes or processors from all others.",
    Weakness.LATERAL_MOVEMENT: "An intruder goes on to other machines or services over the network.",
    Weakness.UNDETECTED_ACTIVITY: "Nobody sees what an intruder does, and nothing proves it afterwards.",
}


def _read() -> tuple[Mapping[str, tuple[Weakness, ...]], frozenset[str]]:
    by_class = msgspec.yaml.decode(FILE.read_bytes(), type=dict[str, tuple[str, ...]])
    found: dict[str, tuple[Weakness, ...]] = {}
    for weakness in Weakness:
        for check_id in by_class.get(weakness, ()):
            found[check_id] = (*found.get(check_id, ()), weakness)
    return MappingProxyType(found), frozenset(by_class[NONE])


WEAKNESSES, UNBLUNTED = _read()


def weaknesses_of(check_id: str) -> tuple[Weakness, ...]:
    """The classes of weakness that a finding of this check opens, in declared order; empty when none is blunted."""
    return WEAKNESSES.get(check_id, ())
