"""Single mechanisms of a host in the cases that examples of checks do not show."""

from __future__ import annotations

from typing import Any

import pytest

from scanners.checks.host_examples import probed
from scanners.defences.assess import on_host
from scanners.defences.records import Defence

NO_SECURITYFS = {"/security_modules/order": "/sys/kernel/security is not mounted"}
NO_DOCKER = {"docker": None}
DOCKER = {"is_running": True, "settings": {}}


def defence(mechanism: str, **changes: Any) -> Defence:
    return next(found for found in on_host(probed(**changes)) if found.mechanism == mechanism)


@pytest.mark.parametrize(
    ("mechanism", "changes", "state"),
    [
        ("mandatory-access-control", {"security_modules__selinux__mode": "permissive"}, "enforcing"),
        ("mandatory-access-control", {"security_modules__apparmor__profiles": {"x": "enforce"}}, "permissive"),
        ("seccomp", {"docker": {"settings": {"seccomp-profile": "unconfined"}}}, "permissive"),
        ("seccomp", {"docker": {"settings": {"seccomp-profile": "/etc/own.json"}}}, "enforcing"),
        ("seccomp", {"docker": {"settings": None}}, "not_measured"),
        ("seccomp", {"confinement__seccomp": {}, "kernel__release": "3.10.0-1160.el7"}, "enforcing"),
        ("seccomp", {"confinement__seccomp": {}, "kernel__release": "4.14.1"}, "absent"),
        ("user-namespace-remapping", {**NO_DOCKER, "runtimes": {}}, "not_applicable"),
        ("user-namespace-remapping", {**NO_DOCKER, "runtimes": {"dockerd": {"path": "/d"}}}, "not_measured"),
        ("user-namespace-remapping", {"docker": DOCKER}, "absent"),
        ("user-namespace-remapping", {"docker": {**DOCKER, "is_rootless": True}}, "enforcing"),
        ("user-namespace-remapping", {"docker": {"settings": {"userns-remap": "default"}}}, "enforcing"),
        ("cgroups", {"confinement__cgroups": {"version": "1", "controllers": ["cpu", "memory", "pids"]}}, "permissive"),
        ("cgroups", {"confinement__cgroups": {"version": "2", "controllers": ["cpu", "io"]}}, "permissive"),
        ("cgroups", {"confinement__cgroups": {"version": "2", "controllers": ["io"]}}, "absent"),
        ("ima", {"integrity__ima__policy": ["appraise func=KEXEC_KERNEL_CHECK"]}, "permissive"),
        ("ima", {"integrity__ima__policy": ["measure func=BPRM_CHECK"]}, "permissive"),
        ("ima", {"integrity__ima__policy": ["dont_measure fsmagic=0x9fa0"]}, "absent"),
        ("ima", {"integrity__ima__policy": None}, "not_measured"),
        (
            "ima",
            {"integrity__ima": {"present": True, "policy": ["appraise"], "parameters": {"ima_appraise": "log"}}},
            "permissive",
        ),
        ("evm", {"integrity__evm__state": -2147483648}, "absent"),
        ("lockdown", {"kernel__lockdown": None, "not_measured": NO_SECURITYFS}, "not_measured"),
        (
            "lockdown",
            {
                "kernel__lockdown": None,
                "not_measured": NO_SECURITYFS,
                "kernel__options": {"SECURITY_LOCKDOWN_LSM": "n"},
            },
            "absent",
        ),
        (
            "module-signing",
            {"kernel__lockdown": "none", "kernel__modules": {}, "kernel__options": {"MODULE_SIG": None}},
            "not_applicable",
        ),
        (
            "module-signing",
            {"kernel__lockdown": "none", "kernel__modules": {"disabled": 0}, "kernel__options": {"MODULE_SIG": "n"}},
            "absent",
        ),
        ("module-signing", {"kernel__tainted": 1 << 13}, "permissive"),
        (
            "kexec",
            {"kernel__lockdown": "none", "kernel__kexec_load_disabled": 0, "kernel__options": {"KEXEC": "n"}},
            "absent",
        ),
        (
            "kexec",
            {"kernel__lockdown": "none", "kernel__kexec_load_disabled": None, "kernel__options": {"KEXEC": "n"}},
            "enforcing",
        ),
        ("bpf-jit", {"sysctls__net.core.bpf_jit_enable": "2"}, "permissive"),
        ("address-randomisation", {"kernel__parameters": ["nokaslr"]}, "permissive"),
        ("cpu-mitigations", {"kernel__cpu_vulnerabilities": {"mds": "Vulnerable"}}, "absent"),
        (
            "cpu-mitigations",
            {"kernel__cpu_vulnerabilities": {"mds": "Vulnerable", "l1tf": "Mitigation: PTE Inversion"}},
            "permissive",
        ),
        ("audit", {"audit": {"is_running": True, "enabled": 1, "rules": []}}, "permissive"),
        ("audit", {"audit": {"is_running": False, "enabled": 0}}, "absent"),
        ("runtime-sensor", {"sensors": [{"name": "tetragon", "is_running": False}]}, "permissive"),
        ("runtime-sensor", {"sensors": [{"name": "falco", "is_running": None}]}, "not_measured"),
        (
            "runtime-sensor",
            {"sensors": [{"name": "falco", "is_running": None}, {"name": "tracee", "is_running": True}]},
            "enforcing",
        ),
        ("runtime-sensor", {"sensors": [{"name": "auditd", "is_running": True}]}, "absent"),
        ("firewall", {"firewall": {"services": ["ufw"], "input_policy": "accept"}}, "permissive"),
        ("firewall", {"firewall": {"input_policy": "accept"}}, "absent"),
        ("firewall", {"firewall": {"input_policy": "reject"}}, "enforcing"),
    ],
)  # fmt: skip
def test_a_host_has_this_state(mechanism: str, changes: dict[str, Any], state: str) -> None:
    found = defence(mechanism, **changes)
    assert found.state == state, found


def test_an_enforcing_mode_that_ends_with_the_next_start_says_so() -> None:
    found = defence(
        "mandatory-access-control",
        security_modules__selinux={"mode": "enforcing", "configured": "permissive"},
    )
    assert found.state == "enforcing"
    assert "SELINUX=permissive holds from the next start" in found.evidence


def test_a_gap_beside_a_certain_answer_is_named() -> None:
    found = defence(
        "address-leaks",
        **{"sysctls__kernel.kptr_restrict": None},
        not_measured={"/sysctls/kernel.kptr_restrict": "needs root"},
    )
    assert found.state == "not_measured"
    assert found.evidence[0] == "sysctls.kernel.kptr_restrict: needs root"
    assert "kernel.dmesg_restrict is 1" in found.evidence
