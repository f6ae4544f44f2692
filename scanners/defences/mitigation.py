"""How far a defence in force lightens a finding: one stated rule per mechanism and class of weakness.

A finding is lightened by one rule, never by several multiplied: the factors are estimates, defences fall together (who
owns the kernel owns them all), and a product of modest doubts would soon say "harmless". Of the rules for one class of
weakness the strongest counts. Where a finding opens several classes, an attacker takes the way that is blunted least, so
each of them must be blunted, and the least blunted one decides.

Only a mechanism that enforces counts: one that was not measured counts as one that is absent. No rule applies to a
finding that reports the mechanism's own absence. A finding that reports an open door of the kernel itself (such as
unprivileged BPF) is lightened by nothing: another door that is shut does not shut this one.
"""

from __future__ import annotations

from collections.abc import Mapping

from scanners.checks.registry import BY_ID as CHECKS
from scanners.defences.mechanisms import BY_ID, HOST
from scanners.defences.records import Mechanism, State
from scanners.defences.weaknesses import Weakness, weaknesses_of
from scanners.records import AssetKind, Record

NAME = "mitigation"
FLOOR = 0.7  # no defence makes a finding weigh less than this share of itself


class Rule(Record, frozen=True, kw_only=True):
    """`factor` multiplies the points of a finding, below 1 and not below `FLOOR`. `reason` is one sentence of facts."""

    mechanism: str
    weakness: Weakness
    factor: float
    reason: str


def _rule(mechanism: str, weakness: Weakness, factor: float, reason: str) -> Rule:
    return Rule(mechanism=mechanism, weakness=weakness, factor=factor, reason=reason)


RULES: tuple[Rule, ...] = (
    _rule(
        "user-namespace",
        Weakness.CONTAINER_ESCAPE,
        0.75,
        "CVE-2019-5736 (overwriting runc) needs root of the host, which remapped root is not.",
    ),
    _rule(
        "security-label",
        Weakness.CONTAINER_ESCAPE,
        0.8,
        "AppArmor or SELinux refuses the mount that CVE-2022-0492 (release_agent) needs.",
    ),
    _rule(
        "seccomp-filter",
        Weakness.CONTAINER_ESCAPE,
        0.85,
        "Default filters refuse the unshare that CVE-2022-0492 needs in a container without capabilities.",
    ),
    _rule(
        "masked-paths",
        Weakness.CONTAINER_ESCAPE,
        0.9,
        "A read-only /proc/sys closes core_pattern, by which root of a container has the kernel start a program.",
    ),
    _rule(
        "user-namespace-remapping",
        Weakness.CONTAINER_ESCAPE,
        0.85,
        "As for the user namespace of a container; weaker, because a container may ask for the host's.",
    ),
    _rule(
        "mandatory-access-control",
        Weakness.CONTAINER_ESCAPE,
        0.9,
        "SELinux on RHEL stopped CVE-2016-9962 and CVE-2019-5736 in runc; AppArmor's default profile not the latter.",
    ),
    _rule(
        "user-namespace",
        Weakness.HOST_ACCESS,
        0.75,
        "Files, devices and sockets of root are closed to an account that is not root of the host (CVE-2020-15257).",
    ),
    _rule(
        "seccomp-filter",
        Weakness.KERNEL_EXPLOIT,
        0.75,
        "Docker's default filter refuses keyctl (CVE-2016-0728), bpf (CVE-2016-2383) and unshare (CVE-2022-0185).",
    ),
    _rule(
        "reduced-capabilities",
        Weakness.KERNEL_EXPLOIT,
        0.85,
        "CVE-2017-7308 and CVE-2020-14386 lie in packet sockets, which need NET_RAW.",
    ),
    _rule(
        "unprivileged-user-namespaces",
        Weakness.KERNEL_EXPLOIT,
        0.85,
        "CVE-2022-0185 and CVE-2024-1086 are reached by ordinary accounts only through a user namespace of their own.",
    ),
    _rule(
        "unprivileged-bpf",
        Weakness.KERNEL_EXPLOIT,
        0.9,
        "CVE-2020-8835 and CVE-2022-23222 in the BPF verifier need a program that an ordinary account may load.",
    ),
    _rule(
        "address-leaks",
        Weakness.KERNEL_EXPLOIT,
        0.95,
        "An exploit must find the kernel's addresses elsewhere first; many find them.",
    ),
    _rule(
        "no-new-privileges",
        Weakness.PRIVILEGE_ESCALATION,
        0.8,
        "Set-uid programs run without their rights, so sudo (CVE-2021-3156) and pkexec (CVE-2021-4034) give none.",
    ),
    _rule(
        "user-namespace",
        Weakness.PRIVILEGE_ESCALATION,
        0.8,
        "Root that is gained in the container is an account without rights on the host.",
    ),
    _rule(
        "reduced-capabilities",
        Weakness.PRIVILEGE_ESCALATION,
        0.85,
        "A set-uid program gives at most the bounding set, capabilities(7).",
    ),
    _rule(
        "user-namespace-remapping",
        Weakness.PRIVILEGE_ESCALATION,
        0.9,
        "As for the user namespace of a container; weaker, because a container may ask for the host's.",
    ),
    _rule(
        "user-namespace",
        Weakness.PROCESS_INTRUSION,
        0.75,
        "No capability of a user namespace reaches processes of its parent, user_namespaces(7).",
    ),
    _rule(
        "security-label",
        Weakness.PROCESS_INTRUSION,
        0.85,
        "docker-default allows tracing only within the same profile, container_t only within the same categories.",
    ),
    _rule(
        "yama",
        Weakness.PROCESS_INTRUSION,
        0.95,
        "Only a process's own parent may trace it; signals and shared memory stay open.",
    ),
    _rule(
        "address-leaks",
        Weakness.INFORMATION_LEAK,
        0.9,
        "kptr_restrict and dmesg_restrict blank addresses in the files that masked paths would hide.",
    ),
    _rule(
        "resource-limits",
        Weakness.RESOURCE_EXHAUSTION,
        0.8,
        "A cgroup's limits hold for all processes of the container together, whatever limit one of them has.",
    ),
    _rule(
        "firewall",
        Weakness.LATERAL_MOVEMENT,
        0.9,
        "A listener on every address is reached only where a rule of the input chain lets packets in.",
    ),
    _rule(
        "runtime-sensor",
        Weakness.UNDETECTED_ACTIVITY,
        0.85,
        "A sensor of kernel events sees programs, files and connections without rules of audit or logs of containers.",
    ),
    _rule(
        "audit",
        Weakness.UNDETECTED_ACTIVITY,
        0.9,
        "The kernel's own record shows what was started even where a container's log is missing.",
    ),
)


def mitigated(check_id: str, states: Mapping[str, State]) -> tuple[str, str, float] | None:
    """("mitigation", words for people, factor) for a finding of a check where mechanisms stand so; None for none.

    `states` are by mechanism: those of the host for a finding of a host; for one of a container its own and its host's.
    A mechanism that is not in it was not measured. The factor never rises when one more mechanism enforces.
    """
    if _is_a_door_of_the_kernel(check_id):
        return None
    per_weakness = [_strongest(check_id, weakness, states) for weakness in weaknesses_of(check_id)]
    rules = [rule for rule in per_weakness if rule is not None]
    if not rules or len(rules) < len(per_weakness):
        return None
    decisive = max(rules, key=lambda rule: rule.factor)
    return NAME, f"{words_of(BY_ID[decisive.mechanism])} in force", max(decisive.factor, FLOOR)


def _strongest(check_id: str, weakness: Weakness, states: Mapping[str, State]) -> Rule | None:
    applicable = [
        rule
        for rule in RULES
        if rule.weakness is weakness
        and states.get(rule.mechanism) is State.ENFORCING
        and _may_mitigate(BY_ID[rule.mechanism], check_id)
    ]
    return min(applicable, key=lambda rule: rule.factor, default=None)


def _may_mitigate(mechanism: Mechanism, check_id: str) -> bool:
    """Whether the check does not report this mechanism's absence, and whether the mechanism holds where it looks.

    What a host offers says nothing of one container that may have declined it: there, the container's own counts.
    """
    twins = [other for other in HOST if other.in_container == mechanism.id]
    twins += [BY_ID[mechanism.in_container]] if mechanism.in_container else []
    if any(check_id in one.reporting for one in (mechanism, *twins)):
        return False
    kind = CHECKS[check_id].asset_kind if check_id in CHECKS else None
    if kind is AssetKind.HOST:
        return mechanism.subject is AssetKind.HOST
    return not (kind is AssetKind.CONTAINER and mechanism.in_container)


def _is_a_door_of_the_kernel(check_id: str) -> bool:
    return check_id.startswith("kernel.") and any(
        mechanism.check == check_id and not mechanism.in_container for mechanism in HOST
    )


def words_of(mechanism: Mechanism) -> str:
    """The title within a sentence: "seccomp filter", but "SELinux or AppArmor label"."""
    first, rest = mechanism.title[:1], mechanism.title[1:]
    return first + rest if rest[:1].isupper() or mechanism.title == "Yama" else first.lower() + rest
