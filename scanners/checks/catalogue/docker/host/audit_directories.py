from scanners.checks.audit_rules import judge_watched
from scanners.checks.check import Verdict, check
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="docker.host.audit-directories",
    title="Kernel audit rules for engine directories",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale=(
        "Changes below these directories can alter images, containers and configuration and should leave "
        "a trace."
    ),
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[
        probed(),
        probed(audit__rules=["-w /var/run/containerd -p wa", "-w /var/lib", "-w /etc"]),
    ],
    bad=[
        probed(audit__rules=["-w /etc/docker/daemon.json -p wa"]),
        probed(audit__rules=["-w /run/containerd", "-w /var/lib", "-a always,exit -F dir=/etc -F perm=r"]),
        probed(docker__watched={"/srv/docker": True}, docker__watched_as={"1.1.5": ["/srv/docker"]}),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def audit_directories(facts: HostFacts) -> Verdict:
    return judge_watched(facts, ("1.1.4", "1.1.5", "1.1.6"), "wa")
