from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.etc-docker",
    title="The directory /etc/docker: owner root:root, mode 755 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Whoever can change or use the directory /etc/docker can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 755 <path>.",
    good=[
        probed(),
        Example(without_file("etc-docker"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("etc-docker", uid=1000),
        with_file("etc-docker", mode="0775"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def etc_docker(facts: HostFacts) -> Verdict:
    return judge_files(facts, "etc-docker", "3.5", "3.6", 0o755)
