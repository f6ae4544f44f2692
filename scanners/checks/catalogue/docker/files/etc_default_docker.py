from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.etc-default-docker",
    title="The file /etc/default/docker: owner root:root, mode 644 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale=(
        "Whoever can change or use the file /etc/default/docker can influence or impersonate the engine."
    ),
    remediation="chown root:root <path> && chmod 644 <path>.",
    good=[
        probed(),
        Example(without_file("etc-default-docker"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("etc-default-docker", uid=1000),
        with_file("etc-default-docker", mode="0664"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def etc_default_docker(facts: HostFacts) -> Verdict:
    return judge_files(facts, "etc-default-docker", "3.19", "3.20", 0o644)
