from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.docker-socket-unit",
    title="The unit docker.socket: owner root:root, mode 644 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Whoever can change or use the unit docker.socket can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 644 <path>.",
    good=[
        probed(),
        Example(without_file("docker-socket-unit"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("docker-socket-unit", uid=1000),
        with_file("docker-socket-unit", mode="0664"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def docker_socket_unit(facts: HostFacts) -> Verdict:
    return judge_files(facts, "docker-socket-unit", "3.3", "3.4", 0o644)
