from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="kernel.cgroup-v2-and-limits",
    title="Unified cgroup hierarchy with limit controllers",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale=(
        "Version 2 gives reliable limits and safe delegation; limits are ignored when the controller is "
        "missing."
    ),
    remediation="Boot with systemd.unified_cgroup_hierarchy=1 or upgrade the distribution.",
    good=[engine(cgroup_version="2")],
    bad=[
        engine(cgroup_version="1"),
        engine(memory_limit=False),
        engine(warnings=("WARNING: No io.max (rbps) support",)),
    ],
)
def cgroup_v2_and_limits(facts: EngineFacts) -> Verdict:
    if facts.cgroup_version == "1":
        return failed("CgroupVersion is 1")
    limits = {
        "MemoryLimit": facts.memory_limit,
        "PidsLimit": facts.pids_limit,
        "CpuCfsQuota": facts.cpu_cfs_quota,
    }
    lines = [f"{name} is false" for name, value in limits.items() if value is False]
    if any("No io.max" in line for line in facts.warnings):
        lines.append("Warnings: the io controller is missing")
    if lines:
        return failed(*lines)
    if facts.cgroup_version != "2" or None in limits.values():
        return not_measured("CgroupVersion or the limits are absent")
    return passed()
