from scanners.checks.audit_rules import judge_watched
from scanners.checks.check import Verdict, check
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="docker.host.audit-runtime-binaries",
    title="Kernel audit rules for runtime binaries",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="A replaced runtime binary controls every container.",
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[
        probed(),
        probed(audit__rules=["-w /usr/bin"]),
    ],
    bad=[
        probed(audit__rules=["-w /usr/bin/containerd-shim -p rwxa"]),
        probed(audit__rules=["-a never,exit -F dir=/usr/bin"]),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def audit_runtime_binaries(facts: HostFacts) -> Verdict:
    return judge_watched(facts, ("1.1.14", "1.1.15", "1.1.16", "1.1.17", "1.1.18"), "wax")
