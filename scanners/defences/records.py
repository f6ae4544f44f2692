"""What the matrix is made of: mechanisms, and the state of each on one host or in one container."""

from __future__ import annotations

import enum

from scanners.defences.weaknesses import Weakness
from scanners.records import AssetKind, Record


class State(enum.StrEnum):
    """How far a mechanism stands, declared from worst to best.

    `PERMISSIVE`: it is there, but only logs, or only a part of it is in force. `NOT_MEASURED`: a fact that would decide
    could not be read; the evidence names it. `NOT_APPLICABLE` is said in five cases alone: Secure Boot without EFI
    firmware, module signing on a kernel that loads no modules, hardening of a BPF compiler that the kernel does not
    have, Docker's user namespaces on a host without Docker, and everything of a container's process while none runs.
    """

    ABSENT = "absent"
    PERMISSIVE = "permissive"
    NOT_MEASURED = "not_measured"
    NOT_APPLICABLE = "not_applicable"
    ENFORCING = "enforcing"

    @property
    def rank(self) -> int:
        """0 for the worst; sorts cells of the matrix."""
        return list(State).index(self)


class Defence(Record, frozen=True, kw_only=True):
    """One cell of the matrix. `evidence` is short, stable lines: it changes only when what they tell changes."""

    mechanism: str
    state: State
    evidence: tuple[str, ...] = ()


class Mechanism(Record, frozen=True, kw_only=True):
    """One column of the matrix.

    `why` says which attacks it blunts. `check` is the check of the catalogue that judges the same, "" when there is
    none; `reported_by` are the others whose finding means that this mechanism, or a part of it, is missing.
    `in_container` names the mechanism of containers that says whether one container has what the host offers here.
    """

    id: str
    title: str
    subject: AssetKind
    blunts: tuple[Weakness, ...]
    why: str
    remediation: str
    check: str = ""
    reported_by: tuple[str, ...] = ()
    in_container: str = ""

    @property
    def reporting(self) -> frozenset[str]:
        """Every check whose finding means that this mechanism, or a part of it, is missing."""
        return frozenset({self.check, *self.reported_by} - {""})
