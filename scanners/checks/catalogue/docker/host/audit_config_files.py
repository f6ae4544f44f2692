from scanners.checks.audit_rules import judge_watched
from scanners.checks.check import Verdict, check
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="docker.host.audit-config-files",
    title="Kernel audit rules for engine configuration files",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Configuration files decide how containers are confined.",
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[
        probed(),
        probed(audit__rules=["-a always,exit -F arch=b64 -S all -F dir=/etc -F perm=wa"]),
    ],
    bad=[
        probed(audit__rules=["-w /etc/docker -p wa", "-w /etc/containerd -p wa"]),
        probed(audit__rules=["-a always,exit -F dir=/etc -F perm=wa -F auid>=1000"]),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def audit_config_files(facts: HostFacts) -> Verdict:
    return judge_watched(facts, ("1.1.10", "1.1.11", "1.1.12", "1.1.13"), "wa")
