"""Reachable as root, and nothing confines it."""

from __future__ import annotations

from posture.findings.combinations.examples import OPEN, facts
from posture.findings.combinations.rule import APPARMOR, ROOT, SECCOMP, SELINUX, Facts, path, rule
from scanners.records import Severity


@rule(
    title="Reachable as root, and nothing confines it",
    severity=Severity.HIGH,
    rationale="A process that answers the network runs as root without a seccomp filter and without a security label: every "
    "flaw of the kernel is one system call away.",
    remediation="Let it run as a user of its own, and leave the default seccomp filter and security label on.",
    good=[
        facts(**OPEN, failing=frozenset({ROOT, SECCOMP})),
        facts(failing=frozenset({ROOT, SECCOMP, APPARMOR, SELINUX})),
        facts(**OPEN, failing=frozenset({SECCOMP, APPARMOR, SELINUX})),
    ],
    bad=[
        facts(**OPEN, failing=frozenset({ROOT, SECCOMP, APPARMOR})),
        facts(**OPEN, failing=frozenset({ROOT, SECCOMP, SELINUX})),
    ],
)
def reachable_root_unconfined(f: Facts) -> tuple[str, ...] | None:
    label = {APPARMOR, SELINUX} & f.failing
    if not (f.is_reachable and {ROOT, SECCOMP} <= f.failing and label):
        return None
    return path(
        f.entrance, f.container, "root", "no seccomp filter", "no security label", f"the kernel of {f.host}"
    )
