from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.sysconfig-docker",
    title="The file /etc/sysconfig/docker: owner root:root, mode 644 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale=(
        "Whoever can change or use the file /etc/sysconfig/docker can influence or impersonate the engine."
    ),
    remediation="chown root:root <path> && chmod 644 <path>.",
    good=[
        probed(),
        Example(without_file("sysconfig-docker"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("sysconfig-docker", uid=1000),
        with_file("sysconfig-docker", mode="0664"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def sysconfig_docker(facts: HostFacts) -> Verdict:
    return judge_files(facts, "sysconfig-docker", "3.22", "3.21", 0o644)
