from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.docker-service",
    title="The unit docker.service: owner root:root, mode 644 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Whoever can change or use the unit docker.service can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 644 <path>.",
    good=[
        probed(),
        Example(without_file("docker-service"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("docker-service", uid=1000),
        with_file("docker-service", mode="0664"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def docker_service(facts: HostFacts) -> Verdict:
    return judge_files(facts, "docker-service", "3.1", "3.2", 0o644)
