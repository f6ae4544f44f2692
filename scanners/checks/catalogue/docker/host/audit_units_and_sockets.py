from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.host.audit-units-and-sockets",
    title="Kernel audit rules for engine unit and sockets",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="A changed unit or a replaced socket gives control over the engine.",
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
    decided_per_requirement="cis-docker-1.8",
)
def audit_units_and_sockets(facts: EngineFacts) -> Verdict:
    return not_measured("needs the host probe: the loaded rules of the kernel audit system")
