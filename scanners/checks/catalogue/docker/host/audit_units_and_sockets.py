from scanners.checks.audit_rules import judge_watched
from scanners.checks.check import Verdict, check
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="docker.host.audit-units-and-sockets",
    title="Kernel audit rules for engine unit and sockets",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="A changed unit or a replaced socket gives control over the engine.",
    remediation=(
        "Add '-w <path> -k docker' (the benchmark's form; -a exit,always -F path=<path> -F perm=war for "
        "/run/containerd) to /etc/audit/rules.d/docker.rules, load it with augenrules --load and check "
        "with auditctl -l."
    ),
    good=[
        probed(),
        probed(audit__rules=["-w /lib/systemd/system -p wa", "-w /run -p wa"]),
    ],
    bad=[
        probed(audit__rules=["-w /usr/lib/systemd/system -p wa"]),
        probed(audit__rules=["-w /run -p wa"]),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def audit_units_and_sockets(facts: HostFacts) -> Verdict:
    # 1.1.9 is the socket itself; docker-bench still looks at the unit docker.socket, as CIS 1.6 did.
    return judge_watched(facts, ("1.1.7", "1.1.8", "1.1.9"), "wa")
