from scanners.checks.audit_rules import judge_watched
from scanners.checks.check import Example, Verdict, check
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.host.audit-dockerd",
    title="Kernel audit rule for the engine binary",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale=(
        "Use and change of the engine is only traceable when the kernel audit system watches its binary."
    ),
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[
        probed(),
        probed(audit__rules=["-w /usr/bin -p rwxa"]),
        probed(audit__rules=["-a always,exit -S all -F path=/usr/bin/dockerd -F perm=wxa -F key=docker"]),
        Example(probed(docker__watched={"/usr/bin/dockerd": False}), expected=Outcome.NOT_APPLICABLE),
        Example(probed(docker=None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        probed(audit__rules=[]),
        probed(audit__rules=["-w /usr/bin/dockerd -p wa"]),
        probed(audit__rules=["-w /usr/bin/dockerd-old -p rwxa"]),
        probed(audit__is_running=False),
        probed(audit__enabled=0),
    ],
    evidence_source="Host probe",
)
def audit_dockerd(facts: HostFacts) -> Verdict:
    return judge_watched(facts, ("1.1.3",), "wax")
