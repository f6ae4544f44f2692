"""What a host offers its containers, and who watches it: security modules, seccomp, users, cgroups, integrity, watch."""

from __future__ import annotations

import re

from scanners.checks.catalogue.kernel.ima_policy import NOT_ENFORCING
from scanners.checks.catalogue.kernel.lsm_enforcing import DEFAULT_PROFILES
from scanners.defences.assess_kernel import built_in, not_offered
from scanners.defences.evidence import (
    Part,
    Said,
    absent,
    all_of,
    enforcing,
    not_applicable,
    not_measured,
    permissive,
    unread,
)
from scanners.host import HostFacts, Ima

CONTROLLERS = ("memory", "pids", "cpu")
# Sensors that see what programs do while they do it. A file checker, a network plugin and auditd do not count here.
SENSORS = ("crowdstrike", "falco", "kubearmor", "osquery", "sysdig", "tetragon", "tracee", "wazuh")
# What a filter must be able to answer for a profile that refuses calls.
REFUSALS = frozenset({"errno", "kill", "kill_process", "kill_thread"})
# The built-in policy that appraises every file of root (Documentation/admin-guide/kernel-parameters, ima_policy).
APPRAISING_POLICY = "appraise_tcb"
# Hooks at which a rule appraises programs; a rule without func= holds at all of them (Documentation/ABI/testing/ima_policy).
PROGRAM_HOOKS = ("BPRM_CHECK", "FILE_CHECK", "MMAP_CHECK")
EVM_HMAC, EVM_SIGNATURES = 1, 2
_SHOWS_ACTIONS_SINCE = (
    4,
    14,
)  # kernel/seccomp/actions_avail: without it, an older kernel may still have filters
_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)


def mandatory_access_control(facts: HostFacts) -> Said:
    """One of the two is enough. AppArmor counts when a profile of a container runtime is enforced."""
    found = facts.security_modules
    if found is None:
        return not_measured(*unread(facts, "/security_modules"))
    selinux, apparmor = found.selinux, found.apparmor
    lines = unread(facts, "/security_modules/selinux/mode")
    if selinux.mode == "enforcing" and not lines:
        later = selinux.configured not in (None, "enforcing")
        return enforcing(
            "SELinux is enforcing",
            *([f"SELINUX={str(selinux.configured)[:80]} holds from the next start"] if later else []),
        )
    here = "/security_modules/apparmor"
    unknown = unread(facts, f"{here}/enabled")
    if not unknown and apparmor.enabled:
        unknown = unread(facts, f"{here}/profiles")
        if not unknown and apparmor.profiles is None:
            unknown = ("security_modules.apparmor.profiles: none are listed",)
    profiles = (apparmor.profiles or {}) if apparmor.enabled and not unknown else {}
    modes = {name: profiles[name] for name in DEFAULT_PROFILES if name in profiles}
    said = [f"AppArmor profile {name}: {mode[:80]}" for name, mode in modes.items()]
    if {"enforce", "kill"}.intersection(modes.values()):
        return enforcing(*said)
    if lines or unknown:
        return not_measured(*lines, *unknown)
    if apparmor.enabled:
        said = said or ["AppArmor is enabled, but no profile of a container runtime is loaded"]
    if selinux.mode == "permissive":
        return permissive("SELinux is permissive: it only logs", *said)
    if apparmor.enabled:
        return permissive(*said)
    return absent(f"SELinux is {(selinux.mode or 'not there')[:80]}", "AppArmor is not enabled")


def seccomp(facts: HostFacts) -> Said:
    """Whether the kernel can filter, and the engine does so unless a container asks for less."""
    kernel = _seccomp_of_kernel(facts)
    if kernel.holds is not True:
        return all_of([kernel])
    if lines := facts.why("/docker"):
        return not_measured(kernel.line, f"docker: {lines}")
    if facts.docker is None:
        return enforcing(kernel.line)
    lines_of_engine = unread(facts, "/docker/settings/seccomp-profile")
    if lines_of_engine or facts.docker.settings is None:
        return not_measured(kernel.line, *(lines_of_engine or ("docker.settings: the probe does not tell",)))
    if facts.docker.settings.get("seccomp-profile") == "unconfined":
        return permissive(kernel.line, "Docker starts containers without a filter (seccomp-profile)")
    return enforcing(kernel.line)


def _seccomp_of_kernel(facts: HostFacts) -> Part:
    if lines := unread(facts, "/confinement/seccomp/actions"):
        return Part(None, lines[0])
    actions = (facts.confinement.seccomp.actions if facts.confinement else None) or ()
    if "errno" in actions and REFUSALS.intersection(actions) - {"errno"}:
        return Part(True, "the kernel offers seccomp filters")
    older = None if actions else _is_older(facts, _SHOWS_ACTIONS_SINCE)
    built = built_in(facts, "SECCOMP_FILTER")
    if actions or older is False or built is False:
        return Part(False, "the kernel offers no seccomp filter that refuses calls")
    unknown = unread(facts, *([] if older else ["/kernel/release"]), "/kernel/options/SECCOMP_FILTER")
    if unknown or not older or built is None:
        return Part(None, unknown[0] if unknown else "kernel: the probe does not tell")
    return Part(True, "the kernel was built with SECCOMP_FILTER")


def _is_older(facts: HostFacts, version: tuple[int, int]) -> bool | None:
    """Whether the running kernel's release is before a version; None when it is not known."""
    release = None if unread(facts, "/kernel/release") or facts.kernel is None else facts.kernel.release
    match = _RELEASE.match(release or "")
    return (int(match[1]), int(match[2])) < version if match else None


def user_namespace_remapping(facts: HostFacts) -> Said:
    """Of Docker's daemon. What each container has in fact is told by its own user namespace."""
    docker = facts.docker
    if docker is None:
        if lines := (*_reason(facts, "/docker"), *unread(facts, "/runtimes")):
            return not_measured(*lines)
        if "dockerd" in (facts.runtimes or {}):
            return not_measured("docker: the probe does not tell")
        return not_applicable("there is no Docker daemon on this host")
    if lines := _reason(facts, "/docker"):
        return not_measured(*lines)
    if docker.is_rootless:
        return enforcing("the engine runs without root")
    lines = unread(facts, "/docker/settings/userns-remap")
    if lines or docker.settings is None:
        return not_measured(*(lines or ("docker.settings: the probe does not tell",)))
    remap = docker.settings.get("userns-remap")
    if isinstance(remap, str) and remap:
        return enforcing(f"userns-remap is {remap[:80]}")
    return absent("userns-remap is not set")


def _reason(facts: HostFacts, pointer: str) -> tuple[str, ...]:
    """As `unread`, for a subject that a host need not have."""
    why = facts.why(pointer)
    return (f"{pointer[1:]}: {why}",) if why else ()


def unprivileged_user_namespaces(facts: HostFacts) -> Said:
    """Any one of three settings restricts them."""
    if facts.confinement is None or facts.security_modules is None:
        return not_measured(*unread(facts, "/confinement", "/security_modules"))
    spaces = facts.confinement.namespaces
    doors = (
        (
            "/security_modules/apparmor/restricts_user_namespaces",
            facts.security_modules.apparmor.restricts_user_namespaces == 1,
            "AppArmor restricts unprivileged user namespaces to named profiles",
        ),
        (
            "/confinement/namespaces/unprivileged_user",
            spaces.unprivileged_user == 0,
            "kernel.unprivileged_userns_clone is 0",
        ),
        (
            "/confinement/namespaces/limits/user",
            spaces.limits.get("user") == 0,
            "user.max_user_namespaces is 0",
        ),
    )
    closed = [line for pointer, is_closed, line in doors if is_closed and not unread(facts, pointer)]
    if closed:
        return enforcing(*closed)
    if lines := unread(facts, *(pointer for pointer, _, _ in doors)):
        return not_measured(*lines)
    return absent("any account may make user namespaces")


def cgroups(facts: HostFacts) -> Said:
    """Version 1 has the limits, but neither their safe delegation nor one tree: permissive."""
    if lines := unread(facts, "/confinement/cgroups/version", "/confinement/cgroups/controllers"):
        return not_measured(*lines)
    found = facts.confinement.cgroups if facts.confinement else None
    if found is None or found.version is None:
        return absent("no cgroup hierarchy is mounted")
    has = [name for name in CONTROLLERS if name in (found.controllers or ())]
    lacks = [name for name in CONTROLLERS if name not in has]
    line = f"cgroup version {found.version[:80]}"
    missing = [f"no {name} controller" for name in lacks]
    if not has:
        return absent(line, *missing)
    return permissive(line, *missing) if lacks or found.version != "2" else enforcing(line, *has)


def ima(facts: HostFacts) -> Said:
    """Enforcing when a rule appraises programs and files that fail are refused; permissive when it only measures.

    The rules in force decide. Which were loaded after the start a kernel may hide, and then nobody can tell.
    """
    if lines := unread(facts, "/integrity/ima/present"):
        return not_measured(*lines)
    found = facts.integrity.ima if facts.integrity else None
    if found is None or found.present is None:
        return not_measured("integrity.ima.present: the probe does not tell")
    if not found.present:
        return not_offered(facts, "IMA", "the kernel has no IMA")
    lines = unread(facts, "/integrity/ima/policy")
    if lines or found.policy is None:
        return not_measured(*(lines or ("integrity.ima.policy: the kernel does not show its rules",)))
    mode = found.parameters.get("ima_appraise")
    if any(_appraises_programs(rule) for rule in found.policy):
        if mode in NOT_ENFORCING:
            return permissive(f"files are appraised, but ima_appraise={mode} refuses none")
        return enforcing("files are appraised, and refused when they fail")
    return _ima_measures(found)


def _ima_measures(found: Ima) -> Said:
    ruled = [
        verb for verb in ("measure", "appraise") if any(rule.startswith(verb) for rule in found.policy or ())
    ]
    if not ruled:
        return absent("IMA is there, but has no rule that measures or appraises")
    return permissive(f"no rule appraises programs; there are rules that {' and '.join(ruled)}")


def _appraises_programs(rule: str) -> bool:
    words = rule.split()
    hooks = [word.removeprefix("func=") for word in words if word.startswith("func=")]
    return words[:1] == ["appraise"] and (not hooks or hooks[0] in PROGRAM_HOOKS)


def evm(facts: HostFacts) -> Said:
    if lines := unread(facts, "/integrity/evm/state"):
        return not_measured(*lines)
    state = facts.integrity.evm.state if facts.integrity else None
    if state is None:
        return not_offered(facts, "EVM", "the kernel has no EVM")
    if not state & (EVM_HMAC | EVM_SIGNATURES):
        return absent("EVM has no key")
    checks = "EVM checks " + ("HMACs" if state & EVM_HMAC else "signatures")
    if facts.integrity and facts.integrity.ima.parameters.get("evm") == "fix":
        return permissive(checks, "evm=fix writes what is missing and refuses nothing")
    return enforcing(checks)


def audit(facts: HostFacts) -> Said:
    if facts.audit is None:
        return not_measured(*unread(facts, "/audit"))
    found = facts.audit
    return all_of(
        [
            _audit_part(facts, "is_running", bool(found.is_running), "auditd runs", "auditd does not run"),
            _audit_part(
                facts, "enabled", found.enabled in (1, 2), "audit is on", "audit is off in the kernel"
            ),
            _audit_part(facts, "rules", bool(found.rules), "rules are loaded", "no rule is loaded"),
        ]
    )


def _audit_part(facts: HostFacts, name: str, holds: bool, right: str, wrong: str) -> Part:
    if lines := unread(facts, f"/audit/{name}"):
        return Part(None, lines[0])
    return Part(holds, right if holds else wrong)


def runtime_sensor(facts: HostFacts) -> Said:
    if lines := unread(facts, "/sensors"):
        return not_measured(*lines)
    found = [
        (position, sensor) for position, sensor in enumerate(facts.sensors or ()) if sensor.name in SENSORS
    ]
    unknown: list[str] = []
    running: list[str] = []
    for position, sensor in found:
        lines = unread(facts, f"/sensors/{position}/is_running")
        if lines or sensor.is_running is None:
            unknown += lines or (f"sensors.{position}.is_running: the probe does not tell",)
        elif sensor.is_running:
            running.append(f"{sensor.name} runs")
    if running:
        return enforcing(*sorted(running))
    if unknown:
        return not_measured(*sorted(set(unknown)))
    if found:
        names = sorted({sensor.name for _, sensor in found})
        return permissive(*(f"{name} is installed, but does not run" for name in names))
    return absent("no sensor of kernel events was found")


def firewall(facts: HostFacts) -> Said:
    if lines := unread(facts, "/firewall/input_policy"):
        return not_measured(*lines)
    found = facts.firewall
    policy = found.input_policy if found else None
    line = f"input policy is {policy[:80]}" if policy else "no packet filter has an input chain"
    if policy in ("drop", "reject"):
        return enforcing(line)
    if found and found.services:
        return permissive(line, *(f"{name[:80]} runs" for name in sorted(found.services)[:10]))
    return absent(line)
