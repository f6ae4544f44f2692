from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.cgroup-parent-default",
    title="Default cgroup parent kept",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="A foreign parent cgroup can take containers out of the limits that the administrator expects.",
    remediation="Remove cgroup-parent unless its limits are documented.",
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def cgroup_parent_default(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: the daemon's cgroup-parent")
