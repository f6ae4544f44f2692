from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.host.audit-dockerd",
    title="Kernel audit rule for the engine binary",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "Use and change of the engine is only traceable when the kernel audit system watches its binary."
    ),
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def audit_dockerd(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: the loaded rules of the kernel audit system")
